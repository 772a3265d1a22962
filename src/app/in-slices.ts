// Runs a long computation in slices, so that requests are served between two of them.
import { setImmediate } from 'node:timers/promises';

/** Each yield of the generator ends a slice. */
export async function inSlices<T>(steps: Generator<unknown, T>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await setImmediate();
  }
}
