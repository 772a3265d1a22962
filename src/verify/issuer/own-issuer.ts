// The issuer runtime of a facade that issues tokens. The keys are those of the gateway itself, so
// they are always there, and nothing is fetched.
import type { VerificationKey } from '../../core/bridge-token.js';
import type { Clock } from '../../core/clock.js';
import { tokenKeyUnknown } from '../../core/failures.js';
import { ok } from '../../core/result.js';
import type { MetadataSource } from '../../idp/metadata.js';
import type { JwtPolicy } from '../authenticators/jwt.js';
import { prepareOwnKey } from '../signature.js';
import { createJwtVerification, type IssuerRuntime } from './issuer-runtime.js';
import type { KeySet, VerifyKey } from './jwk-set.js';
import type { KeySource } from './jwks.js';

const verifyKey = (key: VerificationKey): VerifyKey => ({
  kid: key.kid,
  byAlgorithm: new Map([[key.algorithm, prepareOwnKey(key)]]),
  thumbprint: key.kid,
});

/** A ring that changes makes another runtime, so this set never does. */
function ownKeys(ring: readonly VerificationKey[]): KeySource {
  const keys = ring.map(verifyKey);
  const set: KeySet = { keys, thumbprints: new Set(keys.map(({ thumbprint }) => thumbprint)) };
  return {
    usableKeySet: () => set,
    peekKeySet: () => set,
    async find(kid) {
      const found = kid === undefined ? keys : keys.filter((key) => key.kid === kid);
      if (found.length > 0) return ok(found);
      return tokenKeyUnknown({ detail: 'facade.keys has no key of this kid' });
    },
    findNewer: async () => null,
    hasAttemptedLoad: () => true,
    ageMs: () => 0,
    isUp: () => true,
    preload: async () => {},
    endBackoff() {},
  };
}

/** `keys`: all that verify, which includes those that do not sign any more. */
export function createOwnIssuer(
  policy: Omit<JwtPolicy, 'algorithms' | 'typ'>,
  keys: readonly VerificationKey[],
  metadata: MetadataSource,
  clock: Clock,
): IssuerRuntime {
  const algorithms = [...new Set(keys.map(({ algorithm }) => algorithm))];
  const own: JwtPolicy = { ...policy, algorithms, typ: 'at+jwt' };
  const source = ownKeys(keys);
  return {
    policy: own,
    verify: 'jwt',
    tokenPrefixes: [],
    metadata,
    keys: source,
    introspect: null,
    lastError: () => null,
    introspectionIsUp: () => true,
    introspectionUrl: null,
    ...createJwtVerification(own, source, clock),
  };
}
