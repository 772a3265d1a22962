// Decides when open event streams are looked at: one timer for all of them, none while there is none. Never decides what becomes of one.
import type { Clock } from '../core/ports.js';
import { type Placed, Places } from './places.js';

/** Between two looks. A deadline that would pass before the next one counts as passed. */
export const LOOK_MS = 500;

export interface Watched extends Placed {
  /** `retiring`: the process goes. */
  look(wallMs: number, monotonicMs: number, retiring: boolean): void;
}

export interface StreamWatch {
  add(one: Watched): void;
  remove(one: Watched): void;
  /** The process goes: all that are open are told now, those that come at the next look. */
  retire(): void;
}

export function createStreamWatch(clock: Clock): StreamWatch {
  const watched = new Places<Watched>();
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
    for (let i = all.length - 1; i >= 0; i--) all[i]?.look(wallMs, monotonicMs, retiring);
  }

  return {
    add(one) {
      watched.add(one);
      timer ??= setInterval(lookAtAll, LOOK_MS).unref();
    },
    remove: (one) => watched.remove(one),
    retire() {
      retiring = true;
      lookAtAll();
    },
  };
}
