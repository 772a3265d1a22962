// Settings of V8 that keep the memory of a server small: the start takes less, and gives its memory
// back.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { onStreamBurst } from '../core/stream-burst.js';

/** How much the space of young objects grows at a time. The default of V8 in Node 20 to 26. */
const YOUNG_GROWTH = 2;
const growYoungBy = (factor: number): void =>
  setFlagsFromString(`--semi-space-growth-factor=${factor}`);

/**
 * The start makes many objects for a short time, and V8 keeps their space for later ones. So the
 * space must not grow meanwhile. (measured: 11 MB less on Node 20)
 *
 * Not by a pause of the optimizing compilers: it saves 3 MB more, but code that was hot during it
 * then stays slower. (measured: 4 % of the CPU time of a call)
 */
export const keepYoungSpaceSmall = (): void => growYoungBy(1);

/**
 * Call it before the first request, because load needs that space. In a burst of held streams the
 * space does not grow. (measured: 1,000 streams take 23 MB in place of 32)
 */
export function letYoungSpaceGrow(): void {
  growYoungBy(YOUNG_GROWTH);
  onStreamBurst((inBurst) => growYoungBy(inBurst ? 1 : YOUNG_GROWTH));
}

/**
 * The parser of undici is WebAssembly, with one huge function. V8 optimizes it after about two
 * responses, which takes 40 MB for a moment, and malloc keeps 10 of them. With this budget V8 does
 * so after about 200 responses, so that only a gateway in use pays. The number is near the largest
 * that V8 takes. (measured on Node 20 and 24)
 */
export const optimizeParserLater = (): void =>
  setFlagsFromString('--wasm-tiering-budget=2000000000');

/**
 * V8 allocates an object in the old generation if objects of its kind survived before. Here that
 * is a trap: each such object keeps its whole finished request alive until the next full
 * collection, and more kinds then look long-lived. (measured: half of each young generation
 * survives, a collection takes 4 ms instead of 0.8, and chance decides the state at the start)
 */
export const keepRequestsYoung = (): void => setFlagsFromString('--no-allocation-site-pretenuring');

/**
 * Collects what the start left. A server that gets few calls would keep it. A second collection
 * frees what the first one found weak.
 *
 * The inspector has a collection that frees 4 MB more. Afterwards V8 no longer inlines functions of
 * Node, and a call costs more CPU. (measured: 5 % on Node 20)
 */
export function releaseStartMemory(): void {
  setFlagsFromString('--expose-gc');
  const { gc: collect } = runInNewContext('globalThis') as typeof globalThis;
  setFlagsFromString('--no-expose-gc');
  // Node has it under another name where the operator chose one.
  collect?.();
  collect?.();
}
