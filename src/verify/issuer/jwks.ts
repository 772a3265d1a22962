// Keeps the key set of one issuer: fetches it, refreshes it, and drops it when it is too old. A set
// is fresh, then stale within a grace period, then expired. Fetches back off after failures, and
// unknown kids may cause a limited number of refetches only.

import type { Clock } from '../../core/clock.js';
import type { Failure } from '../../core/failure.js';
import { keysRefetchLimited, keysUnavailable, tokenKeyUnknown } from '../../core/failures.js';
import type { Notify } from '../../core/notice.js';
import { ok, type Result } from '../../core/result.js';
import { backoffMs } from '../../idp/backoff.js';
import { createSingleFlight } from '../../idp/single-flight.js';
import type { KeySet, VerifyKey } from './jwk-set.js';
import { createRefetchBucket } from './refetch-bucket.js';

export interface JwksPolicy {
  /** A set is fresh for this time. Cache-Control overrides it, within 1 minute to 24 hours. */
  readonly cacheSeconds: number;
  /** After that, a set is still used for this time while no refresh succeeds; 0: not at all. */
  readonly staleIfErrorSeconds: number;
  /** The bucket holds two refetches for unknown keys, and regains one in this time. */
  readonly unknownKidCooldownSeconds: number;
}

export type JwksLoadResult =
  | { readonly ok: true; readonly set: KeySet; readonly maxAgeSeconds: number | null }
  | {
      readonly ok: false;
      readonly detail: string;
      readonly retryAfterSeconds?: number;
      /** True: the issuer responded with a key set, but no key of it is usable. */
      readonly isEmptySet?: boolean;
    };

export interface NewerKeys {
  readonly keys: readonly VerifyKey[];
  /** True: the fetch began after the call, so that no later one can have the key of the token. */
  readonly isFinal: boolean;
}

export interface KeySource {
  /** The set that is fresh or stale now, or null. Starts a refresh when one is due, never waits. */
  usableKeySet(): KeySet | null;
  /** The same set, but starts nothing. */
  peekKeySet(): KeySet | null;
  /**
   * The keys with this kid; without a kid, all keys. Waits for a fetch where the result depends on
   * one. `issuedAtSeconds`: `iat` of the token.
   */
  find(
    kid: string | undefined,
    issuedAtSeconds: number | undefined,
  ): Promise<Result<readonly VerifyKey[]>>;
  /**
   * Keys of a newer set, for a token without kid that no key of `tried` verifies. Null: the token
   * is certainly older than `tried`.
   */
  findNewer(
    tried: readonly VerifyKey[],
    issuedAtSeconds: number | undefined,
  ): Promise<Result<NewerKeys> | null>;
  /** True after the first load, whether it succeeded or failed. */
  hasAttemptedLoad(): boolean;
  /** Milliseconds since the last good load; null before the first. */
  ageMs(): number | null;
  /** True where the last load succeeded. */
  isUp(): boolean;
  /** Starts the first load. Resolves when it has succeeded or failed. */
  preload(): Promise<void>;
  /** The issuer is reachable again: the next load does not wait for the end of the back-off. */
  endBackoff(): void;
}

/** A refresh starts after this part of the fresh time. */
const REFRESH_AT = 0.8;
const BACKOFF = { firstMs: 1_000, longestMs: 30_000 };

export interface KeySourceDependencies {
  readonly issuer: string;
  readonly load: () => Promise<JwksLoadResult>;
  readonly clock: Clock;
  readonly notify: Notify;
  /** 0..1, for jitter. */
  readonly random: () => number;
  readonly policy: JwksPolicy;
  /** The clock of the issuer may be late by this time. */
  readonly clockToleranceSeconds: number;
}

