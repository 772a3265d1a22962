// An HTTP server on the loopback interface for the services of the demo. It can close immediately.
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Server } from 'node:net';

/** A listening server. `close` also drops open connections, so the port is closed immediately. */
export type Loopback = { port: number; url: string; close(): Promise<void> };

/** Listens on 127.0.0.1 or `host`, and resolves with the port. Port 0 selects a free port. */
export async function listening(server: Server, port: number, host = '127.0.0.1'): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

/**
 * Listens on 127.0.0.1; port 0 takes a free one. `host`: another address, in a container whose port
 * is published on loopback. The URL stays that of loopback.
 */
export async function listenLoopback(
  handler: RequestListener,
  port = 0,
  host?: string,
): Promise<Loopback> {
  const server = createServer(handler);
  const actual = await listening(server, port, host);
  return {
    port: actual,
    url: `http://127.0.0.1:${actual}`,
    close: () =>
      new Promise((resolve) => {
        // A client in this process notices the close one turn later. Until then its pooled sockets
        // look usable.
        server.close(() => setTimeout(resolve, 5));
        // close() alone waits for the end of keep-alive and streaming connections.
        server.closeAllConnections();
      }),
  };
}
