// The metrics that state how the gateway is now: its issuers, its open streams, its requests in
// flight. It reads them when Prometheus scrapes, so that no request pays for them.

import type {
  ConfigState,
  GatewayState,
  IssuerState,
  ReloadState,
  UpstreamState,
  Value,
} from './gateway-state.js';

export interface StateMetric {
  /** By default `gauge`. */
  readonly type?: 'counter';
  readonly name: string;
  readonly help: string;
  /**
   * How the values of several workers become one: `primary` takes that of the primary alone.
   * Default: their sum.
   */
  readonly merge?: 'min' | 'max' | 'primary';
  readonly values: (state: GatewayState) => Omit<Value, 'metricName'>[];
}

const ofIssuers = (
  { issuers }: GatewayState,
  readValue: (issuer: IssuerState) => number | null,
): Omit<Value, 'metricName'>[] =>
  issuers().flatMap((one) => {
    const value = readValue(one);
    return value === null ? [] : [{ labels: { issuer: one.issuer }, value }];
  });

const ofUpstreams = (
  { upstreams }: GatewayState,
  readValue: (state: UpstreamState) => number,
): Omit<Value, 'metricName'>[] =>
  upstreams().map((one) => ({
    labels: { endpoint: one.endpoint, kind: one.kind },
    value: readValue(one),
  }));

const ofConfig = (
  { config }: GatewayState,
  readValue: (state: ConfigState) => number,
): Omit<Value, 'metricName'>[] => {
  const state = config();
  return state === null ? [] : [{ labels: {}, value: readValue(state) }];
};

const ofReloads = (
  { reloads }: GatewayState,
  readValue: (state: ReloadState) => number,
): Omit<Value, 'metricName'>[] =>
  reloads().map((one) => ({ labels: { part: one.part }, value: readValue(one) }));

export const stateMetrics: readonly StateMetric[] = [
  {
    name: 'portcullis_build_info',
    help: 'Always 1. The label has the version of the gateway.',
    merge: 'primary',
    values: ({ version }) => [{ labels: { version }, value: 1 }],
  },
  {
    name: 'portcullis_http_requests_in_flight',
    help: 'Requests on the public listener whose answer is not complete; streams included.',
    values: (state) => [{ labels: {}, value: state.requestsInFlight() }],
  },
  {
    name: 'portcullis_open_streams',
    help: 'Event streams to callers that are open, by endpoint.',
    values: ({ endpoints }) =>
      endpoints().map(({ endpoint, openStreams }) => ({
        labels: { endpoint },
        value: openStreams,
      })),
  },
  {
    name: 'portcullis_upstream_in_use',
    help: 'Connections to the MCP server that carry a request, by endpoint and kind.',
    values: (state) => ofUpstreams(state, ({ inUse }) => inUse),
  },
  {
    name: 'portcullis_upstream_limit',
    help: 'Connections that the endpoint may use: maxConcurrentRequests, and maxStreams.',
    values: (state) => ofUpstreams(state, ({ limit }) => limit),
  },
  {
    name: 'portcullis_issuer_up',
    help: '1 where the last fetch of the keys of this issuer succeeded, 0 where it failed.',
    merge: 'min',
    values: (state) =>
      ofIssuers(state, ({ usesKeys, isUp }) => (usesKeys && isUp !== null ? Number(isUp) : null)),
  },
  {
    name: 'portcullis_issuer_keys_age_seconds',
    help: 'Time since the last good fetch of the keys of this issuer, in seconds.',
    merge: 'max',
    values: (state) =>
      ofIssuers(state, ({ usesKeys, keysAgeMs }) =>
        usesKeys && keysAgeMs !== null ? keysAgeMs / 1000 : null,
      ),
  },
  {
    name: 'portcullis_introspection_up',
    help: '0 while the gateway does not ask the introspection endpoint, because it kept failing.',
    merge: 'min',
    values: (state) =>
      ofIssuers(state, ({ introspectionIsUp: isUp }) => (isUp === null ? null : Number(isUp))),
  },
  {
    name: 'portcullis_limits_store_up',
    help: '0 while the store of limits is away, where the configuration has one.',
    merge: 'min',
    values: ({ limits }) => {
      const { storeIsUp } = limits();
      return storeIsUp === null ? [] : [{ labels: {}, value: Number(storeIsUp) }];
    },
  },
  {
    type: 'counter',
    name: 'portcullis_rate_limited_total',
    help: 'Requests that a limit rejected, by endpoint and kind of limit.',
    values: ({ limits }) =>
      limits().limited.map(({ endpoint, limit, count }) => ({
        labels: { endpoint, limit },
        value: count,
      })),
  },
  {
    name: 'portcullis_reload_up',
    help: '0 where the last reload of the configuration or of the API keys failed, else 1.',
    merge: 'min',
    values: (state) => ofReloads(state, ({ isUp }) => Number(isUp)),
  },
  {
    name: 'portcullis_reload_success_timestamp_seconds',
    help: 'Time of the last good reload, or of the start, in seconds since the epoch.',
    merge: 'min',
    values: (state) => ofReloads(state, ({ lastSuccessMs }) => lastSuccessMs / 1000),
  },
  {
    type: 'counter',
    name: 'portcullis_reloads_total',
    help: 'Reloads since the start, by part (config or api_keys) and result.',
    merge: 'primary',
    values: ({ reloads }) =>
      reloads().flatMap(({ part, succeeded, failed }) => [
        { labels: { part, result: 'success' }, value: succeeded },
        { labels: { part, result: 'failure' }, value: failed },
      ]),
  },
  {
    name: 'portcullis_config_generation',
    help: 'Configurations that the process has run with: 1 after the start.',
    merge: 'primary',
    values: (state) => ofConfig(state, ({ generation }) => generation),
  },
  {
    name: 'portcullis_config_hash',
    help: 'A number that is equal on all replicas that run with the same configuration.',
    merge: 'primary',
    values: (state) => ofConfig(state, ({ hash }) => Number.parseInt(hash, 16)),
  },
  {
    name: 'portcullis_api_keys',
    help: 'API keys that the gateway knows, where the configuration has any.',
    merge: 'primary',
    values: ({ apiKeys }) => {
      const count = apiKeys();
      return count === null ? [] : [{ labels: {}, value: count }];
    },
  },
  {
    name: 'portcullis_api_keys_next_sunset_timestamp_seconds',
    help: 'The first sunset of an API key that is ahead, in seconds since the epoch.',
    merge: 'primary',
    values: ({ nextSunsetMs }) => {
      const next = nextSunsetMs();
      return next === null ? [] : [{ labels: {}, value: next / 1000 }];
    },
  },
  {
    name: 'portcullis_audit_up',
    help: '0 while the gateway cannot write audit records, where an audit is configured.',
    merge: 'min',
    values: ({ audit }) => {
      const state = audit?.() ?? null;
      return state === null ? [] : [{ labels: {}, value: Number(state.isUp) }];
    },
  },
  {
    type: 'counter',
    name: 'portcullis_audit_records_total',
    help: 'Audit records since the start, by result: written or lost.',
    values: ({ audit }) => {
      const state = audit?.() ?? null;
      if (state === null) return [];
      return (['written', 'lost'] as const).map((result) => ({
        labels: { result },
        value: state[result],
      }));
    },
  },
  {
    name: 'portcullis_workers',
    help: 'Workers by state (ready, starting or missing), where `workers` is more than 1.',
    merge: 'primary',
    values: ({ workers }) =>
      Object.entries(workers() ?? {}).map(([state, value]) => ({ labels: { state }, value })),
  },
];
