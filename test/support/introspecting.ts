// Introspection against an issuer fixture that can fail, on a clock that a test moves.
import { USUAL_CLAIMS } from '../../src/core/claim-rules.js';
import { secret } from '../../src/core/secret.js';
import { createMetadataSource } from '../../src/idp/metadata.js';
import { createIntrospection, type IntrospectionClient } from '../../src/verify/authenticators/introspection.js';
import { fetchJson } from '../fixtures/fetch-json.js';
import type { JwksIssuer } from '../fixtures/jwks-issuer.js';
import { withDeadline } from '../fixtures/wait.js';
import { testClock } from './clock.js';
import { RESOURCE } from './endpoint.js';
import { recorder } from './keys.js';
import { reasonOf } from './kinds.js';

export function introspecting(issuer: JwksIssuer, changes: Partial<IntrospectionClient> = {}) {
  const clock = testClock();
  const { notices, notify } = recorder();
  const client: IntrospectionClient = {
    issuer: issuer.issuer,
    url: `${issuer.issuer}/introspect`,
    client: { auth: 'basic', clientId: 'portcullis', clientSecret: secret('s3cret') },
    audience: 'required',
    audienceClients: [],
    timeoutMs: 2_000,
    maxConcurrentRequests: 64,
    activeCacheSeconds: 30,
    inactiveCacheSeconds: 5,
    clockToleranceSeconds: 30,
    claims: USUAL_CLAIMS,
    requireTenant: false,
    clientOfIssuer: null,
    audienceIsClient: false,
    ...changes,
  };
  const metadata = createMetadataSource({
    issuer: issuer.issuer,
    timeoutMs: 2_000,
    fetchJson,
    clock,
    schedule: () => () => {},
    notify,
    random: () => 1,
  });
  const introspect = createIntrospection(client, { metadata, fetchJson, clock, notify });
  const ask = (token = 'opaque') => withDeadline('an introspection', Promise.resolve(introspect(token)), 5000);
  return { clock, notices, ask, introspect, reason: async (token?: string) => reasonOf(await ask(token)) };
}

/** The introspection response for an active token. */
export const active = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  active: true,
  sub: 'alice',
  aud: RESOURCE,
  client_id: 'cli',
  scope: 'files:read',
  ...changes,
});
