// Decides when an issuer's keys are fetched, kept and given up (states: never loaded, fresh, stale within grace, expired; failure
// back-off; a bucket of refetches for unknown kids). Never decides what a key may verify.

import type { Clock } from '../../core/clock.js';
import type { Failure } from '../../core/failure.js';
import { keysUnavailable, tokenKeyUnknown } from '../../core/failures.js';
import type { Notify } from '../../core/notice.js';
import { ok, type Result } from '../../core/result.js';
import { backoffMs } from '../backoff.js';
import { createSingleFlight } from '../single-flight.js';
import type { KeySet, VerifyKey } from './jwk-set.js';

export interface JwksPolicy {
  /** Used without asking again; Cache-Control overrides it within 1 min..24 h. */
  readonly cacheSeconds: number;
  /** Used after that while the issuer cannot be reached; 0: not at all. */
  readonly staleIfErrorSeconds: number;
  /** One refetch for an unknown kid comes back into the bucket of two in this time. */
  readonly unknownKidCooldownSeconds: number;
}

export type Loaded =
  | { readonly ok: true; readonly set: KeySet; readonly maxAgeSeconds: number | null }
  | { readonly ok: false; readonly detail: string; readonly retryAfterSeconds?: number };

export interface KeySource {
  /** The set that may be used now, if any. Starts a refresh when one is due; never waits. */
  usable(): KeySet | null;
  /** Keys that may have signed a token with this kid, all of them without one; waits for a fetch where the answer depends on one. */
  find(
    kid: string | undefined,
    issuedAtSeconds: number | undefined,
  ): Promise<Result<readonly VerifyKey[]>>;
  /** True once a load was tried, whatever came of it. */
  tried(): boolean;
  /** Starts the first load without waiting for it. */
  warm(): void;
}

const REFRESH_AT = 0.8;
const BUCKET = 2;
const BACKOFF = { firstMs: 1_000, longestMs: 30_000 };

export interface KeySourceDependencies {
  readonly issuer: string;
  readonly load: () => Promise<Loaded>;
  readonly clock: Clock;
  readonly notify: Notify;
  /** 0..1, for jitter. */
  readonly random: () => number;
  readonly policy: JwksPolicy;
}

export function createKeySource({
  issuer,
  load,
  clock,
  notify,
  random,
  policy,
}: KeySourceDependencies): KeySource {
  let set: KeySet | null = null;
  let fetchedAt = 0;
  /** Wall clock, when the set was asked for. */
  let askedWallMs = 0;
  let freshMs = 0;
  let failures = 0;
  let retryAt = 0;
  const flight = createSingleFlight<boolean>();
  const isLoading = (): boolean => flight.isRunning(issuer);
  let attempted = false;
  let bucket = BUCKET;
  let bucketAt = clock.monotonicMs();

  const down = (detail: string, untilMs = retryAt): Failure =>
    keysUnavailable({
      detail,
      retryAfterSeconds: Math.max(1, (untilMs - clock.monotonicMs()) / 1000),
    });

  function succeed(loaded: Extract<Loaded, { ok: true }>, startedWallMs: number): void {
    set = loaded.set;
    fetchedAt = clock.monotonicMs();
    askedWallMs = startedWallMs;
    freshMs = 1000 * Math.min(86_400, Math.max(60, loaded.maxAgeSeconds ?? policy.cacheSeconds));
    if (failures > 0) notify({ event: 'keys.recovered', level: 'info', issuer });
    failures = 0;
    retryAt = 0;
  }

  function fail(loaded: Extract<Loaded, { ok: false }>): void {
    const requestedMs = 1000 * Math.min(30, loaded.retryAfterSeconds ?? 0);
    const waitMs = Math.max(requestedMs, backoffMs(failures++, BACKOFF, random));
    retryAt = clock.monotonicMs() + waitMs;
    notify({
      event: 'keys.load_failed',
      level: 'error',
      issuer,
      detail: loaded.detail,
      failures,
      stale: set !== null,
    });
  }

  /** One fetch at a time, detached from whoever caused it. Resolves to whether it worked. */
  function refresh(): Promise<boolean> {
    const startedWallMs = clock.wallMs();
    return flight.run(issuer, async () => {
      const loaded = await load().catch(
        (error: unknown): Loaded => ({ ok: false, detail: String(error) }),
      );
      attempted = true;
      if (loaded.ok) succeed(loaded, startedWallMs);
      else fail(loaded);
      return loaded.ok;
    });
  }

  const backingOff = (): boolean => clock.monotonicMs() < retryAt;

  function usable(): KeySet | null {
    if (set === null) return null;
    const age = clock.monotonicMs() - fetchedAt;
    if (age >= freshMs * REFRESH_AT && !isLoading() && !backingOff()) void refresh();
    return age < freshMs + policy.staleIfErrorSeconds * 1000 ? set : null;
  }

  function takeFromBucket(): boolean {
    const now = clock.monotonicMs();
    const every = policy.unknownKidCooldownSeconds * 1000;
    const back = Math.floor((now - bucketAt) / every);
    bucket = Math.min(BUCKET, bucket + back);
    bucketAt = bucket === BUCKET ? now : bucketAt + back * every;
    if (bucket === 0) return false;
    bucket--;
    return true;
  }

  const matching = ({ keys }: KeySet, kid: string | undefined): readonly VerifyKey[] =>
    kid === undefined ? keys : keys.filter((key) => key.kid === kid);

  const unknown = (): Failure => tokenKeyUnknown({ detail: 'no published key has this kid' });

  /** A set cannot know a key that was published after it was asked for; a token that is older can be judged by it. */
  function unknownByAge(issuedAtSeconds: number | undefined): Failure {
    if (issuedAtSeconds === undefined || issuedAtSeconds * 1000 <= askedWallMs) return unknown();
    const untilMs = bucket > 0 ? 0 : bucketAt + policy.unknownKidCooldownSeconds * 1000;
    return down('unknown kid in a token newer than the key set', untilMs);
  }

  async function find(
    kid: string | undefined,
    issuedAtSeconds: number | undefined,
  ): Promise<Result<readonly VerifyKey[]>> {
    // Read first: a refresh that `usable` starts is one for this very token.
    const joins = isLoading();
    const current = usable();
    const known = current === null ? [] : matching(current, kid);
    if (known.length > 0) return ok(known);
    const why = current === null ? 'no usable keys' : 'unknown kid';
    if (!isLoading() && backingOff()) return down(`${why}, backing off`);
    const spends = current !== null && !isLoading();
    if (spends && !takeFromBucket()) return unknownByAge(issuedAtSeconds);
    if (!(await refresh())) {
      // A failure has its back-off; it is not to cost the recovery a refetch as well.
      if (spends) bucket++;
      return down(`${why}, fetch failed`);
    }
    const found = set === null ? [] : matching(set, kid);
    if (found.length > 0) return ok(found);
    return joins ? unknownByAge(issuedAtSeconds) : unknown();
  }

  return {
    usable,
    find,
    tried: () => attempted,
    warm: () => void (set === null && !isLoading() && refresh()),
  };
}
