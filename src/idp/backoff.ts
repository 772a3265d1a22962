// How long to wait before a server is asked again: doubled after each failure, with jitter, so
// that replicas do not ask together.

export interface BackoffLimits {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** `failures`: those before this one. `random`: 0..1. Returns milliseconds. */
export function backoffMs(failures: number, limits: BackoffLimits, random: () => number): number {
  const ceiling = Math.min(limits.longestMs, limits.firstMs * 2 ** failures);
  return ceiling * (0.5 + random() / 2);
}
