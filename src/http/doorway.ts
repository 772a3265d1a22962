// Accepts the connections of the public listener for other processes, which serve them. It reads no
// byte of a connection.
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { emptyAcceptQueueAtRest } from './accept-queue.js';
import { listenOn } from './listen-on.js';

export interface Doorway {
  listen(host: string, port: number): Promise<AddressInfo>;
  /**
   * Stops accepting connections. `emptyFirst`: hands on those of the kernel's queue before, which
   * takes up to 3 s, and the event loop rests for a part of it.
   */
  close(emptyFirst: boolean): Promise<void>;
}

export function createDoorway(accepted: (socket: Socket) => void): Doorway {
  const server = createServer({ pauseOnConnect: true, noDelay: true, allowHalfOpen: true });
  server.on('connection', (socket) => {
    // Without it, the server waits for the end of each connection that another process has.
    (socket as { server?: unknown }).server = null;
    socket.on('error', () => socket.destroy());
    accepted(socket);
  });
  return {
    listen: (host, port) => listenOn(server, host, port),
    async close(emptyFirst) {
      if (emptyFirst) await emptyAcceptQueueAtRest(server);
      server.close();
    },
  };
}
