// Supplies the header with a token for the upstream: from the cache, or from one request for all
// calls that wait for it. Renews a token in the background before its end.
import type { Clock } from '../../core/clock.js';
import type { MakeFailure } from '../../core/failure.js';
import type { MaybeLater } from '../../core/maybe-later.js';
import { ok, type Result } from '../../core/result.js';
import { backoffMs } from '../../idp/backoff.js';
import { createSingleFlight } from '../../idp/single-flight.js';
import type { IssuedToken } from './issued-token.js';
import { type CachedToken, createTokenCache } from './token-cache.js';
import { lifeOf } from './token-life.js';

/** Requests a token. `isKnown`: see `TokenClient`. */
export type AskForToken = (isKnown: boolean) => Promise<Result<IssuedToken>>;

export interface TokenSupply {
  /** `callerEndsAtMs`: see `lifeOf`. `ask` runs only where the cache cannot serve the call. */
  headers(
    key: string,
    callerEndsAtMs: number | null,
    ask: AskForToken,
  ): MaybeLater<Result<readonly string[]>>;
  /** The upstream rejects the token: the next call gets a new one, once within five seconds. */
  drop(key: string): void;
}

export interface TokenSupplyParts {
  readonly clock: Clock;
  /** 0..1, for jitter. */
  readonly random: () => number;
  /** The failures that the supply remembers for five seconds. It never remembers others. */
  readonly remembered: readonly MakeFailure[];
}

const RENEWAL_BACKOFF = { firstMs: 1_000, longestMs: 30_000 };

export function createTokenSupply({ clock, random, remembered }: TokenSupplyParts): TokenSupply {
  const cache = createTokenCache(clock);
  const flight = createSingleFlight<Result<readonly string[]>>();

  async function obtain(
    key: string,
    callerEndsAtMs: number | null,
    ask: AskForToken,
  ): Promise<Result<readonly string[]>> {
    const issued = await ask(cache.isKnown(key));
    if (!issued.ok) {
      if (remembered.some(({ definition }) => definition === issued.definition))
        cache.putRejection(key, issued);
      return issued;
    }
    const { accessToken, endsAtMs } = issued.value;
    const headers = ok<readonly string[]>(['authorization', `Bearer ${accessToken}`]);
    cache.put(key, headers, lifeOf(endsAtMs, callerEndsAtMs, clock.wallMs()));
    return headers;
  }

  /** If it fails, no call fails, and the next try waits. */
  function renew(
    cached: CachedToken,
    key: string,
    callerEndsAtMs: number | null,
    ask: AskForToken,
  ): void {
    cached.renewAtMs = Number.POSITIVE_INFINITY;
    const failed = (): void => {
      const waitMs = backoffMs(cached.failures++, RENEWAL_BACKOFF, random);
      cached.renewAtMs = clock.monotonicMs() + waitMs;
    };
    void flight
      .run(key, () => obtain(key, callerEndsAtMs, ask))
      .then((result) => {
        if (!result.ok) failed();
      }, failed);
  }

  return {
    headers(key, callerEndsAtMs, ask) {
      const cached = cache.usable(key);
      if (cached !== undefined) {
        if (clock.monotonicMs() >= cached.renewAtMs) renew(cached, key, callerEndsAtMs, ask);
        return cached.headers;
      }
      return cache.rejection(key) ?? flight.run(key, () => obtain(key, callerEndsAtMs, ask));
    },
    drop: (key) => cache.drop(key),
  };
}
