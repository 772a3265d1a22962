// Decides how many questions are under way at once, and who waits: half of the slots are for the known alone, so that a flood of strangers
// is neither passed on to the dependency nor in the way of those who were let in before (C-91). Never decides who is known.
import type { Clock } from '../../core/clock.js';

export interface Slots {
  /** Runs the work in a slot, after a wait where there is none. Null: too many wait already, or it waited too long. */
  run<T>(known: boolean, work: () => Promise<T>): Promise<T | null>;
}

export interface SlotLimits {
  readonly atOnce: number;
  /** Of these, for those who are not known. */
  readonly forStrangers: number;
  /** Waiting at once, known and strangers each. */
  readonly waiting: number;
  /** Looked at whenever a slot comes free. */
  readonly waitMs: number;
}

interface Waiter {
  readonly sinceMs: number;
  readonly go: (admitted: boolean) => void;
}

export function createSlots(limits: SlotLimits, clock: Clock): Slots {
  let running = 0;
  let strangers = 0;
  const queues = { known: [] as Waiter[], stranger: [] as Waiter[] };

  const free = (known: boolean): boolean =>
    running < limits.atOnce && (known || strangers < limits.forStrangers);

  function take(known: boolean): void {
    running += 1;
    if (!known) strangers += 1;
  }

  function admit(known: boolean): void {
    const queue = known ? queues.known : queues.stranger;
    while (queue.length > 0) {
      const tooLong = clock.monotonicMs() - (queue[0] as Waiter).sinceMs >= limits.waitMs;
      if (!tooLong && !free(known)) return;
      const { go } = queue.shift() as Waiter;
      if (!tooLong) take(known);
      go(!tooLong);
    }
  }

  function release(known: boolean): void {
    running -= 1;
    if (!known) strangers -= 1;
    admit(true);
    admit(false);
  }

  return {
    async run(known, work) {
      const queue = known ? queues.known : queues.stranger;
      if (free(known)) take(known);
      else if (queue.length >= limits.waiting) return null;
      else if (
        !(await new Promise<boolean>((go) => queue.push({ sinceMs: clock.monotonicMs(), go })))
      )
        return null;
      try {
        return await work();
      } finally {
        release(known);
      }
    },
  };
}
