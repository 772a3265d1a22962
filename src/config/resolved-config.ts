// The types of a resolved configuration: valid, complete with defaults and secrets, and frozen.
// src/app builds the gateway from it.

import type { ApiKey } from '../core/api-key.js';
import type { ClaimRules } from '../core/claim-rules.js';
import type { ClientAuthentication } from '../core/client-authentication.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Rate } from '../core/limits.js';
import type { Secret } from '../core/secret.js';
import type { ResolvedTelemetry } from './resolve-telemetry.js';

/** How the gateway verifies a JWT of an issuer. */
export type VerifyMode = 'jwt' | 'introspection' | 'jwt-then-introspection';

export interface ResolvedIntrospection {
  readonly url: string | null;
  readonly client: ClientAuthentication;
  readonly audience: 'required' | 'bound-to-client';
  /** Clients whose tokens are for this server although the response names no audience. */
  readonly audienceClients: readonly string[];
  readonly timeoutMs: number;
  readonly maxConcurrentRequests: number;
  readonly activeCacheSeconds: number;
  readonly inactiveCacheSeconds: number;
}

/** How the gateway caches the key set of an issuer. */
export interface JwksConfig {
  readonly cacheSeconds: number;
  readonly staleIfErrorSeconds: number;
  readonly unknownKidCooldownSeconds: number;
  readonly timeoutMs: number;
}

/** The copy of an issuer's metadata that the gateway serves beside the endpoints. */
export interface MetadataMirrorConfig {
  readonly enabled: boolean;
  readonly addS256: boolean;
}

export interface ResolvedIssuer extends ClaimRules {
  readonly issuer: string;
  readonly jwksUri: string | null;
  /** The only place of the metadata. Null: the standard places of the issuer. */
  readonly metadataUrl: string | null;
  /** Its names as an authorization server: where clients log in, without a facade. Never empty. */
  readonly authorizationServers: readonly string[];
  /** True: plain http to this issuer is allowed, beyond loopback. */
  readonly allowInsecureHttp: boolean;
  readonly algorithms: readonly string[];
  readonly typ: 'lenient' | 'at+jwt';
  /** Claims that mark an access token, each with its only accepted value. True: any value. */
  readonly requiredClaims: Readonly<Record<string, string | true>>;
  readonly clockToleranceSeconds: number;
  readonly jwks: JwksConfig;
  readonly verify: VerifyMode;
  /** Prefixes of the opaque tokens of this issuer. Null: all opaque tokens. */
  readonly tokenPrefixes: readonly string[] | null;
  readonly introspection: ResolvedIntrospection | null;
  readonly metadataMirror: MetadataMirrorConfig;
  /** Null: clients register at the issuer itself. */
  readonly facade: ResolvedFacade | null;
}

/** The authorization server in front of an issuer at which clients cannot register. */
export interface ResolvedFacade {
  /** The name of the issuer in the configuration. */
  readonly name: string;
  /** The issuer of the facade: publicUrl + /oauth/ + name. */
  readonly issuer: string;
  /** The only redirect URI that the issuer knows. */
  readonly callback: string;
  /** The client of the gateway at the issuer. */
  readonly client: Exclude<ClientAuthentication, { readonly auth: 'bearer' }> & {
    readonly clientId: string;
  };
  /** As in `ResolvedBridge`. Sealing keys follow from them. */
  readonly keys: readonly Secret[];
  /** The allow-list of `core/redirect-uri`. */
  readonly redirectUris: readonly string[];
  /** Scopes that the issuer gets beside those of the client. */
  readonly scopes: readonly string[];
  /** Further parameters of the authorization request at the issuer. */
  readonly parameters: Readonly<Record<string, string>>;
  /** True: the issuer gets `resource` (RFC 8707). */
  readonly sendResource: boolean;
  /** Milliseconds for one request to the issuer. */
  readonly timeoutMs: number;
  readonly maxConcurrentRequests: number;
  /** The endpoints of an issuer that publishes none. Null: those of its metadata. */
  readonly endpoints: { readonly authorization: string; readonly token: string } | null;
  /** Null: clients get the tokens of the issuer. */
  readonly issued: ResolvedIssued | null;
}

/** How a facade issues tokens of its own. */
export interface ResolvedIssued {
  readonly tokenSeconds: number;
  /** Claims of the person that the token repeats. */
  readonly claims: readonly string[];
  /** Claims that a person needs: one of these values. True: any but false or empty. */
  readonly requiredClaims: Readonly<Record<string, readonly string[] | true>>;
  /** Says who the person of an access token is. Null: the ID token says it. */
  readonly userUrl: string | null;
}

/** The authorization server for holders of API keys. */
export interface ResolvedBridge {
  readonly issuer: string;
  /**
   * Private keys as JWK in JSON (RFC 7517), P-256 or Ed25519, the newest first. The newest signs,
   * and all of them verify.
   */
  readonly keys: readonly Secret[];
  readonly tokenSeconds: number;
  /** The only client id. Null: each client sends the name of its key. */
  readonly clientId: string | null;
}

/** The keys that sign identity JWTs for upstreams. */
export interface ResolvedIdentity {
  /** `iss` of the JWTs. */
  readonly issuer: string;
  /** As in `ResolvedBridge`. */
  readonly keys: readonly Secret[];
}

export interface ResolvedConfig extends ResolvedTelemetry {
  readonly publicUrl: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly admin: {
    readonly host: string;
    readonly port: number;
    readonly hosts: readonly string[];
  };
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** 32 bytes in base64 each, the newest first. Empty without configured keys. */
  readonly sessionKeys: readonly Secret[];
  readonly limits: {
    readonly clientStallTimeoutSeconds: number;
    /** URL of Redis or Valkey. Null: each process counts in its memory. */
    readonly store: Secret | null;
    readonly onStoreDown: 'local' | 'reject';
    /** For each client address. Null: no limit. */
    readonly failedCredentials: Rate | null;
  };
  readonly drain: { readonly delaySeconds: number };
  /** Processes that serve calls. `auto`: as many as the system has cores for them. */
  readonly workers: number | 'auto';
  /** Without their names in the file: endpoints refer to the issuer identifier. */
  readonly issuers: readonly ResolvedIssuer[];
  /** CIDR blocks of the proxies whose X-Forwarded-For names the client. */
  readonly trustedProxies: readonly string[];
  /** The keys in the configuration itself. Those of `apiKeysFile` are read apart from it. */
  readonly apiKeys: readonly ApiKey[];
  /** Absolute path of the file with further keys, or null. */
  readonly apiKeysFile: string | null;
  readonly bridge: ResolvedBridge | null;
  readonly identity: ResolvedIdentity | null;
  readonly endpoints: readonly Endpoint[];
}
