// Decides when open event streams are looked at: one timer for all of them, none while there is none. Never decides what becomes of one.
import type { Clock } from '../core/clock.js';
import { type ListEntry, SwapRemoveList } from './swap-remove-list.js';

/** Between two looks. A deadline that would pass before the next one counts as passed. */
export const TICK_MS = 500;

export interface TickListener extends ListEntry {
  /** `retiring`: the process goes. */
  tick(wallMs: number, monotonicMs: number, retiring: boolean): void;
}

export interface StreamTicker {
  add(one: TickListener): void;
  remove(one: TickListener): void;
  /** The process goes: all that are open are told now, those that come at the next look. */
  retire(): void;
}

export function createStreamTicker(clock: Clock): StreamTicker {
  const watched = new SwapRemoveList<TickListener>();
  let timer: NodeJS.Timeout | null = null;
  let retiring = false;

  function lookAtAll(): void {
    const { all } = watched;
    if (all.length === 0 && timer !== null) {
      clearInterval(timer);
      timer = null;
    }
    const wallMs = clock.wallMs();
    const monotonicMs = clock.monotonicMs();
    // Backwards: where one leaves, the last takes its place, and that was looked at already.
    for (let i = all.length - 1; i >= 0; i--) all[i]?.tick(wallMs, monotonicMs, retiring);
  }

  return {
    add(one) {
      watched.add(one);
      timer ??= setInterval(lookAtAll, TICK_MS).unref();
    },
    remove: (one) => watched.remove(one),
    retire() {
      retiring = true;
      lookAtAll();
    },
  };
}