export function createKeySource({
  issuer,
  load,
  clock,
  notify,
  random,
  policy,
  clockToleranceSeconds,
}: KeySourceDependencies): KeySource {
  let set: KeySet | null = null;
  let fetchedAtMs = 0;
  /** Wall clock at the start of the fetch of the set. */
  let requestedWallMs = 0;
  let freshMs = 0;
  let failures = 0;
  let retryAtMs = 0;
  const flight = createSingleFlight<boolean>();
  const isLoading = (): boolean => flight.isRunning(issuer);
  let hasAttempted = false;
  const bucket = createRefetchBucket(policy.unknownKidCooldownSeconds, clock);

  const secondsUntil = (ms: number): number => Math.max(1, (ms - clock.monotonicMs()) / 1000);
  const unavailable = (detail: string): Failure =>
    keysUnavailable({ detail, retryAfterSeconds: secondsUntil(retryAtMs) });

  function succeed(loaded: Extract<JwksLoadResult, { ok: true }>, startedWallMs: number): void {
    set = loaded.set;
    fetchedAtMs = clock.monotonicMs();
    requestedWallMs = startedWallMs;
    freshMs = 1000 * Math.min(86_400, Math.max(60, loaded.maxAgeSeconds ?? policy.cacheSeconds));
    if (failures > 0) notify({ event: 'keys.recovered', level: 'info', issuer });
    failures = 0;
    retryAtMs = 0;
  }

  const lifeMs = (): number => freshMs + policy.staleIfErrorSeconds * 1000;

  /** Whether the gateway still uses older keys, and for how many seconds. */
  function remaining(): { readonly stale: boolean; readonly staleSeconds?: number } {
    const leftMs = set === null ? 0 : fetchedAtMs + lifeMs() - clock.monotonicMs();
    return leftMs > 0 ? { stale: true, staleSeconds: Math.ceil(leftMs / 1000) } : { stale: false };
  }

  function fail(loaded: Extract<JwksLoadResult, { ok: false }>): void {
    const requestedMs = 1000 * Math.min(30, loaded.retryAfterSeconds ?? 0);
    const waitMs = Math.max(requestedMs, backoffMs(failures++, BACKOFF, random));
    retryAtMs = clock.monotonicMs() + waitMs;
    // An issuer that publishes no usable key works. To drop the old keys would log out all users.
    const event = loaded.isEmptySet ? 'keys.empty_set' : 'keys.load_failed';
    const { detail } = loaded;
    notify({ event, level: 'error', issuer, detail, failures, ...remaining() });
  }

  /** One fetch at a time, independent of the request that caused it. Resolves to its success. */
  function refresh(): Promise<boolean> {
    const startedWallMs = clock.wallMs();
    return flight.run(issuer, async () => {
      const loaded = await load().catch(
        (error: unknown): JwksLoadResult => ({ ok: false, detail: String(error) }),
      );
      hasAttempted = true;
      if (loaded.ok) succeed(loaded, startedWallMs);
      else fail(loaded);
      return loaded.ok;
    });
  }

  const isBackingOff = (): boolean => clock.monotonicMs() < retryAtMs;

  const ageMs = (): number => clock.monotonicMs() - fetchedAtMs;
  const peekKeySet = (): KeySet | null => (ageMs() < lifeMs() ? set : null);

  function usableKeySet(): KeySet | null {
    if (set === null) return null;
    if (ageMs() >= freshMs * REFRESH_AT && !isLoading() && !isBackingOff()) void refresh();
    return peekKeySet();
  }

  const matching = ({ keys }: KeySet, kid: string | undefined): readonly VerifyKey[] =>
    kid === undefined ? keys : keys.filter((key) => key.kid === kid);

  const unknownKid = (): Failure => tokenKeyUnknown({ detail: 'no published key has this kid' });

  /**
   * A set cannot contain a key that the issuer published after the fetch. So only a token that is
   * certainly older than the set is rejected for its key. For another one the gateway needs a new
   * fetch. `iat` may be a whole second, and the clock of the issuer may be late.
   */
  function isOlderThanSet(issuedAtSeconds: number | undefined): boolean {
    const latestSeconds = (issuedAtSeconds ?? Number.POSITIVE_INFINITY) + 1 + clockToleranceSeconds;
    return latestSeconds * 1000 <= requestedWallMs;
  }

  const refetchLimited = (what: string): Failure =>
    keysRefetchLimited({
      detail: `${what} in a token that may be newer than the key set`,
      retryAfterSeconds: secondsUntil(bucket.availableAtMs()),
    });

  const unknownByAge = (issuedAtSeconds: number | undefined): Failure =>
    isOlderThanSet(issuedAtSeconds) ? unknownKid() : refetchLimited('unknown kid');

  /** Fetches the set for a token. Null: it succeeded. A failed fetch uses up nothing. */
  async function refetch(why: string, usesBucket: boolean): Promise<Failure | null> {
    if (await refresh()) return null;
    if (usesBucket) bucket.putBack();
    return unavailable(`${why}, fetch failed`);
  }

  async function find(
    kid: string | undefined,
    issuedAtSeconds: number | undefined,
  ): Promise<Result<readonly VerifyKey[]>> {
    // Read first: a refresh that `usableKeySet` starts counts as a fetch for this token.
    const joinsFetch = isLoading();
    const current = usableKeySet();
    const known = current === null ? [] : matching(current, kid);
    if (known.length > 0) return ok(known);
    const why = current === null ? 'no usable keys' : 'unknown kid';
    if (!isLoading() && isBackingOff()) return unavailable(`${why}, backing off`);
    const usesBucket = current !== null && !isLoading();
    if (usesBucket && !bucket.take()) return unknownByAge(issuedAtSeconds);
    const failure = await refetch(why, usesBucket);
    if (failure !== null) return failure;
    const found = set === null ? [] : matching(set, kid);
    if (found.length > 0) return ok(found);
    return joinsFetch ? unknownByAge(issuedAtSeconds) : unknownKid();
  }

  async function findNewer(
    tried: readonly VerifyKey[],
    issuedAtSeconds: number | undefined,
  ): Promise<Result<NewerKeys> | null> {
    if (isLoading()) await refresh();
    if (set !== null && set.keys !== tried) return ok({ keys: set.keys, isFinal: false });
    if (isOlderThanSet(issuedAtSeconds)) return null;
    const why = 'no key verifies a token without kid';
    if (isBackingOff()) return unavailable(`${why}, backing off`);
    if (!bucket.take()) return refetchLimited('an unknown key');
    const failure = await refetch(why, true);
    if (failure !== null) return failure;
    return ok({ keys: (set as KeySet).keys, isFinal: true });
  }

  return {
    usableKeySet,
    peekKeySet,
    find,
    findNewer,
    hasAttemptedLoad: () => hasAttempted,
    ageMs: () => (set === null ? null : ageMs()),
    isUp: () => set !== null && failures === 0,
    async preload() {
      if (set === null) await refresh();
    },
    endBackoff() {
      retryAtMs = 0;
    },
  };
}
