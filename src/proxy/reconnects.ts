// Lets GET streams wait while their upstream accepts no connection, as during its restart. One of
// them at a time tries to connect. When that succeeds, the others follow.
import type { Clock } from '../core/clock.js';

const TRY_EVERY_MS = 250;
/** How long a stream waits at most, its attempts included. Then its client gets the failure. */
const MAX_WAIT_MS = 5_000;
/** More streams get the failure at once. */
export const MAX_WAITING = 1_000;

export interface Waiter {
  /** True once the caller has disconnected. */
  readonly isAbandoned: boolean;
  /** The time at which the wait ends; null before the first wait. Only the list below writes it. */
  endMs: number | null;
  tryAgain(): void;
  /** Called instead of `tryAgain` where the wait is over. */
  giveUp(): void;
}

export interface Reconnects {
  /** False where the stream has to give up. A stream may wait several times. */
  wait(waiter: Waiter): boolean;
  /** Tells the waiting streams that the upstream accepts connections again. */
  connected(): void;
}

export function createReconnects({ monotonicMs }: Pick<Clock, 'monotonicMs'>): Reconnects {
  /** The stream that waits longest comes first. */
  let waiting: Waiter[] = [];
  let timer: NodeJS.Timeout | null = null;

  function tick(): void {
    if (waiting.length === 0 && timer !== null) {
      clearInterval(timer);
      timer = null;
    }
    const nowMs = monotonicMs();
    const isOver = ({ isAbandoned, endMs }: Waiter): boolean =>
      isAbandoned || nowMs >= (endMs as number);
    const over = waiting.filter(isOver);
    waiting = waiting.filter((waiter) => !isOver(waiter));
    for (const waiter of over) waiter.giveUp();
    waiting.shift()?.tryAgain();
  }

  return {
    wait(waiter) {
      if (waiter.isAbandoned || waiting.length >= MAX_WAITING) return false;
      if (waiter.endMs === null) {
        waiter.endMs = monotonicMs() + MAX_WAIT_MS;
        waiting.push(waiter);
      } else if (monotonicMs() >= waiter.endMs) return false;
      else waiting.unshift(waiter);
      timer ??= setInterval(tick, TRY_EVERY_MS).unref();
      return true;
    },
    connected() {
      const all = waiting;
      waiting = [];
      for (const waiter of all) waiter.tryAgain();
    },
  };
}
