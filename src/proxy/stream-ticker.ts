// Ticks all open event streams with one timer. Without an open stream there is no timer.
import type { Clock } from '../core/clock.js';
import { type ListEntry, SwapRemoveList } from './swap-remove-list.js';

/** Milliseconds between two ticks. A deadline before the next tick counts as passed. */
export const TICK_MS = 500;

export interface TickListener extends ListEntry {
  /** The times are in milliseconds. `shuttingDown`: the process is about to exit. */
  tick(wallMs: number, monotonicMs: number, shuttingDown: boolean): void;
}

export interface StreamTicker {
  add(listener: TickListener): void;
  remove(listener: TickListener): void;
  /** Ticks every listener at once with `shuttingDown`. Later listeners get it at the next tick. */
  shutDown(): void;
}

export function createStreamTicker(clock: Clock): StreamTicker {
  const listeners = new SwapRemoveList<TickListener>();
  let timer: NodeJS.Timeout | null = null;
  let shuttingDown = false;

  function tickAll(): void {
    const { entries } = listeners;
    if (entries.length === 0 && timer !== null) {
      clearInterval(timer);
      timer = null;
    }
    const wallMs = clock.wallMs();
    const monotonicMs = clock.monotonicMs();
    // Backwards: the last entry takes the place of a removed one, and it had its tick already.
    for (let i = entries.length - 1; i >= 0; i--)
      entries[i]?.tick(wallMs, monotonicMs, shuttingDown);
  }

  return {
    add(listener) {
      listeners.add(listener);
      timer ??= setInterval(tickAll, TICK_MS).unref();
    },
    remove: (listener) => listeners.remove(listener),
    shutDown() {
      shuttingDown = true;
      tickAll();
    },
  };
}
