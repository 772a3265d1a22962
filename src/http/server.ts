// The public listener: its limits of time and size, and the answers to requests that node:http
// rejects. It hands each readable request to the gateway as an exchange.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Exchange } from '../core/exchange.js';
import type { Failure } from '../core/failure.js';
import { connectionBadRequest } from '../core/failures.js';
import { createClientAddresses } from './client-address.js';
import { Connection } from './connection.js';
import { createDrain } from './drain.js';
import { FastIncomingMessage } from './fast-incoming-message.js';
import { HttpExchange } from './http-exchange.js';
import { listenOn } from './listen-on.js';
import { validateRequest } from './request-validation.js';
import { watchStalledClients } from './stalled-clients.js';
import { failureOfNodeError, rejectUnreadable } from './unreadable.js';

export interface Listener {
  readonly server: Server;
  readonly validateRequest: (exchange: Exchange) => Failure | null;
  /** The failure of each new request, once the listener drains. Otherwise null. */
  readonly draining: () => Failure | null;
  /** From now on X-Forwarded-For of these proxies names the client. Addresses and CIDR blocks. */
  trustProxies(proxies: readonly string[]): void;
  /** The number of exchanges whose answer is not complete. */
  inFlight(): number;
  /** From now on a client may leave its answer unread for this time. */
  setStallTimeout(ms: number): void;
  listen(host: string, port: number): Promise<AddressInfo>;
  /** In place of `listen`: from now on it serves the connections that `adopt` gets. */
  listenToAdopted(): void;
  /** Serves a connection that another process has accepted, and has not read. */
  adopt(socket: Socket): void;
  /**
   * Serves on for `delayMs`, with `Connection: close` in each answer. A connection that is idle may
   * still send one request. Resolves when `drain` should follow.
   */
  announce(delayMs: number): Promise<void>;
  /**
   * Stops accepting connections, lets answers finish, and cuts the rest after the deadline.
   * Resolves to the number of exchanges that it cut.
   */
  drain(deadlineMs: number): Promise<number>;
}

/** Logs and counts a request that node:http rejected before it became an exchange. */
export type RecordUnreadable = (failure: Failure, clientAddress: string) => void;

const HEADER_BYTES = 64 * 1024;

/** `stallTimeoutMs`: how long a client may leave its answer unread. */
export function createListener(
  gateway: (exchange: Exchange) => void,
  recordUnreadable: RecordUnreadable,
  stallTimeoutMs: number,
  trustedProxies: readonly string[] = [],
): Listener {
  const clients = createClientAddresses();
  clients.trust(trustedProxies);
  const connections = new Map<Socket, Connection>();
  const watch = (ms: number) => watchStalledClients(() => connections.values(), ms);
  let stallWatch = watch(stallTimeoutMs);
  const server = createServer({
    IncomingMessage: FastIncomingMessage,
    // request-validation.ts counts the Host lines, so that the gateway logs the rejection.
    requireHostHeader: false,
    requestTimeout: 30_000,
    headersTimeout: 10_000,
    connectionsCheckingInterval: 2_000,
    keepAliveTimeout: 65_000,
    maxHeaderSize: HEADER_BYTES,
    noDelay: true,
  });
  // Node 20 silently drops the header lines above 1,000, its default (measured). So
  // request-validation.ts counts them.
  server.maxHeadersCount = 0;
  const drain = createDrain(server, () => connections.values());

  server.on('connection', (socket) => {
    const connection = new Connection(socket, clients);
    connections.set(socket, connection);
    socket.on('close', () => {
      connections.delete(socket);
      drain.connectionClosed();
      for (const exchange of [...connection.openExchanges]) exchange.connectionClosed();
    });
  });

  const accept = (
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    awaitsContinue: boolean,
  ): void => {
    const { socket } = incoming;
    const connection = connections.get(socket);
    if (connection?.closing) return;
    // Pipelining: no MCP client does it. Behind a long answer Node stops reading the socket, so the
    // gateway would never notice that the client closed it.
    if (connection === undefined) {
      socket.destroy();
      return;
    }
    if (connection.isAnswering()) return connection.cut();
    const exchange = new HttpExchange(incoming, outgoing, connection, awaitsContinue);
    connection.openExchanges.push(exchange);
    drain.accepted(exchange);
    gateway(exchange);
  };
  server.on('request', (incoming, outgoing) => accept(incoming, outgoing, false));
  // Without a listener Node answers 100 before any check: a client uploads its body for a 401.
  server.on('checkContinue', (incoming, outgoing) => accept(incoming, outgoing, true));
  // An unknown expectation: request-validation.ts rejects it, so that the gateway logs it.
  server.on('checkExpectation', (incoming, outgoing) => accept(incoming, outgoing, false));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const failure = failureOfNodeError(error);
    const connection = connections.get(socket);
    if (connection?.openExchanges.some((exchange) => exchange.rejectBody(failure))) return;
    // The client has its answer, or gets it. The parser fails at the bytes that follow.
    if (connection?.linger && error.code?.startsWith('HPE_')) return connection.endAfterAnswer();
    // An error response must not get into the middle of an open answer. The cut ends its exchange.
    if (connection?.isAnswering()) return connection.cut();
    if (connection === undefined || error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    rejectUnreadable(connection, failure);
    recordUnreadable(failure, connection.address);
  });
  // Without a listener Node closes the socket of a CONNECT request, and the gateway logs nothing.
  server.on('connect', (_incoming, socket: Socket) => {
    const connection = connections.get(socket);
    if (connection === undefined || connection.isAnswering()) {
      socket.destroy();
      return;
    }
    rejectUnreadable(connection, connectionBadRequest());
    recordUnreadable(connectionBadRequest({ detail: 'CONNECT' }), connection.address);
  });

  return {
    server,
    validateRequest,
    draining: drain.failure,
    trustProxies: clients.trust,
    announce: drain.announce,
    inFlight() {
      let count = 0;
      for (const { openExchanges } of connections.values()) count += openExchanges.length;
      return count;
    },
    setStallTimeout(ms) {
      stallWatch.stop();
      stallWatch = watch(ms);
    },
    listen: (host, port) => listenOn(server, host, port),
    // At this event, Node begins to check the time limits of connections.
    listenToAdopted: () => void server.emit('listening'),
    adopt(socket) {
      // As for a connection of its own. Without it, a client that ends its side gets no answer.
      socket.allowHalfOpen = true;
      server.emit('connection', socket);
    },
    async drain(deadlineMs) {
      const cut = await drain.drain(deadlineMs);
      stallWatch.stop();
      return cut;
    },
  };
}
