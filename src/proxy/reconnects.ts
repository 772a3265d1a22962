// Lets GET streams wait while their upstream accepts no connection, as during its restart. One of
// them at a time tries to connect. When that succeeds, the others follow.

const TRY_EVERY_MS = 250;
/** How long a stream waits at most. Then its client gets the failure. */
const MAX_WAIT_MS = 5_000;
/** More streams get the failure at once. */
export const MAX_WAITING = 1_000;

export interface Waiter {
  /** True once the caller has disconnected. */
  readonly isAbandoned: boolean;
  /** The tick at which the wait ends; 0 before the first wait. Only the list below writes it. */
  lastTick: number;
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

export function createReconnects(): Reconnects {
  /** The stream that waits longest comes first. */
  let waiting: Waiter[] = [];
  let ticks = 0;
  let timer: NodeJS.Timeout | null = null;

  function tick(): void {
    ticks++;
    if (waiting.length === 0 && timer !== null) {
      clearInterval(timer);
      timer = null;
    }
    const isOver = ({ isAbandoned, lastTick }: Waiter): boolean => isAbandoned || ticks >= lastTick;
    const over = waiting.filter(isOver);
    waiting = waiting.filter((waiter) => !isOver(waiter));
    for (const waiter of over) waiter.giveUp();
    waiting.shift()?.tryAgain();
  }

  return {
    wait(waiter) {
      if (waiter.isAbandoned || waiting.length >= MAX_WAITING) return false;
      if (waiter.lastTick === 0) {
        waiter.lastTick = ticks + MAX_WAIT_MS / TRY_EVERY_MS;
        waiting.push(waiter);
      } else waiting.unshift(waiter);
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
