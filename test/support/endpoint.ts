// An endpoint, its callers and what they present, as the stages get them from the configuration.
import { hash } from 'node:crypto';
import type { AccessToken } from '../../src/core/access-token.js';
import type { ApiKey, ApiKeyCarrier } from '../../src/core/api-key.js';
import type { ApiKeyCredential, PassThroughCredential, PassThroughRule } from '../../src/core/credential.js';
import type { Endpoint } from '../../src/core/endpoint.js';
import type { Admission } from '../../src/core/endpoint-runtime.js';
import type { PassThroughCaller, Principal } from '../../src/core/principal.js';
import { keyPrincipal } from '../../src/verify/authenticators/api-key.js';
import { principalId } from '../../src/verify/claims.js';

export const ISSUER = 'https://auth.example.com';
export const RESOURCE = 'https://mcp.example.com/mcp';
export const METADATA = 'https://mcp.example.com/.well-known/oauth-protected-resource/mcp';

export function endpoint(overrides: Partial<Endpoint> = {}): Endpoint {
  return {
    name: overrides.path ?? '/mcp',
    host: null,
    path: '/mcp',
    resource: RESOURCE,
    metadataUrl: METADATA,
    metadataPath: new URL(METADATA).pathname,
    realm: null,
    issuers: [ISSUER],
    authorizationServers: [ISSUER],
    audience: [RESOURCE],
    issuerAudience: new Map([[ISSUER, []]]),
    scopes: ['files:read'],
    loginScopes: overrides.scopes ?? ['files:read'],
    ownScopes: overrides.scopes ?? ['files:read'],
    scopesSupported: ['files:read'],
    scopeImplies: new Map(),
    policy: null,
    denialResponse: 'http',
    apiKeys: [],
    isBridged: false,
    passThrough: [],
    forwardHeaders: [],
    origins: [],
    publicOrigin: 'https://mcp.example.com',
    maxBodyBytes: 4096,
    limits: null,
    streams: { keepAliveSeconds: 15, maxSeconds: 3600, outliveTokenSeconds: 0 },
    clockToleranceSeconds: new Map([[ISSUER, 30]]),
    upstream: {
      url: 'http://10.0.0.5:3000/mcp',
      origin: 'http://10.0.0.5:3000',
      target: '/mcp',
      connectTimeoutMs: 2000,
      headersTimeoutMs: 300_000,
      maxConcurrentRequests: 2,
      maxStreams: 2,
    },
    upstreamCredential: { kind: 'none' },
    upstreamHeaders: [],
    ...overrides,
  };
}

/** No reload happens. */
export const admission: Admission = { generation: 0, recheck: () => null };

/** The id follows from the other properties. */
export function principal(overrides: Partial<Omit<Principal, 'id'>> = {}): Principal {
  const found: Omit<Principal, 'id'> = {
    kind: 'subject',
    issuer: ISSUER,
    subject: 'alice',
    tenant: null,
    client: 'cli',
    scopes: ['files:read'],
    expiresAt: 4_000_000_000,
    claims: {},
    method: 'jwt',
    key: null,
    ...overrides,
  };
  const tag = ({ subject: 'sub', user: 'user', client: 'client', key: 'key', token: 'token' } as const)[found.kind];
  return { ...found, id: principalId(found.issuer, found.tenant, tag, found.subject) };
}

export type TokenOverrides = Partial<Omit<Principal, 'id'> & Omit<AccessToken, 'principal' | 'issuer' | 'client'>>;

/** A verified access token of that principal, for this endpoint. */
export function accessToken(overrides: TokenOverrides = {}): AccessToken {
  const { audience = [RESOURCE], evidence = 'marked', hasNonce = false, boundToClient = false, ...rest } = overrides;
  const made = principal(rest);
  const { issuer, client } = made;
  return { principal: made, issuer: issuer ?? '', client, audience, evidence, hasNonce, boundToClient };
}

/** All properties of a token and its principal in one object. */
export const flat = ({ principal: found, ...rest }: AccessToken) => ({ ...found, ...rest });

export const tokenRule: PassThroughRule = { scheme: 'token', header: 'authorization', scopes: [], sunsetMs: null };
export const keyRule: PassThroughRule = { scheme: null, header: 'x-api-key', scopes: [], sunsetMs: null };

export function legacy(key: string, rule: PassThroughRule = tokenRule): PassThroughCredential {
  const value = rule.scheme === null ? key : `Token ${key}`;
  return { kind: 'pass-through', header: rule.header, value, key, rule };
}

export function passThroughCaller(key = 'l-0123456789', rule: PassThroughRule = tokenRule): PassThroughCaller {
  return { kind: 'pass-through', credential: legacy(key, rule) };
}

export const KEY = 'sk_live_Zm9yIHRlc3RzIG9ubHksIG5vdCBhIGtleQ';
export const keyHeader: ApiKeyCarrier = { scheme: null, header: 'x-api-key', bearerPrefix: null };
export const keyScheme: ApiKeyCarrier = { scheme: 'token', header: 'authorization', bearerPrefix: null };
export const keyBearer: ApiKeyCarrier = { scheme: 'bearer', header: 'authorization', bearerPrefix: 'sk_live_' };

/** The entry of the registry for a key. */
export function apiKey(key: string = KEY, overrides: Partial<ApiKey> = {}): ApiKey {
  return {
    name: 'partner-a',
    sha256: hash('sha256', key),
    scopes: ['files:read'],
    tenant: 'acme',
    upstreamAuthorization: null,
    sunsetMs: null,
    endpoints: null,
    ...overrides,
  };
}

export const keyCredential = (key: string = KEY, carrier = keyHeader): ApiKeyCredential => ({ kind: 'api-key', key, carrier });

/** The caller that presents this key. */
export const keyCaller = (key: ApiKey = apiKey(), method: 'api-key' | 'bridge' = 'api-key'): Principal => ({
  ...keyPrincipal(key),
  method,
});
