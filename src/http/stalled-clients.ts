// Decides when a caller has not read for too long: bytes wait for it, and for a stated time none of them was taken. A quiet stream is no
// slow reader: nothing waits on it. Never decides what its exchange is told.
import type { Connection } from './connection.js';

/** Connections are looked at this often in the time allowed: one timer for all, because one for each would cost every request. */
const LOOKS = 4;

/** Gives up connections whose peer has taken nothing for `ms`, found within a quarter of that. */
export function watchReaders(
  connections: () => Iterable<Connection>,
  ms: number,
): { stop(): void } {
  const timer = setInterval(() => {
    for (const connection of connections()) if (connection.look() > LOOKS) connection.giveUp();
  }, ms / LOOKS).unref();
  return { stop: () => clearInterval(timer) };
}
