// The state of the gateway at one moment, as plain data without secrets. `/status` of the admin
// listener sends it as JSON, and the page of that listener shows it. docs/operation.md lists the
// fields, so a change of a name is a change for operators. Times are in RFC 3339.
import type { Blame } from './failure.js';

export interface GatewayStatus {
  readonly version: string;
  /** The time of this state. */
  readonly now: string;
  readonly startedAt: string;
  readonly uptimeSeconds: number;
  /** True where /readyz answers 200. */
  readonly ready: boolean;
  /** Processes that this state sums up. */
  readonly processes: number;
  readonly requestsInFlight: number;
  readonly config: ConfigStatus;
  readonly endpoints: readonly EndpointStatus[];
  readonly issuers: readonly IssuerStatus[];
  /** Null: the gateway has no API keys. */
  readonly apiKeys: { readonly count: number; readonly nextSunset: string | null } | null;
  /** Parts outside the process that keep something for it, such as a store of limits. */
  readonly stores: readonly StoreStatus[];
  /** The last rejections and errors, the newest first. Equal ones share an entry. */
  readonly refusals: readonly Refusal[];
}

export interface ConfigStatus {
  /** 1 after the start; each good reload of the configuration adds 1. */
  readonly generation: number;
  /** Equal for equal configurations: see app/config-state.ts. */
  readonly hash: string;
  readonly reloads: readonly ReloadStatus[];
}

export interface ReloadStatus {
  readonly part: 'config' | 'api_keys';
  /** False: the last reload failed, and the gateway runs with what it had before. */
  readonly ok: boolean;
  /** The last reload; null: none since the start. */
  readonly at: string | null;
  /** The last good reload, or the start. */
  readonly lastSuccessAt: string;
  /** Why the last reload failed; null where it succeeded. */
  readonly problems: string | null;
  readonly succeeded: number;
  readonly failed: number;
}

export interface EndpointStatus {
  /** As in the log and in the metrics. */
  readonly name: string;
  readonly path: string;
  /** Empty: the endpoint answers under every host. */
  readonly hosts: readonly string[];
  readonly resources: readonly string[];
  readonly issuers: readonly string[];
  /** The origin of the upstream. */
  readonly upstream: string;
  /** Completed requests since the start, with those of `refused` and `errors`. */
  readonly requests: number;
  /** Requests that the gateway rejected because of their caller. */
  readonly refused: number;
  /** Requests that failed because of the upstream, an issuer or the gateway. */
  readonly errors: number;
  /** Requests in progress at the upstream, and how many may be. */
  readonly inUse: number;
  readonly limit: number;
  /** Event streams to callers. */
  readonly openStreams: number;
  /** Held streams of the upstream, and how many may be. */
  readonly streamsInUse: number;
  readonly streamLimit: number;
  /** Further limits of its configuration, in words. */
  readonly limits: readonly string[];
}

/** A failure that an issuer caused, in words. */
export interface LastError {
  readonly at: string;
  readonly detail: string;
}

export interface IssuerStatus {
  readonly issuer: string;
  /** False: the gateway introspects every token of this issuer, and needs no keys. */
  readonly usesKeys: boolean;
  /** Whether the last load of the keys succeeded; null before the first, and without keys. */
  readonly up: boolean | null;
  /** Keys in use now. */
  readonly keys: number;
  /** Time since the last good load; null before the first. */
  readonly keysAgeSeconds: number | null;
  /** False while the gateway does not ask the introspection endpoint; null without one. */
  readonly introspectionUp: boolean | null;
  /** The last failure of keys or introspection; it stays after the recovery. */
  readonly lastError: LastError | null;
}

export interface StoreStatus {
  readonly name: string;
  readonly up: boolean;
  readonly detail: string | null;
}

/** A refusal before its `action` is added. */
export interface RecentRefusal {
  /** The last time. */
  readonly at: string;
  /** Equal ones since the first of them: same reason, endpoint, method and name. */
  readonly count: number;
  readonly reason: string;
  readonly blame: Blame;
  /** The HTTP status that the caller got; null: it got none. */
  readonly status: number | null;
  readonly endpoint: string | null;
  /** The MCP method; null where the gateway had not read the body. */
  readonly method: string | null;
  /** The tool, prompt, resource or task. */
  readonly name: string | null;
  /** This and the following fields are those of the last one. */
  readonly clientAddress: string;
  readonly requestId: string | null;
  /** Those of the caller, as in the log; null where no proof names one. */
  readonly subject: string | null;
  readonly clientId: string | null;
  readonly keyFingerprint: string | null;
  /** As in the log, but shorter. */
  readonly detail: string | null;
}

export interface Refusal extends RecentRefusal {
  /** The action against it, from docs/failures.md. */
  readonly action: string;
}
