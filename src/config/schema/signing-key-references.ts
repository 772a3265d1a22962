// The schema of a ring of signing keys: the first signs, and the key set publishes all of them.
import { z } from 'zod';
import { secretReference } from './secret-reference.js';

/** The parts of the configuration that have a ring. */
export type RingName = 'bridge' | 'identity' | 'facade';

/** How an operator makes a key of the ring. */
export const makeKey = (ring: RingName): string =>
  `make one with: openssl genpkey -algorithm ed25519 -out ${ring}.pem`;

/** Private keys, P-256 or Ed25519, as PEM or JWK. */
export const signingKeyReferences = (ring: RingName) => {
  const example = `["\${file:/run/secrets/${ring}.pem}"]`;
  return z
    .array(secretReference, {
      error: `write a list of references to signing keys, such as ${example}; ${makeKey(ring)}`,
    })
    .min(1, { error: `write at least one key; ${makeKey(ring)}` });
};
