// Caches introspection results: active ones until `exp` at most (C-85, expired tokens), inactive
// ones briefly (C-86, negative caching). One cache serves one issuer and one client, so no other
// client's result can be in it. The cache never holds a token.
import { LRUCache } from 'lru-cache';
import type { AccessToken } from '../../core/access-token.js';
import type { Clock } from '../../core/clock.js';
import type { Failure } from '../../core/failure.js';
import { type Ok, ok, type Result } from '../../core/result.js';
import { createBoundedCache } from '../bounded-cache.js';

/** `key`: see `tokenHash` (C-87, hashed cache keys). */
export interface IntrospectionCache {
  /** The result for this token, while it is fresh. */
  get(key: string): Result<AccessToken> | undefined;
  /** True for a token that the issuer called active in the last ten minutes. */
  isKnown(key: string): boolean;
  /** `bytes`: the size of the response. */
  putActive(key: string, token: AccessToken, bytes: number): Ok<AccessToken>;
  putInactive(key: string, failure: Failure): void;
}

interface Active {
  readonly result: Ok<AccessToken>;
  /**
   * Monotonic milliseconds, like `knownUntilMs`. A wall clock that is set back must not lengthen
   * the revocation delay (E-13, monotonic clock).
   */
  readonly untilMs: number;
  readonly knownUntilMs: number;
  /** Wall clock: `exp`, without tolerance. No entry is used after it. */
  readonly expiresMs: number;
}

interface Inactive {
  readonly result: Failure;
  readonly untilMs: number;
}

const ENTRIES = 10_000;
/** A response may have 64 KiB; all of one issuer together must not take 640 MB. */
const MAX_BYTES = 16 * 1024 * 1024;
const KNOWN_MS = 600_000;

export function createIntrospectionCache(
  {
    activeCacheSeconds,
    inactiveCacheSeconds,
  }: { readonly activeCacheSeconds: number; readonly inactiveCacheSeconds: number },
  clock: Clock,
): IntrospectionCache {
  const { entries: active, put } = createBoundedCache<Active>(ENTRIES, MAX_BYTES);
  // A separate map: random tokens must not evict known ones (E-02, bounded caches).
  const inactive = new LRUCache<string, Inactive>({ maxSize: ENTRIES, sizeCalculation: () => 1 });
  return {
    get(key) {
      const now = clock.monotonicMs();
      const accepted = active.get(key);
      if (accepted !== undefined && now < accepted.untilMs && clock.wallMs() < accepted.expiresMs)
        return accepted.result;
      const rejected = inactive.get(key);
      return rejected !== undefined && now < rejected.untilMs ? rejected.result : undefined;
    },
    isKnown(key) {
      const entry = active.get(key);
      return entry !== undefined && clock.monotonicMs() < entry.knownUntilMs;
    },
    putActive(key, token, bytes) {
      const now = clock.monotonicMs();
      const result = ok(token);
      const expiresMs = (token.principal.expiresAt ?? Number.POSITIVE_INFINITY) * 1000;
      const entry = {
        result,
        untilMs: now + activeCacheSeconds * 1000,
        knownUntilMs: now + KNOWN_MS,
        expiresMs,
      };
      put(key, entry, bytes);
      return result;
    },
    putInactive(key, result) {
      // A revoked token is no longer known.
      active.delete(key);
      inactive.set(key, { result, untilMs: clock.monotonicMs() + inactiveCacheSeconds * 1000 });
    },
  };
}
