// Limits the refetches of a key set for tokens whose key is not in it: two at once, then one in
// each cooldown. Otherwise a flood of forged tokens would be a flood of fetches.
import type { Clock } from '../../core/clock.js';

const SIZE = 2;

export interface RefetchBucket {
  /** False: no refetch is left now. */
  take(): boolean;
  /** Returns a refetch that failed: the back-off limits those. */
  putBack(): void;
  /** The monotonic time in milliseconds at which a refetch is possible. */
  availableAtMs(): number;
}

export function createRefetchBucket(cooldownSeconds: number, clock: Clock): RefetchBucket {
  const cooldownMs = cooldownSeconds * 1000;
  let left = SIZE;
  let countedAtMs = clock.monotonicMs();
  return {
    take() {
      const now = clock.monotonicMs();
      const regained = Math.floor((now - countedAtMs) / cooldownMs);
      left = Math.min(SIZE, left + regained);
      countedAtMs = left === SIZE ? now : countedAtMs + regained * cooldownMs;
      if (left === 0) return false;
      left--;
      return true;
    },
    putBack: () => void left++,
    availableAtMs: () => (left > 0 ? 0 : countedAtMs + cooldownMs),
  };
}
