// Settings of V8 that keep the memory of a server small: the start compiles less, and gives its
// memory back.
import { setFlagsFromString } from 'node:v8';

/** The largest function that V8 optimizes. The default of each V8 of Node 20 to 26. */
const OPTIMIZED_BYTES = 61_440;
const optimizeUpTo = (bytes: number): void =>
  setFlagsFromString(`--max-optimized-bytecode-size=${bytes}`);

/**
 * The optimizing compilers of V8 take megabytes for large functions. During the start they work on
 * code that runs only then. (measured: 3 MB less on Node 20, 5 on Node 24.) Not by --no-opt: on
 * Node 24, functions that are hot during that time then stay slow.
 */
export const pauseOptimizers = (): void => optimizeUpTo(0);

/** Call it before the first request, because clients wait for that code. */
export const resumeOptimizers = (): void => optimizeUpTo(OPTIMIZED_BYTES);

/**
 * The parser of undici is WebAssembly, with one huge function. V8 optimizes it after about two
 * responses, which takes 40 MB for a moment, and malloc keeps 10 of them. With this budget a start
 * ends before that, so that only a gateway in use pays. The default is 1,800,000. A hundred times
 * more than here saves no more memory, and keeps small functions slow for longer. (measured on
 * Node 20)
 */
export const optimizeParserLater = (): void => setFlagsFromString('--wasm-tiering-budget=20000000');

/**
 * V8 allocates an object in the old generation if objects of its kind survived before. Here that
 * is a trap: each such object keeps its whole finished request alive until the next full
 * collection, and more kinds then look long-lived. (measured: half of each young generation
 * survives, a collection takes 4 ms instead of 0.8, and chance decides the state at the start)
 */
export const keepRequestsYoung = (): void => setFlagsFromString('--no-allocation-site-pretenuring');

/**
 * The start makes many objects for a short time, and V8 keeps their space for later ones. A server
 * that gets few calls never returns it. The inspector has the only collection that returns the
 * space and is stable on each version of Node. It opens no port. (measured: 16 MB less on Node 20
 * and 24, after 75 ms)
 *
 * The collection also drops the code of idle functions, such as those that serve requests. V8
 * optimizes them worse the second time: a call then costs 5 % more CPU (measured). So it keeps
 * the code.
 */
export async function releaseStartMemory(): Promise<void> {
  // A Node that was built without the inspector keeps the memory.
  if (!process.features.inspector) return;
  const { Session } = await import('node:inspector');
  const session = new Session();
  session.connect();
  setFlagsFromString('--no-flush-bytecode');
  session.post('HeapProfiler.collectGarbage', () => {
    setFlagsFromString('--flush-bytecode');
    // Never disconnect within the callback: Node waits there for ever. (measured on Node 20)
    setImmediate(() => session.disconnect());
  });
}
