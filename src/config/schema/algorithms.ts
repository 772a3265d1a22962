// The schema of `algorithms`: the signature algorithms of an issuer. Never a symmetric one.
import { z } from 'zod';

/** Every algorithm that an operator can configure. */
export const ASYMMETRIC = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  // RFC 9864: another name for EdDSA with the curve Ed25519.
  'Ed25519',
] as const;

export const algorithms = z
  .array(
    z.enum(ASYMMETRIC, {
      error: `write one of ${ASYMMETRIC.join(', ')}; none and HS* are never accepted`,
    }),
    {
      error: 'write a list, such as [RS256]',
    },
  )
  .min(1, { error: 'write at least one algorithm, such as RS256' })
  .default(['RS256']);
