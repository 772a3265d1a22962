// Joins calls for the same key: one call does the work, and the others wait for its result.

export interface SingleFlight<T> {
  run(key: string, work: () => Promise<T>): Promise<T>;
  isRunning(key: string): boolean;
}

export function createSingleFlight<T>(): SingleFlight<T> {
  const running = new Map<string, Promise<T>>();
  return {
    run(key, work) {
      const joined = running.get(key);
      if (joined !== undefined) return joined;
      // Not `finally`: it makes two more promises (measured).
      const started = work().then(
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
