// Finds the time at which the token of a caller ends its event streams.
import type { Endpoint } from '../core/endpoint.js';
import type { Caller } from '../core/principal.js';
import { TICK_MS } from './stream-ticker.js';

/**
 * The time at which the token of the caller ends its stream, in milliseconds of the wall clock. A
 * token accepted after its `exp`, within the clock tolerance, counts to the end of the tolerance.
 * Otherwise its client would reconnect in a loop, accepted and cut each time.
 */
export function tokenExpiryMs(
  { clockToleranceSeconds, streams }: Endpoint,
  caller: Caller,
  nowMs: number,
): number {
  if (caller.kind === 'pass-through' || caller.expiresAt === null) return Number.POSITIVE_INFINITY;
  const { expiresAt, issuer } = caller;
  const seconds =
    expiresAt * 1000 > nowMs + TICK_MS
      ? expiresAt
      : expiresAt + (clockToleranceSeconds.get(issuer ?? '') ?? 0);
  return (seconds + streams.outliveTokenSeconds) * 1000;
}
