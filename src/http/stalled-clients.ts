// Closes the connections of clients that have stopped reading: bytes wait for the client, and it
// has taken none of them for a stated time. A quiet stream has no bytes that wait.
import type { Connection } from './connection.js';

/** Ticks per timeout. One timer serves all connections: one for each would cost every request. */
const TICKS = 4;

/** Resets a connection after `timeoutMs` without progress, or up to a quarter of that later. */
export function watchStalledClients(
  connections: () => Iterable<Connection>,
  timeoutMs: number,
): { stop(): void } {
  const timer = setInterval(() => {
    for (const connection of connections())
      if (connection.countStalledTicks() > TICKS) connection.resetStalled();
  }, timeoutMs / TICKS).unref();
  return { stop: () => clearInterval(timer) };
}
