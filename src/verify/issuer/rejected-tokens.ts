// Remembers for a few seconds that no key of a set verifies a token. So a client that repeats a
// forged token costs little. Any change of the set ends that. It holds hashes, never a token.
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../core/clock.js';
import type { Failure } from '../../core/failure.js';
import type { KeySet } from './jwk-set.js';
import type { KeySource } from './jwks.js';

export interface RejectedTokens {
  /** `key`: see `tokenHash`. Reading touches the key source, which may start a refresh. */
  get(key: string): Failure | undefined;
  /** `set`: the failure is true of this one. */
  put(key: string, failure: Failure, set: KeySet): void;
}

interface Entry {
  readonly failure: Failure;
  readonly set: KeySet;
  /** Monotonic milliseconds. */
  readonly untilMs: number;
}

/** About 300 KB for each issuer. Forged tokens that differ cost a check each, however many fit. */
const ENTRIES = 1_000;
const LIFE_MS = 5_000;

export function createRejectedTokens(
  keys: Pick<KeySource, 'usableKeySet'>,
  clock: Clock,
): RejectedTokens {
  const entries = new LRUCache<string, Entry>({ maxSize: ENTRIES, sizeCalculation: () => 1 });
  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      if (entry.set === keys.usableKeySet() && clock.monotonicMs() < entry.untilMs)
        return entry.failure;
      entries.delete(key);
      return undefined;
    },
    put: (key, failure, set) =>
      void entries.set(key, { failure, set, untilMs: clock.monotonicMs() + LIFE_MS }),
  };
}
