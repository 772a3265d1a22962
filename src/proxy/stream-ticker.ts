// Ticks all open event streams with one timer. Without an open stream there is no timer.
import type { Clock } from '../core/clock.js';
import { type ListEntry, SwapRemoveList } from './swap-remove-list.js';

/** Milliseconds between two ticks. A deadline before the next tick counts as passed. */
export const TICK_MS = 500;
/** The longest slice of a recheck, and so the longest time for which it holds up requests. */
const SLICE_MS = 5;

export interface TickListener extends ListEntry {
  /** The times are in milliseconds. `shuttingDown`: the process is about to exit. */
  tick(wallMs: number, monotonicMs: number, shuttingDown: boolean): void;
  /** Ends the stream where a reload removed its caller. */
  recheck(): void;
}

export interface StreamTicker {
  add(listener: TickListener): void;
  remove(listener: TickListener): void;
  /** Ticks every listener at once with `shuttingDown`. Later listeners get it at the next tick. */
  shutDown(): void;
  /** Rechecks every listener after a reload, in slices, so that no request waits for all of them. */
  recheck(): void;
}

export function createStreamTicker(clock: Clock): StreamTicker {
  const listeners = new SwapRemoveList<TickListener>();
  let timer: NodeJS.Timeout | null = null;
  let shuttingDown = false;
  /** The number of listeners that the running recheck has yet to see. They come first. */
  let unchecked = 0;

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

  function recheckSlice(): void {
    const { entries } = listeners;
    const endMs = clock.monotonicMs() + SLICE_MS;
    // Backwards, as above. Only a listener that was checked takes the place of a removed one.
    for (let i = Math.min(unchecked, entries.length) - 1; i >= 0; i--) {
      unchecked = i;
      entries[i]?.recheck();
      if (clock.monotonicMs() >= endMs && i > 0) return void setImmediate(recheckSlice);
    }
    unchecked = 0;
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
    recheck() {
      const isRunning = unchecked > 0;
      unchecked = listeners.entries.length;
      if (!isRunning) recheckSlice();
    },
  };
}
