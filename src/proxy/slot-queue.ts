// Lets requests wait a short time for a free connection, so that a burst above the limit of an
// upstream is not rejected. The first to wait is the first to go on.

/** Longer waits would hide an upstream that is too slow for its callers. */
export const MAX_WAIT_MS = 1_000;

/** A request that waits for a connection. */
export interface SlotWaiter<Slot> {
  /** Called once, unless the waiter left. Null: no connection became free in time. */
  onSlot(slot: Slot | null): void;
}

export interface SlotQueue<Slot> {
  /** False where too many requests wait already. */
  wait(waiter: SlotWaiter<Slot>): boolean;
  /** Ends a wait: its caller has disconnected. */
  leave(waiter: SlotWaiter<Slot>): void;
  /** Gives a connection to the request that has waited longest. False: none waits. */
  give(slot: Slot): boolean;
  /** Ends all waits without a connection. */
  close(): void;
}

/** The part of a queue that a waiting request needs. */
export type SlotLine<Slot> = Pick<SlotQueue<Slot>, 'wait' | 'leave'>;

export function createSlotQueue<Slot>(maxWaiting: number): SlotQueue<Slot> {
  /** By waiter: the timer that ends its wait. The one that has waited longest comes first. */
  const waiting = new Map<SlotWaiter<Slot>, NodeJS.Timeout>();

  /** False where the waiter waits no longer. */
  function leave(waiter: SlotWaiter<Slot>): boolean {
    clearTimeout(waiting.get(waiter));
    return waiting.delete(waiter);
  }

  return {
    leave,
    wait(waiter) {
      if (waiting.size >= maxWaiting) return false;
      const giveUp = (): void => {
        if (leave(waiter)) waiter.onSlot(null);
      };
      waiting.set(waiter, setTimeout(giveUp, MAX_WAIT_MS).unref());
      return true;
    },
    give(slot) {
      const [first] = waiting.keys();
      if (first === undefined) return false;
      leave(first);
      // The request that had the connection is not over yet.
      setImmediate(() => first.onSlot(slot));
      return true;
    },
    close() {
      for (const waiter of [...waiting.keys()]) if (leave(waiter)) waiter.onSlot(null);
    },
  };
}
