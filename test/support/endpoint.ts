// An endpoint, its callers and what they present, as the stages get them from the configuration.
import type { PassThroughCredential, PassThroughRule } from '../../src/core/credential.js';
import type { Endpoint } from '../../src/core/endpoint.js';
import type { PassThroughCaller, Principal, PrincipalCaller } from '../../src/core/principal.js';

export const ISSUER = 'https://auth.example.com';
export const RESOURCE = 'https://mcp.example.com/mcp';
export const METADATA = 'https://mcp.example.com/.well-known/oauth-protected-resource/mcp';

export function endpoint(overrides: Partial<Endpoint> = {}): Endpoint {
  return {
    path: '/mcp',
    resource: RESOURCE,
    metadataUrl: METADATA,
    metadataPath: new URL(METADATA).pathname,
    realm: null,
    issuers: [ISSUER],
    audience: [RESOURCE],
    issuerAudience: new Map([[ISSUER, []]]),
    scopes: ['files:read'],
    scopesSupported: ['files:read'],
    scopeImplies: new Map(),
    policy: null,
    denialResponse: 'http',
    passThrough: [],
    origins: [],
    publicOrigin: 'https://mcp.example.com',
    maxBodyBytes: 4096,
    streams: { keepAliveSeconds: 15, maxSeconds: 3600 },
    clockToleranceSeconds: new Map([[ISSUER, 30]]),
    upstream: {
      url: 'http://10.0.0.5:3000/mcp',
      origin: 'http://10.0.0.5:3000',
      target: '/mcp',
      connectTimeoutMs: 2000,
      headersTimeoutMs: 60_000,
      maxConcurrentRequests: 2,
      maxStreams: 2,
    },
    ...overrides,
  };
}

export function principal(overrides: Partial<Principal> = {}): PrincipalCaller {
  const defaults: Principal = {
    issuer: ISSUER,
    subject: 'alice',
    subjectKind: 'sub',
    tenant: null,
    client: 'cli',
    scopes: ['files:read'],
    audience: [RESOURCE],
    expiresAt: 4_000_000_000,
    accessTokenEvidence: true,
    boundToClient: false,
    claims: {},
  };
  return { kind: 'principal', principal: { ...defaults, ...overrides } };
}

export const tokenRule: PassThroughRule = { scheme: 'token', header: 'authorization', scopes: [], sunsetMs: null };
export const keyRule: PassThroughRule = { scheme: null, header: 'x-api-key', scopes: [], sunsetMs: null };

export function legacy(key: string, rule: PassThroughRule = tokenRule): PassThroughCredential {
  const value = rule.scheme === null ? key : `Token ${key}`;
  return { kind: 'pass-through', header: rule.header, value, key, rule };
}

export function passThroughCaller(key = 'l-0123456789', rule: PassThroughRule = tokenRule): PassThroughCaller {
  return { kind: 'pass-through', credential: legacy(key, rule) };
}
