// Ends the public listener in two steps. First it serves on and announces `Connection: close`, so
// that proxies go elsewhere. Then it stops accepting connections, and lets answers finish.
import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Failure } from '../core/failure.js';
import { gatewayDraining } from '../core/failures.js';
import { emptyAcceptQueue } from './accept-queue.js';
import type { Connection, OpenExchange } from './connection.js';

/** How long a draining listener keeps silent connections, so that a request gets an answer. */
const DRAIN_GRACE_MS = 1_000;
export interface Drain {
  /** The failure of each new request, once the listener drains. Otherwise null. */
  failure(): Failure | null;
  /** The listener has accepted an exchange. */
  accepted(exchange: OpenExchange): void;
  /** A connection of the listener has closed. */
  connectionClosed(): void;
  /** See `Listener.announce`. */
  announce(delayMs: number): Promise<void>;
  /** See `Listener.drain`. */
  drain(deadlineMs: number): Promise<number>;
}

export function createDrain(server: Server, connections: () => Iterable<Connection>): Drain {
  /** True from the announcement on: each answer is the last one on its connection. */
  let announced = false;
  let draining = false;
  /** True once a draining listener no longer waits for connections without a request. */
  let graceOver = false;
  /** Settles the wait for the end of the last connection, while the listener drains. */
  let lastClosed = (): void => {};
  const hasConnections = (): boolean => connections()[Symbol.iterator]().next().done !== true;

  const openExchanges = (): OpenExchange[] =>
    [...connections()].flatMap((connection) => connection.openExchanges);
  /**
   * Closes connections without an exchange. Node does not count a connection as idle that never
   * sent a whole request, and a closing server stops its timeouts.
   */
  const closeUnused = (): void => {
    for (const { socket, openExchanges, linger } of connections()) {
      if (openExchanges.length === 0 && socket.writableLength === 0 && linger === null)
        socket.destroy();
    }
  };
  /** While the listener drains: closes a connection as soon as its answer has been sent. */
  const closeAfter = ({ outgoing }: OpenExchange): void => {
    outgoing.once('close', () =>
      setImmediate(() => (graceOver ? closeUnused() : server.closeIdleConnections())),
    );
  };

  /** A closed server has sockets whose `close` event is to come, although `closed` is true. */
  const allEnded = (): Promise<unknown> =>
    Promise.all(
      [...connections()].map(({ socket }) => {
        socket.destroy();
        return new Promise((resolve) => socket.once('close', resolve));
      }),
    );

  return {
    // A proxy may have sent the request before it knew that this listener closes. After an
    // announcement the gateway serves it, because a 503 would lose it.
    failure: () => (draining && (!announced || graceOver) ? gatewayDraining() : null),
    accepted(exchange) {
      if (!announced && !draining) return;
      exchange.closeConnectionAfter();
      if (draining) closeAfter(exchange);
    },
    connectionClosed() {
      if (!hasConnections()) lastClosed();
    },
    async announce(delayMs) {
      announced = true;
      for (const exchange of openExchanges()) exchange.closeConnectionAfter();
      await sleep(delayMs);
      await emptyAcceptQueue(server);
    },
    async drain(deadlineMs) {
      draining = true;
      const ended = new Promise<void>((resolve) => {
        lastClosed = resolve;
      });
      // Without a port of its own (`adopt`), the server closes at once, before its connections.
      const closed = new Promise((resolve) => server.close(resolve)).then(() =>
        hasConnections() ? ended : undefined,
      );
      server.closeIdleConnections();
      for (const exchange of openExchanges()) closeAfter(exchange);
      const grace = setTimeout(() => {
        graceOver = true;
        closeUnused();
      }, DRAIN_GRACE_MS);
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, deadlineMs);
      });
      // Each exchange ends here, because its record can only be written before the gateway stops.
      await Promise.race([closed.then(allEnded), late]);
      clearTimeout(timer);
      clearTimeout(grace);
      const cut = openExchanges();
      for (const exchange of cut) exchange.destroy();
      server.closeAllConnections();
      await closed;
      await allEnded();
      return cut.length;
    },
  };
}
