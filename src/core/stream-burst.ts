// Tells when many held streams open at once. A server then saves memory (`commands/start-memory`);
// another program that has the gateway as a library does nothing.

/** A burst has this many held streams in one window, or more. */
const BURST = 10;
const WINDOW_MS = 500;

let listener: ((inBurst: boolean) => void) | null = null;
/** Held streams that opened within this window. */
let opened = 0;
let window: NodeJS.Timeout | null = null;

/** One listener for a process. It gets true as a burst begins, and false at most a second later. */
export function onStreamBurst(changed: (inBurst: boolean) => void): void {
  listener = changed;
}

function endWindow(): void {
  if (opened < BURST) listener?.(false);
  if (opened === 0 && window !== null) {
    clearInterval(window);
    window = null;
  }
  opened = 0;
}

/** Counts a held stream that opens. */
export function heldStreamOpened(): void {
  if (listener === null) return;
  opened++;
  if (opened === BURST) listener(true);
  window ??= setInterval(endWindow, WINDOW_MS).unref();
}
