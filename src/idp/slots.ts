// Limits the requests to a server that are in flight at once (C-91, concurrency limit). Unknown
// tokens may take a part of the slots only. So a flood of them does not reach the issuer in full,
// and does not block the clients whose tokens were active before.
import type { Clock } from '../core/clock.js';

export interface Slots {
  /**
   * Runs the work in a slot; `isKnown` is true for a known token. Without a free slot it waits.
   * Resolves to null where too many wait already, or where it waited too long.
   */
  run<T>(isKnown: boolean, work: () => Promise<T>): Promise<T | null>;
}

export interface SlotLimits {
  readonly max: number;
  /** Slots, out of `max`, that unknown tokens may take. */
  readonly maxUnknown: number;
  /** Waiting at once, for known and for unknown tokens each. */
  readonly maxWaiting: number;
  /** Milliseconds. Checked whenever a slot becomes free. */
  readonly maxWaitMs: number;
}

/** Waiting for a slot at once, for known and for unknown tokens each. */
const MAX_WAITING = 256;

/**
 * A flood of random tokens does not reach the server in full. A start with many known tokens waits,
 * and the gateway does not reject it.
 */
export const slotLimits = ({
  maxConcurrentRequests: max,
  timeoutMs,
}: {
  readonly maxConcurrentRequests: number;
  readonly timeoutMs: number;
}): SlotLimits => ({
  max,
  maxUnknown: Math.floor(max / 2),
  maxWaiting: MAX_WAITING,
  maxWaitMs: timeoutMs,
});

interface Waiter {
  readonly sinceMs: number;
  readonly resume: (isAdmitted: boolean) => void;
}

export function createSlots(limits: SlotLimits, clock: Clock): Slots {
  let running = 0;
  let runningUnknown = 0;
  const queues = { known: [] as Waiter[], unknown: [] as Waiter[] };

  const hasFreeSlot = (isKnown: boolean): boolean =>
    running < limits.max && (isKnown || runningUnknown < limits.maxUnknown);

  function take(isKnown: boolean): void {
    running += 1;
    if (!isKnown) runningUnknown += 1;
  }

  function admitWaiting(isKnown: boolean): void {
    const queue = isKnown ? queues.known : queues.unknown;
    while (queue.length > 0) {
      const isTooLate = clock.monotonicMs() - (queue[0] as Waiter).sinceMs >= limits.maxWaitMs;
      if (!isTooLate && !hasFreeSlot(isKnown)) return;
      const { resume } = queue.shift() as Waiter;
      if (!isTooLate) take(isKnown);
      resume(!isTooLate);
    }
  }

  function release(isKnown: boolean): void {
    running -= 1;
    if (!isKnown) runningUnknown -= 1;
    admitWaiting(true);
    admitWaiting(false);
  }

  return {
    async run(isKnown, work) {
      const queue = isKnown ? queues.known : queues.unknown;
      if (hasFreeSlot(isKnown)) take(isKnown);
      else if (queue.length >= limits.maxWaiting) return null;
      else if (
        !(await new Promise<boolean>((resume) =>
          queue.push({ sinceMs: clock.monotonicMs(), resume }),
        ))
      )
        return null;
      try {
        return await work();
      } finally {
        release(isKnown);
      }
    },
  };
}
