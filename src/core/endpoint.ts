// The configuration of one protected MCP endpoint, as requests use it. The gateway builds it once
// from the configuration file and freezes it.
import type { ApiKeyCarrier } from './api-key.js';
import type { PassThroughRule } from './credential.js';
import type { EndpointLimits } from './limits.js';
import type { Policy } from './policy.js';
import type { UpstreamCredentialConfig, UpstreamHeader } from './upstream-credential.js';

/** Paths of the health routes. An endpoint cannot have one of these paths. */
export const HEALTH_PATHS: readonly string[] = ['/healthz', '/readyz'];

/**
 * Characters of the scopes in a challenge, where they are more than a call needs. Many proxies
 * allow 4 KiB for the whole head of a response.
 */
export const MAX_SCOPE_CHARACTERS = 2_048;

export interface Endpoint {
  /**
   * The endpoint of the configuration in logs, metrics and limits: its first host, if it has one,
   * and its path. Endpoints that differ in their host only may share it, with what serves them.
   */
  readonly name: string;
  /** The host name under which it answers, in lower case, without a port. Null: under any. */
  readonly host: string | null;
  readonly path: string;
  /** RFC 8707 resource identifier, exactly as published (A-04, identical code points). */
  readonly resource: string;
  /** Absolute URL of the protected resource metadata (RFC 9728 section 3). */
  readonly metadataUrl: string;
  /** The path of `metadataUrl`. */
  readonly metadataPath: string;
  /** `realm` of the challenge (RFC 9110 section 11.5). Null: no realm. */
  readonly realm: string | null;
  /** Accepted issuers, in the order of the configuration. Empty for an endpoint of API keys. */
  readonly issuers: readonly string[];
  /**
   * The issuers where clients log in, in that order, or the bridge: `authorization_servers`
   * (RFC 9728). Empty for an endpoint of API keys without a bridge.
   */
  readonly authorizationServers: readonly string[];
  /** Audiences accepted from every issuer (A-41, exact membership). */
  readonly audience: readonly string[];
  /** By issuer: audiences accepted from that issuer alone. */
  readonly issuerAudience: ReadonlyMap<string, readonly string[]>;
  /** Base scopes: every message requires all of them. */
  readonly scopes: readonly string[];
  /** The scopes that a challenge names where the gateway does not know the call (401, 400). */
  readonly loginScopes: readonly string[];
  /**
   * Every scope that the configuration of the endpoint names, in a fixed order: the base scopes,
   * those of the rules, then others. A challenge names no scope beside them.
   */
  readonly ownScopes: readonly string[];
  /** `scopes_supported` of the metadata: the scopes that a client can request. */
  readonly scopesSupported: readonly string[];
  /** By broad scope: all scopes that it includes (A-32, scope hierarchies). */
  readonly scopeImplies: ReadonlyMap<string, readonly string[]>;
  /** Null: the base scopes suffice, and the upstream decides about the rest. */
  readonly policy: Policy | null;
  /** The response to a denial by policy: HTTP 403, or HTTP 200 with a JSON-RPC error. */
  readonly denialResponse: 'http' | 'jsonrpc';
  /** Where callers write API keys. Empty: the endpoint takes none. */
  readonly apiKeys: readonly ApiKeyCarrier[];
  /** True: the endpoint takes tokens of the bridge, and no tokens of other issuers. */
  readonly isBridged: boolean;
  readonly passThrough: readonly PassThroughRule[];
  /** Further request headers that the gateway forwards, in lower case. */
  readonly forwardHeaders: readonly string[];
  /** Allowed origins beside `publicOrigin` and loopback. */
  readonly origins: readonly string[];
  readonly publicOrigin: string;
  readonly maxBodyBytes: number;
  /** Null: the endpoint has no limits of calls. */
  readonly limits: EndpointLimits | null;
  readonly streams: StreamLimits;
  /** By issuer: seconds by which its clock may differ, for `exp`, `nbf` and `iat`. */
  readonly clockToleranceSeconds: ReadonlyMap<string, number>;
  readonly upstream: Upstream;
  /** Never for a pass-through caller. */
  readonly upstreamCredential: UpstreamCredentialConfig;
  /** Further headers that the gateway sets. Never for a pass-through caller. */
  readonly upstreamHeaders: readonly UpstreamHeader[];
}

/** Limits of event streams to callers. */
export interface StreamLimits {
  /** Seconds without a byte after which the gateway sends a comment. 0: never. */
  readonly keepAliveSeconds: number;
  /** Seconds after which the gateway ends every stream. */
  readonly maxSeconds: number;
  /** Seconds for which a listening stream stays open after the end of its token. */
  readonly outliveTokenSeconds: number;
}

export interface Upstream {
  readonly url: string;
  readonly origin: string;
  /**
   * Path and query of `url`. Never built from bytes of the caller (C-144, upstream from the
   * configuration only).
   */
  readonly target: string;
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
  /** Requests in progress at once. The gateway rejects more with `upstream.busy`. */
  readonly maxConcurrentRequests: number;
  /** GET streams and subscriptions open at once. */
  readonly maxStreams: number;
}
