// Decides how long an introspection answer is believed (C-85, C-86), and which tokens count as known. Holds no token, only its hash; one
// cache for one issuer and one client, so that no other's answer can stand in it (C-87). Never decides what an answer means.
import { LRUCache } from 'lru-cache';
import type { AccessToken } from '../../core/access-token.js';
import type { Clock } from '../../core/clock.js';
import type { Failure } from '../../core/failure.js';
import { type Ok, ok, type Result } from '../../core/result.js';

export interface IntrospectionCache {
  /** What was said of this token, if it may still be believed. */
  get(key: string): Result<AccessToken> | undefined;
  /** True for a token that was seen active in the last ten minutes. */
  known(key: string): boolean;
  /** `bytes`: the size of the answer. */
  keepActive(key: string, token: AccessToken, bytes: number): Ok<AccessToken>;
  keepInactive(key: string, failure: Failure): void;
}

interface Active {
  readonly verdict: Ok<AccessToken>;
  /** Monotonic, all of them but `expiresMs`: a wall clock that is set back must not lengthen the revocation delay (E-13). */
  readonly untilMs: number;
  readonly knownUntilMs: number;
  /** Wall clock: the token's own end, without tolerance; no answer is believed beyond it (C-85). */
  readonly expiresMs: number;
}

interface Inactive {
  readonly verdict: Failure;
  readonly untilMs: number;
}

const ENTRIES = 10_000;
/** Answers may be 64 KiB each; those of one issuer together must not be 640 MB. */
const MAX_BYTES = 16 * 1024 * 1024;
const KNOWN_MS = 600_000;

/** Lives in seconds. */
export function createIntrospectionCache(
  {
    activeCacheSeconds,
    inactiveCacheSeconds,
  }: { readonly activeCacheSeconds: number; readonly inactiveCacheSeconds: number },
  clock: Clock,
): IntrospectionCache {
  const active = new LRUCache<string, Active>({ max: ENTRIES, maxSize: MAX_BYTES });
  // A map of their own: random tokens must not push out those that are known (E-02).
  const inactive = new LRUCache<string, Inactive>({ max: ENTRIES });
  return {
    get(key) {
      const now = clock.monotonicMs();
      const seen = active.get(key);
      if (seen !== undefined && now < seen.untilMs && clock.wallMs() < seen.expiresMs)
        return seen.verdict;
      const refused = inactive.get(key);
      return refused !== undefined && now < refused.untilMs ? refused.verdict : undefined;
    },
    known(key) {
      const seen = active.get(key);
      return seen !== undefined && clock.monotonicMs() < seen.knownUntilMs;
    },
    keepActive(key, token, bytes) {
      const now = clock.monotonicMs();
      const verdict = ok(token);
      const expiresMs = (token.principal.expiresAt ?? Number.POSITIVE_INFINITY) * 1000;
      const entry = {
        verdict,
        untilMs: now + activeCacheSeconds * 1000,
        knownUntilMs: now + KNOWN_MS,
        expiresMs,
      };
      active.set(key, entry, { size: Math.max(1, bytes) });
      return verdict;
    },
    keepInactive(key, verdict) {
      // A token that was revoked is known no longer.
      active.delete(key);
      inactive.set(key, { verdict, untilMs: clock.monotonicMs() + inactiveCacheSeconds * 1000 });
    },
  };
}
