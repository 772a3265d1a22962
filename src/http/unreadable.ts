// Answers a request that node:http could not read. There is no exchange for it: the answer goes
// straight to the socket.
import type { Failure } from '../core/failure.js';
import {
  connectionBadRequest,
  connectionHeadersTooLarge,
  connectionTooSlow,
} from '../core/failures.js';
import type { Connection } from './connection.js';
import { errorBody } from './error-response.js';

export function failureOfNodeError(error: NodeJS.ErrnoException): Failure {
  if (error.code === 'HPE_HEADER_OVERFLOW') return connectionHeadersTooLarge();
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return connectionTooSlow();
  return connectionBadRequest({ detail: error.code ?? 'unreadable request' });
}

export function rejectUnreadable(connection: Connection, failure: Failure): void {
  const { socket } = connection;
  const body = errorBody(failure, 'none', undefined);
  const type = body === null ? '' : 'Content-Type: application/json\r\n';
  const head =
    `HTTP/1.1 ${failure.definition.status} Refused\r\nCache-Control: no-store\r\n` +
    `${type}Content-Length: ${body?.length ?? 0}\r\nConnection: close\r\n\r\n`;
  // Node no longer handles this socket, and it has no error listener.
  socket.on('error', () => socket.destroy());
  connection.closing = true;
  const linger = connection.startLinger(0);
  socket.end(`${head}${body ?? ''}`);
  linger.answered();
  linger.dropRaw();
}
