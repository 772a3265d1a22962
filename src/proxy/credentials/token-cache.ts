// Caches the headers with issued tokens of one endpoint, and rejections of a token endpoint for a
// few seconds. It is bounded in entries and bytes, and holds no token of a caller.
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../core/clock.js';
import type { Failure } from '../../core/failure.js';
import type { Ok } from '../../core/result.js';
import type { TokenLife } from './token-life.js';

export interface CachedToken {
  /** Names and values in turn. */
  readonly headers: Ok<readonly string[]>;
  /** Monotonic milliseconds, like all times here but `endsAtMs`. The background moves it. */
  renewAtMs: number;
  /** Failed renewals in a row. */
  failures: number;
}

/** `key`: see `tokenHash` (C-87, hashed cache keys). */
export interface TokenCache {
  /** The token while it is usable. */
  usable(key: string): CachedToken | undefined;
  /** The rejection while the cache remembers it. */
  rejection(key: string): Failure | undefined;
  /** True until ten minutes after the end of a token: its requests are not a part of a flood. */
  isKnown(key: string): boolean;
  put(key: string, headers: Ok<readonly string[]>, life: TokenLife): void;
  putRejection(key: string, failure: Failure): void;
  /** The upstream rejects the token. The cache forgets it, but only once within five seconds. */
  drop(key: string): void;
}

interface Entry extends CachedToken {
  usableUntilMs: number;
  /** Wall clock. A clock that is set forward ends the token too. */
  readonly endsAtMs: number;
  readonly knownUntilMs: number;
  droppedAtMs: number;
}

const MAX_BYTES = 16 * 1024 * 1024;
/** The entry itself and its key. With it, `MAX_BYTES` bounds the entries too. */
const ENTRY_BYTES = 512;
const REJECTIONS = 10_000;
const REJECTED_MS = 5_000;
const KNOWN_MS = 600_000;
const DROP_INTERVAL_MS = 5_000;

export function createTokenCache(clock: Clock): TokenCache {
  // Without `max`: that would allocate all entries at once, for each endpoint.
  const tokens = new LRUCache<string, Entry>({ maxSize: MAX_BYTES });
  // A separate map: rejected callers must not evict the tokens of others (E-02, bounded caches).
  const rejections = new LRUCache<string, { failure: Failure; untilMs: number }>({
    maxSize: REJECTIONS,
    sizeCalculation: () => 1,
  });
  return {
    usable(key) {
      const entry = tokens.get(key);
      return entry !== undefined &&
        clock.monotonicMs() < entry.usableUntilMs &&
        clock.wallMs() < entry.endsAtMs
        ? entry
        : undefined;
    },
    rejection(key) {
      const found = rejections.get(key);
      return found !== undefined && clock.monotonicMs() < found.untilMs ? found.failure : undefined;
    },
    isKnown(key) {
      const entry = tokens.peek(key);
      return entry !== undefined && clock.monotonicMs() < entry.knownUntilMs;
    },
    put(key, headers, { usableMs, renewAfterMs }) {
      const nowMs = clock.monotonicMs();
      const entry: Entry = {
        headers,
        usableUntilMs: nowMs + usableMs,
        renewAtMs: nowMs + renewAfterMs,
        endsAtMs: clock.wallMs() + usableMs,
        knownUntilMs: nowMs + usableMs + KNOWN_MS,
        failures: 0,
        droppedAtMs: tokens.peek(key)?.droppedAtMs ?? Number.NEGATIVE_INFINITY,
      };
      const characters = headers.value.reduce((sum, text) => sum + text.length, 0);
      tokens.set(key, entry, { size: ENTRY_BYTES + characters });
      rejections.delete(key);
    },
    putRejection(key, failure) {
      rejections.set(key, { failure, untilMs: clock.monotonicMs() + REJECTED_MS });
    },
    drop(key) {
      const entry = tokens.peek(key);
      const nowMs = clock.monotonicMs();
      if (entry === undefined || nowMs - entry.droppedAtMs < DROP_INTERVAL_MS) return;
      entry.droppedAtMs = nowMs;
      entry.usableUntilMs = nowMs;
    },
  };
}
