// Sums up the states of several processes that serve the same configuration.
import type {
  EndpointStatus,
  GatewayStatus,
  IssuerStatus,
  LastError,
  Refusal,
  ReloadStatus,
  StoreStatus,
} from '../core/status.js';

/** Entries of the merged list of refusals. */
const REFUSALS = 150;

/** A list of all states, joined by key. The entries of the first state come first. */
function joined<T>(
  states: readonly GatewayStatus[],
  read: (state: GatewayStatus) => readonly T[],
  keyOf: (one: T) => string,
  merge: (some: T, other: T) => T,
): T[] {
  const byKey = new Map<string, T>();
  for (const one of states.flatMap(read)) {
    const key = keyOf(one);
    const before = byKey.get(key);
    byKey.set(key, before === undefined ? one : merge(before, one));
  }
  return [...byKey.values()];
}

/** False where one is false; null where both are. */
const both = (some: boolean | null, other: boolean | null): boolean | null =>
  some === null ? other : other === null ? some : some && other;

const older = (some: number | null, other: number | null): number | null =>
  some === null || other === null ? (some ?? other) : Math.max(some, other);

const later = (some: LastError | null, other: LastError | null): LastError | null =>
  some === null || (other !== null && other.at > some.at) ? other : some;

const endpoints = (some: EndpointStatus, other: EndpointStatus): EndpointStatus => ({
  ...some,
  requests: some.requests + other.requests,
  refused: some.refused + other.refused,
  errors: some.errors + other.errors,
  inUse: some.inUse + other.inUse,
  limit: some.limit + other.limit,
  openStreams: some.openStreams + other.openStreams,
  streamsInUse: some.streamsInUse + other.streamsInUse,
  streamLimit: some.streamLimit + other.streamLimit,
});

const issuers = (some: IssuerStatus, other: IssuerStatus): IssuerStatus => ({
  ...some,
  up: both(some.up, other.up),
  keys: Math.max(some.keys, other.keys),
  keysAgeSeconds: older(some.keysAgeSeconds, other.keysAgeSeconds),
  introspectionUp: both(some.introspectionUp, other.introspectionUp),
  lastError: later(some.lastError, other.lastError),
});

/** The worse one: a reload that failed in one process is shown. */
const reloads = (some: ReloadStatus, other: ReloadStatus): ReloadStatus =>
  some.ok && !other.ok ? other : some;

const stores = (some: StoreStatus, other: StoreStatus): StoreStatus =>
  some.up && !other.up ? other : some;

function refusals(some: Refusal, other: Refusal): Refusal {
  const count = some.count + other.count;
  return { ...(other.at > some.at ? other : some), count };
}

/** The state of all processes together. Numbers add up, ages are the longest. */
export function mergeStatus(states: readonly [GatewayStatus, ...GatewayStatus[]]): GatewayStatus {
  const [first] = states;
  const sum = (read: (one: GatewayStatus) => number): number =>
    states.reduce((total, one) => total + read(one), 0);
  const nameOf = ({ name }: { readonly name: string }): string => name;
  const recent = joined(
    states,
    (state) => state.refusals,
    ({ reason, endpoint, method, name }) => JSON.stringify([reason, endpoint, method, name]),
    refusals,
  ).sort((some, other) => (some.at < other.at ? 1 : some.at > other.at ? -1 : 0));
  const oldest = states.reduce((some, one) =>
    one.uptimeSeconds > some.uptimeSeconds ? one : some,
  );
  return {
    ...first,
    startedAt: oldest.startedAt,
    uptimeSeconds: oldest.uptimeSeconds,
    ready: states.every(({ ready }) => ready),
    processes: sum(({ processes }) => processes),
    requestsInFlight: sum(({ requestsInFlight }) => requestsInFlight),
    config: {
      ...first.config,
      reloads: joined(
        states,
        ({ config }) => config.reloads,
        ({ part }) => part,
        reloads,
      ),
    },
    endpoints: joined(states, (state) => state.endpoints, nameOf, endpoints),
    issuers: joined(
      states,
      (state) => state.issuers,
      ({ issuer }) => issuer,
      issuers,
    ),
    stores: joined(states, (state) => state.stores, nameOf, stores),
    refusals: recent.slice(0, REFUSALS),
  };
}
