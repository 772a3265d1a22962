// Explains an API key at one endpoint: which entry of the registry it is, and what the entry allows
// there. Never shows the key or its whole hash.
import { hash } from 'node:crypto';
import { type ApiKey, carrierText, fingerprintOf } from '../core/api-key.js';
import type { Clock } from '../core/clock.js';
import type { ApiKeyCredential } from '../core/credential.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Explanation, Values } from '../core/explanation.js';
import { keyUnknown } from '../core/failures.js';
import type { Caller } from '../core/principal.js';
import type { Result } from '../core/result.js';
import {
  createApiKeyAuthenticator,
  keyPrincipal,
  rejectKey,
} from '../verify/authenticators/api-key.js';
import { type PlannedStep, toSteps } from '../verify/explain-steps.js';
import type { KnownKeys } from './given-credential.js';

export const REGISTERED_KEY = 'registered key';
export const ENDPOINTS_OF_KEY = 'endpoints of the key';

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Two steps, for a key itself and for the key of a bridge token. */
export function entrySteps(
  key: ApiKey | null,
  endpoint: Endpoint,
  nowMs: number,
  method: 'api-key' | 'bridge' = 'api-key',
): PlannedStep[] {
  const reject = (fields: Partial<ApiKey>) => ({
    ...(key === null
      ? {}
      : { reject: () => rejectKey({ ...key, ...fields }, endpoint, nowMs, method) }),
  });
  const sunset =
    key === null ? {} : { sunset: key.sunsetMs === null ? 'none' : dayOf(key.sunsetMs) };
  return [
    {
      name: ENDPOINTS_OF_KEY,
      ...reject({ sunsetMs: null }),
      observed: key === null ? {} : { endpoints: key.endpoints ?? 'all that take API keys' },
      expected: { endpoint: endpoint.name },
    },
    {
      name: 'sunset',
      ...reject({ endpoints: null }),
      observed: sunset,
      expected: { now: new Date(nowMs).toISOString() },
    },
  ];
}

/** Never the whole hash, and never the credential for the upstream: only that there is one. */
export const entryValues = (key: ApiKey): Values => ({
  name: key.name,
  fingerprint: fingerprintOf(key),
  ...(key.tenant === null ? {} : { tenant: key.tenant }),
  ...(key.upstreamAuthorization === null ? {} : { upstreamAuthorization: 'its own' }),
});

export interface ExplainKeyContext {
  readonly endpoint: Endpoint;
  readonly keys: KnownKeys;
  readonly clock: Clock;
  /** How many keys there are, and where the operator wrote them. */
  readonly registry: Values;
}

export async function explainKey(
  credential: ApiKeyCredential,
  { endpoint, keys, clock, registry }: ExplainKeyContext,
  first: PlannedStep,
  last: (caller: Caller | null) => PlannedStep,
): Promise<Explanation> {
  const nowMs = clock.wallMs();
  const verified: Result<Caller> = await createApiKeyAuthenticator(
    keys.registry,
    clock,
  ).authenticate(credential, endpoint);
  const key = keys.registry.find(credential.key);
  const fingerprint = hash('sha256', credential.key).slice(0, 8);
  const registered: PlannedStep = {
    name: REGISTERED_KEY,
    own: key === null ? [keyUnknown.definition] : [],
    observed: key === null ? { characters: credential.key.length, fingerprint } : entryValues(key),
    expected: registry,
  };
  const caller = key === null ? null : keyPrincipal(key);
  const planned = [first, registered, ...entrySteps(key, endpoint, nowMs), last(caller)];
  const steps = toSteps(planned, verified);
  const failed = steps.find(({ state }) => state === 'fail');
  return { steps, failure: failed?.failure ?? (verified.ok ? null : verified) };
}

/** Where the callers of an endpoint write keys. */
export const carrierValues = ({ apiKeys }: Endpoint): Values =>
  apiKeys.length === 0 ? {} : { 'API keys in': apiKeys.map(carrierText) };
