// A ring of signing keys: signs JWTs of one type with its newest key, and publishes all of them.
// No private member of a key leaves this file.
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { SignJWT } from 'jose/jwt/sign';
import type { VerificationKey } from '../core/bridge-token.js';
import type { Secret } from '../core/secret.js';

export interface SigningRing<Claims> {
  /** The newest first. */
  readonly verificationKeys: readonly VerificationKey[];
  /** The key set (RFC 7517 section 5) as JSON. */
  readonly jwks: Buffer;
  /** The claims as a signed JWT (RFC 7519). */
  sign(claims: Claims): Promise<string>;
}

/** The members of a public key that its thumbprint covers, in this order (RFC 7638 section 3.2). */
const MEMBERS = { EC: ['crv', 'kty', 'x', 'y'], OKP: ['crv', 'kty', 'x'] } as const;
const ALGORITHMS = { 'P-256': 'ES256', Ed25519: 'EdDSA' } as const;

type PublicJwk = Readonly<Record<string, string>>;

function thumbprint(jwk: PublicJwk): string {
  const members = MEMBERS[jwk.kty as keyof typeof MEMBERS].map((name) => [name, jwk[name]]);
  return createHash('sha256')
    .update(JSON.stringify(Object.fromEntries(members)))
    .digest('base64url');
}

interface RingKey extends VerificationKey {
  readonly privateKey: KeyObject;
}

function ringKey(key: Secret): RingKey {
  const privateKey = createPrivateKey({ key: JSON.parse(key.reveal()), format: 'jwk' });
  const jwk = createPublicKey(privateKey).export({ format: 'jwk' }) as PublicJwk;
  const algorithm = ALGORITHMS[jwk.crv as keyof typeof ALGORITHMS];
  if (algorithm === undefined) throw new Error('a signing key is not P-256 or Ed25519');
  return { kid: thumbprint(jwk), algorithm, jwk, privateKey };
}

/**
 * `keys`: private JWKs as JSON, P-256 or Ed25519, the newest first. `typ`: the header type of every
 * JWT of the ring, so that no verifier takes one for another kind (RFC 8725 section 3.11).
 */
export function createSigningRing<Claims extends { readonly iss: string }>(
  keys: readonly Secret[],
  typ: string,
): SigningRing<Claims> {
  const ring = [...new Map(keys.map(ringKey).map((key) => [key.kid, key])).values()];
  const [newest] = ring;
  if (newest === undefined) throw new Error('the ring has no key');
  const header = { alg: newest.algorithm, kid: newest.kid, typ };
  const published = ring.map(({ kid, algorithm, jwk }) => ({
    ...jwk,
    kid,
    alg: algorithm,
    use: 'sig',
  }));
  return {
    verificationKeys: ring.map(({ kid, algorithm, jwk }) => ({ kid, algorithm, jwk })),
    jwks: Buffer.from(JSON.stringify({ keys: published })),
    sign: (claims) =>
      new SignJWT({ ...claims } as JWTPayload).setProtectedHeader(header).sign(newest.privateKey),
  };
}
