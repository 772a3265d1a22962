// Joins calls for the same key: one call does the work, and the others wait for its result.
import type { MaybeLater } from '../core/maybe-later.js';

export interface SingleFlight<T> {
  /** The result at once where the work has it at once. Then no other call can join. */
  run<R extends MaybeLater<T>>(key: string, work: () => R): R | Promise<T>;
  isRunning(key: string): boolean;
}

export function createSingleFlight<T>(): SingleFlight<T> {
  const running = new Map<string, Promise<T>>();
  return {
    run(key, work) {
      const joined = running.get(key);
      if (joined !== undefined) return joined;
      const result = work();
      if (!(result instanceof Promise)) return result;
      // Not `finally`: it makes two more promises (measured).
      const started: Promise<T> = result.then(
        (value) => {
          running.delete(key);
          return value;
        },
        (error: unknown) => {
          running.delete(key);
          throw error;
        },
      );
      running.set(key, started);
      return started;
    },
    isRunning: (key) => running.has(key),
  };
}
