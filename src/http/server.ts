// Decides how the public listener lives: its time and size limits, what becomes of requests that node:http itself refuses, and how it
// drains. Never decides about a request that could be read.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Exchange } from '../core/exchange.js';
import type { Failure } from '../core/failure.js';
import {
  connectionBadRequest,
  connectionHeadersTooLarge,
  connectionTooSlow,
  gatewayDraining,
} from '../core/failures.js';
import { Connection } from './connection.js';
import { errorBody } from './error-response.js';
import { FastIncomingMessage } from './fast-incoming-message.js';
import { HttpExchange, LINGER_MS } from './http-exchange.js';
import { validateRequest } from './request-validation.js';
import { watchReaders } from './stalled-clients.js';

export interface Listener {
  readonly server: Server;
  readonly validateRequest: (exchange: Exchange) => Failure | null;
  /** The refusal of everything new while draining. */
  readonly draining: () => Failure | null;
  listen(host: string, port: number): Promise<AddressInfo>;
  /** Stops accepting, lets answers finish, cuts what is left after the deadline. Resolves with the number cut. */
  drain(deadlineMs: number): Promise<number>;
}

/** Told of a request that node:http refused before there was an exchange. */
export type TellUnread = (failure: Failure, clientAddress: string) => void;

const HEADER_BYTES = 64 * 1024;
/** How long a draining listener still tells new requests on open connections to go elsewhere. */
const SILENT_MS = 1_000;

function refusedByNode(error: NodeJS.ErrnoException): Failure {
  if (error.code === 'HPE_HEADER_OVERFLOW') return connectionHeadersTooLarge();
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return connectionTooSlow();
  return connectionBadRequest({ detail: error.code ?? 'unreadable request' });
}

function answerUnread(socket: Socket, failure: Failure): void {
  const body = errorBody(failure, 'none', undefined);
  const type = body === null ? '' : 'Content-Type: application/json\r\n';
  const head = `HTTP/1.1 ${failure.definition.status} Refused\r\nCache-Control: no-store\r\n${type}Content-Length: ${body?.length ?? 0}\r\n`;
  // Node gives such a socket out of its hands: no listener for its errors, no timeout for a peer that never closes its half.
  socket.on('error', () => socket.destroy());
  socket.resume();
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.end(`${head}Connection: close\r\n\r\n${body ?? ''}`);
}

/** `readMs`: how long a caller may leave its answer unread. */
export function createListener(
  gateway: (exchange: Exchange) => void,
  tellUnread: TellUnread,
  readMs: number,
): Listener {
  let draining = false;
  /** While draining: connections that have not said anything yet are no longer waited for. */
  let graceOver = false;
  const connections = new Map<Socket, Connection>();
  const readers = watchReaders(() => connections.values(), readMs);
  const underWay = (): HttpExchange[] =>
    [...connections.values()].flatMap((connection) => connection.underWay);
  const server = createServer({
    IncomingMessage: FastIncomingMessage,
    // Sanity counts the Host lines, and tells.
    requireHostHeader: false,
    requestTimeout: 30_000,
    headersTimeout: 10_000,
    connectionsCheckingInterval: 2_000,
    keepAliveTimeout: 65_000,
    maxHeaderSize: HEADER_BYTES,
    noDelay: true,
  });
  // Node drops the lines above its default of 2,000 without a word; sanity counts them instead.
  server.maxHeadersCount = 0;

  server.on('connection', (socket) => {
    const connection = new Connection(socket);
    connections.set(socket, connection);
    socket.on('close', () => {
      connections.delete(socket);
      for (const exchange of [...connection.underWay]) exchange.lost();
    });
  });

  /** Also those that never sent a whole request: Node does not count them as idle, and stops its own timeouts when it closes. */
  const closeUnused = (): void => {
    for (const { socket, underWay } of connections.values()) {
      if (underWay.length === 0 && socket.writableLength === 0) socket.destroy();
    }
  };
  /** While draining: its connection is closed as soon as its answer was sent. */
  const closeAfter = ({ outgoing }: HttpExchange): void => {
    outgoing.once('close', () =>
      setImmediate(() => (graceOver ? closeUnused() : server.closeIdleConnections())),
    );
  };
  const accept = (
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    awaitsContinue: boolean,
  ): void => {
    const { socket } = incoming;
    const connection = connections.get(socket);
    if (connection?.closing) return;
    // Pipelining: no MCP client does it, and behind a long answer Node stops reading the socket, so that its end would never be noticed.
    if (connection === undefined || connection.isAnswering()) {
      socket.destroy();
      return;
    }
    const exchange = new HttpExchange(incoming, outgoing, connection, awaitsContinue);
    connection.underWay.push(exchange);
    if (draining) {
      exchange.lastOnConnection = true;
      closeAfter(exchange);
    }
    gateway(exchange);
  };
  server.on('request', (incoming, outgoing) => accept(incoming, outgoing, false));
  // Without a listener Node answers 100 before anything was checked, and the caller uploads its body for a 401.
  server.on('checkContinue', (incoming, outgoing) => accept(incoming, outgoing, true));
  // An expectation that we do not know: sanity refuses it, so that the refusal is ours and is told.
  server.on('checkExpectation', (incoming, outgoing) => accept(incoming, outgoing, false));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const failure = refusedByNode(error);
    const connection = connections.get(socket);
    if (connection?.underWay.some((exchange) => exchange.bodyBroken(failure))) return;
    // With an answer open this would land in the middle of it; cut, the exchange tells its own end.
    if (connection?.isAnswering() || error.code === 'ECONNRESET' || !socket.writable)
      return socket.destroy();
    answerUnread(socket, failure);
    tellUnread(failure, socket.remoteAddress ?? '');
  });
  // An Upgrade or CONNECT would take the socket out of our hands.
  server.on('connect', (_incoming, socket: Socket) => {
    if (connections.get(socket)?.isAnswering()) return socket.destroy();
    answerUnread(socket, connectionBadRequest());
    tellUnread(connectionBadRequest({ detail: 'CONNECT' }), socket.remoteAddress ?? '');
  });

  return {
    server,
    validateRequest,
    draining: () => (draining ? gatewayDraining() : null),
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          resolve(server.address() as AddressInfo);
        });
      }),
    async drain(deadlineMs) {
      draining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      for (const exchange of underWay()) closeAfter(exchange);
      const grace = setTimeout(() => {
        graceOver = true;
        closeUnused();
      }, SILENT_MS);
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, deadlineMs);
      });
      await Promise.race([closed, late]);
      clearTimeout(timer);
      clearTimeout(grace);
      const cut = underWay().length;
      server.closeAllConnections();
      await closed;
      readers.stop();
      return cut;
    },
  };
}
