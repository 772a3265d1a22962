// Authenticates API keys of the registry. A key is a principal like any other caller.
import { type ApiKey, type ApiKeys, fingerprintOf, isForEndpoint } from '../../core/api-key.js';
import type { Clock } from '../../core/clock.js';
import type { ApiKeyCredential } from '../../core/credential.js';
import type { Endpoint } from '../../core/endpoint.js';
import type { Authenticator } from '../../core/endpoint-runtime.js';
import type { Failure } from '../../core/failure.js';
import { audienceMismatch, keySunset, keyUnknown } from '../../core/failures.js';
import type { Principal } from '../../core/principal.js';
import { ok } from '../../core/result.js';
import { isPastSunset } from '../../core/sunset.js';
import { principalId } from '../claims.js';
import { proofSlots } from '../proof-slots.js';

/** A failure that names the entry in the log. */
const withKey = (failure: Failure, key: ApiKey, method: KeyMethod): Failure => ({
  ...failure,
  vouched: {
    issuer: null,
    subject: key.name,
    client: key.name,
    method,
    audience: [],
    keyFingerprint: fingerprintOf(key),
  },
});

type KeyMethod = 'api-key' | 'bridge';

/** Why this endpoint rejects a genuine key now; null: it accepts the key. */
export function rejectKey(
  key: ApiKey,
  { name }: Endpoint,
  nowMs: number,
  method: KeyMethod = 'api-key',
): Failure | null {
  if (!isForEndpoint(key, name)) {
    const reject = method === 'bridge' ? audienceMismatch : keyUnknown;
    return withKey(reject({ detail: 'the key is for other endpoints' }), key, method);
  }
  if (isPastSunset(key.sunsetMs, nowMs)) return withKey(keySunset(), key, method);
  return null;
}

export function keyPrincipal(key: ApiKey): Principal {
  const { name, tenant, scopes, sunsetMs } = key;
  return {
    kind: 'key',
    id: principalId(null, tenant, 'key', name),
    issuer: null,
    subject: name,
    tenant,
    client: name,
    scopes,
    claims: {},
    expiresAt: sunsetMs === null ? null : sunsetMs / 1000,
    method: 'api-key',
    key,
  };
}

/** One authenticator serves every endpoint with this registry. */
export function createApiKeyAuthenticator(
  keys: ApiKeys,
  clock: Clock,
): Authenticator<ApiKeyCredential> {
  /** One object for each key, so that the log finds its template again. */
  const principals = new WeakMap<ApiKey, Principal>();

  return {
    authenticate(credential, endpoint) {
      const key = keys.find(credential.key);
      if (key === null) return keyUnknown({ detail: 'no entry has its hash' });
      const rejection = rejectKey(key, endpoint, clock.wallMs());
      if (rejection !== null) return rejection;
      proofSlots.knownCaller();
      const known = principals.get(key);
      if (known !== undefined) return ok(known);
      const principal = keyPrincipal(key);
      principals.set(key, principal);
      return ok(principal);
    },
  };
}
