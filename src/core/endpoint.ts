// Decides what the running gateway knows of one protected MCP endpoint. Built once from the configuration, then frozen.
import type { PassThroughRule } from './credential.js';
import type { Policy } from './policy.js';

/** Paths of the health pages, which no endpoint can have. */
export const HEALTH_PATHS: readonly string[] = ['/healthz', '/readyz'];

export interface Endpoint {
  readonly path: string;
  /** RFC 8707 resource identifier, code point for code point as published. */
  readonly resource: string;
  /** Absolute URL of the protected resource metadata (RFC 9728 section 3). */
  readonly metadataUrl: string;
  /** Path of that URL. */
  readonly metadataPath: string;
  readonly realm: string | null;
  /** Accepted issuers, in the order published. */
  readonly issuers: readonly string[];
  /** Audiences accepted for every issuer; exact membership. */
  readonly audience: readonly string[];
  /** Audiences accepted from one issuer only, by issuer. */
  readonly issuerAudience: ReadonlyMap<string, readonly string[]>;
  /** Needed for everything. */
  readonly scopes: readonly string[];
  /** What the metadata says that there is to ask for. */
  readonly scopesSupported: readonly string[];
  /** By a scope that stands for others: all of those. */
  readonly scopeImplies: ReadonlyMap<string, readonly string[]>;
  /** Null: whoever holds the base scopes may do what the upstream lets them. */
  readonly policy: Policy | null;
  /** How a refusal by policy is told: HTTP 403, or a JSON-RPC error with HTTP 200. */
  readonly denialResponse: 'http' | 'jsonrpc';
  readonly passThrough: readonly PassThroughRule[];
  /** Origins allowed beside the public one and loopback. */
  readonly origins: readonly string[];
  readonly publicOrigin: string;
  readonly maxBodyBytes: number;
  readonly streams: StreamLimits;
  /** By issuer: seconds for which its tokens are still accepted after their end, in case clocks differ. */
  readonly clockToleranceSeconds: ReadonlyMap<string, number>;
  readonly upstream: Upstream;
}

/** What holds for event streams to callers. */
export interface StreamLimits {
  /** Seconds without a byte until a comment is sent; 0: never. */
  readonly keepAliveSeconds: number;
  /** Seconds after which every stream ends. */
  readonly maxSeconds: number;
}

export interface Upstream {
  readonly url: string;
  readonly origin: string;
  /** Path and query of the upstream URL: a constant; no byte of the caller ever becomes part of it (C-144). */
  readonly target: string;
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
  /** Requests under way at once; above it the answer is `upstream.busy`. */
  readonly maxConcurrentRequests: number;
  /** GET streams and subscriptions held at once. */
  readonly maxStreams: number;
}
