// Ends the connection of a client whose request has a long body that nobody reads, so that the
// client still gets its error response.
import type { IncomingMessage } from 'node:http';

/**
 * After an error the gateway drains an unread body of up to this size. It closes the connection of
 * a longer or chunked one.
 */
export const DRAIN_BYTES = 64 * 1024;
/** How long a client may read its error response before the gateway destroys the socket. */
export const LINGER_MS = 1000;

/**
 * Otherwise Node reads the whole declared body after the answer (measured: 2 GB), or resets the
 * connection before the client has read the answer.
 */
export function linger(incoming: IncomingMessage): void {
  const { socket } = incoming;
  let drained = 0;
  incoming.on('data', (chunk: Buffer) => {
    drained += chunk.length;
    if (drained >= DRAIN_BYTES) incoming.pause();
  });
  incoming.resume();
  socket.destroySoon = () => {
    if (socket.writable) socket.end();
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  };
}
