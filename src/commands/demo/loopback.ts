// An HTTP server on the loopback interface that can be closed at once, for the demo's own parts.
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Server } from 'node:net';

/** A listening loopback server. `close` drops open connections too, so the port refuses at once. */
export type Loopback = { port: number; url: string; close(): Promise<void> };

/** Listens on 127.0.0.1, and resolves with the port; 0 takes a free one. */
export async function listening(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** Listens on 127.0.0.1; port 0 takes a free one. */
export async function listenLoopback(handler: RequestListener, port = 0): Promise<Loopback> {
  const server = createServer(handler);
  const actual = await listening(server, port);
  return {
    port: actual,
    url: `http://127.0.0.1:${actual}`,
    close: () =>
      new Promise((resolve) => {
        // A client in this process sees the drop one turn later; until then its pooled sockets look usable.
        server.close(() => setTimeout(resolve, 5));
        // close() alone waits for keep-alive and streaming connections to end by themselves.
        server.closeAllConnections();
      }),
  };
}
