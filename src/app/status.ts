// Puts together the state of the gateway for `/status` and for the page of the admin listener. It
// runs only where an operator asks, so no request pays for it.
import type { ResolvedConfig } from '../config/resolved-config.js';
import type { Clock } from '../core/clock.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Meanings } from '../core/help/meaning.js';
import type {
  ConfigStatus,
  EndpointStatus,
  GatewayStatus,
  IssuerStatus,
  RecentRefusal,
} from '../core/status.js';
import type { GatewayState, IssuerState, UpstreamState } from '../observe/gateway-state.js';
import type { RequestCounts } from '../observe/metrics.js';
import { limitWords, storeStatuses } from './limit-words.js';

export interface StatusParts {
  readonly clock: Clock;
  readonly state: GatewayState;
  readonly config: () => ResolvedConfig;
  readonly isReady: () => boolean;
  readonly counts: (endpoint: string) => RequestCounts;
  readonly refusals: () => readonly RecentRefusal[];
}

const text = (ms: number): string => new Date(ms).toISOString();
const seconds = (ms: number): number => Math.round(ms / 1000);

function issuerStatus(one: IssuerState): IssuerStatus {
  const { issuer, usesKeys, isUp, keys, keysAgeMs, introspectionIsUp, lastError } = one;
  return {
    issuer,
    usesKeys,
    up: usesKeys ? isUp : null,
    keys,
    keysAgeSeconds: keysAgeMs === null ? null : seconds(keysAgeMs),
    introspectionUp: introspectionIsUp,
    lastError: lastError && { at: text(lastError.atMs), detail: lastError.detail },
  };
}

const NO_USE = { inUse: 0, limit: 0 };

/** `own`: the endpoints with one name. They differ in their host, and share the rest. */
function endpointStatus(
  own: readonly [Endpoint, ...Endpoint[]],
  counts: RequestCounts,
  openStreams: number,
  upstreams: readonly UpstreamState[],
): EndpointStatus {
  const [{ name, path, issuers, upstream, limits }] = own;
  const usage = (kind: UpstreamState['kind']) =>
    upstreams.find((one) => one.kind === kind) ?? NO_USE;
  const { inUse, limit } = usage('requests');
  const streams = usage('streams');
  return {
    name,
    path,
    hosts: own.flatMap(({ host }) => (host === null ? [] : [host])),
    resources: [...new Set(own.map(({ resource }) => resource))],
    issuers,
    upstream: upstream.origin,
    ...counts,
    inUse,
    limit,
    openStreams,
    streamsInUse: streams.inUse,
    streamLimit: streams.limit,
    limits: limitWords(limits),
  };
}

function byName<T>(all: readonly T[], nameOf: (one: T) => string): Map<string, [T, ...T[]]> {
  const groups = new Map<string, [T, ...T[]]>();
  for (const one of all) {
    const group = groups.get(nameOf(one));
    if (group === undefined) groups.set(nameOf(one), [one]);
    else group.push(one);
  }
  return groups;
}

export function createStatus(parts: StatusParts): () => Promise<GatewayStatus> {
  const { clock, state, isReady, counts, refusals } = parts;
  const [startedMs, startedWallMs] = [clock.monotonicMs(), clock.wallMs()];

  function configStatus(): ConfigStatus {
    const reloads = state.reloads().map(({ part, isUp, lastMs, lastSuccessMs, ...one }) => ({
      part,
      ok: isUp,
      at: lastMs === null ? null : text(lastMs),
      lastSuccessAt: text(lastSuccessMs),
      problems: one.problems,
      succeeded: one.succeeded,
      failed: one.failed,
    }));
    const { generation, hash } = state.config() ?? { generation: 0, hash: '' };
    return { generation, hash, reloads };
  }

  function endpointStatuses(config: ResolvedConfig): EndpointStatus[] {
    const streams = new Map(
      state.endpoints().map(({ endpoint, openStreams }) => [endpoint, openStreams]),
    );
    const upstreams = byName(state.upstreams(), ({ endpoint }) => endpoint);
    return [...byName(config.endpoints, ({ name }) => name)].map(([name, own]) =>
      endpointStatus(own, counts(name), streams.get(name) ?? 0, upstreams.get(name) ?? []),
    );
  }

  return async () => {
    const { meanings }: { readonly meanings: Meanings } = await import('../core/help/meanings.js');
    const { plainText } = await import('../core/help/meaning.js');
    const config = parts.config();
    const [count, sunset] = [state.apiKeys(), state.nextSunsetMs()];
    return {
      version: state.version,
      now: text(clock.wallMs()),
      startedAt: text(startedWallMs),
      uptimeSeconds: seconds(clock.monotonicMs() - startedMs),
      ready: isReady(),
      processes: 1,
      requestsInFlight: state.requestsInFlight(),
      config: configStatus(),
      endpoints: endpointStatuses(config),
      issuers: state.issuers().map(issuerStatus),
      apiKeys: count === null ? null : { count, nextSunset: sunset === null ? null : text(sunset) },
      stores: storeStatuses(state, config),
      refusals: refusals().map((one) => ({
        ...one,
        action: plainText(meanings[one.reason]?.action ?? []),
      })),
    };
  };
}
