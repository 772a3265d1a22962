// The state of the gateway, as the metrics and `/status` read it: its issuers, endpoints,
// upstreams, limits and reloads. Numbers and names only, and no secrets.
import type { LimitKind } from '../core/limits.js';

/** The value of one series at the time of a scrape. */
export interface Value {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

export interface IssuerState {
  readonly issuer: string;
  /** False: the gateway introspects every token of this issuer, and needs no keys. */
  readonly usesKeys: boolean;
  /** Milliseconds since the last good load of the keys; null before the first. */
  readonly keysAgeMs: number | null;
  /** Whether the last load of the keys succeeded; null before the first. */
  readonly isUp: boolean | null;
  /** Keys in use now. */
  readonly keys: number;
  /** The last failure of keys or introspection, in milliseconds since the epoch and in words. */
  readonly lastError: { readonly atMs: number; readonly detail: string } | null;
  /** False while the breaker stops introspection; null without introspection. */
  readonly introspectionIsUp: boolean | null;
}

export interface EndpointState {
  /** Its name. */
  readonly endpoint: string;
  readonly openStreams: number;
}

/** The connections to the MCP server of one endpoint. */
export interface UpstreamState {
  /** The name of the endpoint. */
  readonly endpoint: string;
  /** `requests`: below `maxConcurrentRequests`. `streams`: below `maxStreams`. */
  readonly kind: 'requests' | 'streams';
  readonly inUse: number;
  readonly limit: number;
}

/** The messages that one kind of limit rejected at an endpoint. */
export interface LimitedState {
  /** Its name; `all` for the limit of failed credentials, which all endpoints share. */
  readonly endpoint: string;
  readonly limit: LimitKind;
  readonly count: number;
}

export interface LimitState {
  /** Null: the counts are in no store that could be away. */
  readonly storeIsUp: boolean | null;
  readonly limited: readonly LimitedState[];
}

export type ReloadPart = 'config' | 'api_keys';

export interface ReloadState {
  readonly part: ReloadPart;
  /** Reloads since the start. */
  readonly succeeded: number;
  readonly failed: number;
  /** False: the last reload failed, and the gateway runs with what it had before. */
  readonly isUp: boolean;
  /** Milliseconds since the epoch; the start counts. */
  readonly lastSuccessMs: number;
  /** The last reload, in milliseconds since the epoch; null: none since the start. */
  readonly lastMs: number | null;
  /** Why the last reload failed; null where it succeeded. */
  readonly problems: string | null;
}

/** The configuration that the gateway runs with. */
export interface ConfigState {
  /** 1 after the start, and 1 more after each good reload. */
  readonly generation: number;
  /** Twelve hexadecimal digits. Equal on all replicas with the same configuration. */
  readonly hash: string;
}

export interface AuditState {
  /** False: the gateway cannot write records now. */
  readonly isUp: boolean;
  /** Records since the start. */
  readonly written: number;
  readonly lost: number;
}

/** The number of workers in each state. */
export interface WorkerCounts {
  readonly ready: number;
  /** It has not tried the keys of each issuer, and takes no connection yet. */
  readonly starting: number;
  /** It died, and its replacement has not started. */
  readonly missing: number;
}

/** Where the metrics find the state of the gateway. */
export interface GatewayState {
  readonly version: string;
  requestsInFlight(): number;
  issuers(): readonly IssuerState[];
  endpoints(): readonly EndpointState[];
  upstreams(): readonly UpstreamState[];
  limits(): LimitState;
  reloads(): readonly ReloadState[];
  /** Null: the process has none. */
  config(): ConfigState | null;
  /** The number of keys in the registry; null: no keys are configured. */
  apiKeys(): number | null;
  /** The first sunset ahead, in milliseconds since the epoch; null: no key has one. */
  nextSunsetMs(): number | null;
  /** Null: the gateway is one process. */
  workers(): WorkerCounts | null;
  /** Null: the audit is off. */
  audit?(): AuditState | null;
  /** The histogram of MCP operations; empty where it is off. */
  operations?(): readonly Value[];
}
