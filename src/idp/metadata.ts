// The one source of an issuer's metadata: for its keys, its introspection endpoint, and the copy
// that the gateway publishes beside its endpoints.
import type { Clock, Scheduler } from '../core/clock.js';
import type { Notice, Notify } from '../core/notice.js';
import { backoffMs } from './backoff.js';
import {
  type Discovered,
  discover,
  type MetadataDocument,
  type MetadataPlace,
  type NotDiscovered,
  withFields,
} from './discovery.js';
import type { FetchJson } from './fetch-json.js';
import { createSingleFlight } from './single-flight.js';

type Good = Extract<Discovered, { ok: true }>;

/** `retryAfterSeconds`: when the source asks the issuer again, in seconds from now. */
export type MetadataResult = Good | (NotDiscovered & { readonly retryAfterSeconds: number });

export interface MetadataSource {
  /**
   * The last good document, at once. A fetch for a newer one starts when that one is an hour old.
   * Without a document the call waits for a fetch. `unhelpful`: a document that did not help this
   * caller. It gets a newer one or a failure.
   */
  get(unhelpful: MetadataDocument | null): Promise<MetadataResult>;
  /** The last good document, whatever its age; null before the first. */
  last(): MetadataDocument | null;
  /** Fetches in the background from now on, so that no request has to wait for `last`. */
  start(): void;
  stop(): void;
}

export interface MetadataDependencies {
  readonly issuer: string;
  readonly place?: Partial<MetadataPlace>;
  /** Milliseconds for one fetch of all places. */
  readonly timeoutMs: number;
  readonly fetchJson: FetchJson;
  readonly clock: Clock;
  readonly schedule: Scheduler;
  readonly notify: Notify;
  /** 0..1, for jitter. */
  readonly random: () => number;
  /** Called when a fetch works again after failures: the issuer is reachable. */
  readonly onRecovery?: () => void;
}

const FRESH_MS = 3_600_000;
const BACKOFF = { firstMs: 1_000, longestMs: 300_000 };
/** For a caller that has no document to use: it works again soon after an outage. */
const LONGEST_ON_DEMAND_MS = 2_000;
/** A document that did not help is fetched again after this time at the earliest. */
const REFETCH_MS = 500;

export function createMetadataSource(dependencies: MetadataDependencies): MetadataSource {
  const { issuer, place, timeoutMs, fetchJson, clock, schedule, notify, random } = dependencies;
  const { onRecovery = () => {} } = dependencies;
  const flight = createSingleFlight<Discovered>();
  let good: Good | null = null;
  let fetchedAtMs = 0;
  let failures = 0;
  /** The time of the next fetch while a document is in use. */
  let refreshAtMs = 0;
  /** The time of the next fetch for a caller that has no document to use. */
  let retryAtMs = 0;
  let lastFailure: Omit<NotDiscovered, 'ok'> = { detail: 'no metadata found', isMisplaced: false };
  let isRunning = false;
  let cancel = (): void => {};

  /** The events are about the published copy. A caller of `get` reports its own failure. */
  function report(notice: Notice): void {
    if (isRunning) notify({ ...notice, issuer });
  }

  /** Returns the time until the next fetch in the background, as `failed` does. */
  function succeeded(found: Good): number {
    if (good === null || failures > 0) report({ event: 'metadata.loaded', level: 'info' });
    if (failures > 0) onRecovery();
    good = found;
    fetchedAtMs = clock.monotonicMs();
    failures = 0;
    retryAtMs = 0;
    lastFailure = { detail: 'the metadata did not help', isMisplaced: false };
    return FRESH_MS;
  }

  function failed({ ok: _, ...failure }: NotDiscovered): number {
    // Only the first failure of a row is a warning: an issuer without metadata would fill the log.
    const level = failures === 0 ? 'warn' : 'debug';
    const hint = withFields(failure, 'metadataUrl');
    report({ event: 'metadata.load_failed', level, detail: hint, stale: good !== null });
    const waitMs = backoffMs(failures++, BACKOFF, random);
    retryAtMs = clock.monotonicMs() + Math.min(waitMs, LONGEST_ON_DEMAND_MS);
    lastFailure = failure;
    return waitMs;
  }

  function refresh(): Promise<Discovered> {
    return flight.run(issuer, async () => {
      const found = await discover(issuer, fetchJson, timeoutMs, clock.monotonicMs, place);
      const waitMs = found.ok ? succeeded(found) : failed(found);
      refreshAtMs = clock.monotonicMs() + waitMs;
      if (isRunning) {
        cancel();
        cancel = schedule(waitMs, () => void refresh());
      }
      return found;
    });
  }

  return {
    async get(unhelpful) {
      const nowMs = clock.monotonicMs();
      if (good !== null && good.document !== unhelpful) {
        // No caller waits here: metadata that hangs must not end the loading of healthy keys.
        if (nowMs >= refreshAtMs) void refresh();
        return good;
      }
      const refetchAtMs = good === null ? 0 : fetchedAtMs + REFETCH_MS;
      const isBackingOff = nowMs < Math.max(retryAtMs, refetchAtMs);
      const found = isBackingOff ? null : await refresh();
      if (found?.ok) return found;
      const detail = `${lastFailure.detail}${isBackingOff ? ', backing off' : ''}`;
      const untilMs = Math.max(retryAtMs, refetchAtMs);
      const retryAfterSeconds = Math.max(0, untilMs - clock.monotonicMs()) / 1000;
      return { ...lastFailure, ok: false, detail, retryAfterSeconds };
    },
    last: () => good?.document ?? null,
    start() {
      if (isRunning) return;
      isRunning = true;
      void refresh();
    },
    stop() {
      isRunning = false;
      cancel();
    },
  };
}
