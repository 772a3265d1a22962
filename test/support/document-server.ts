// An https server for documents of clients, under names that only its resolver knows.
import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import { isPublicAddress } from '../../src/idp/public-address.js';
import type { PublicFetchParts } from '../../src/idp/public-fetch.js';
import { certificate } from '../fixtures/certificate.js';
import { listen } from '../fixtures/ports.js';

export const HOST = 'app.example.com';

export interface Served {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text as it is, a value as JSON. */
  readonly body?: unknown;
  /** True: the body has no end, and a space arrives every 10 ms. */
  readonly isEndless?: boolean;
}

export interface DocumentServer {
  readonly port: string;
  /** The URL of a path. */
  url(path: string): string;
  /** By path. Others are 404. */
  readonly documents: Map<string, Served>;
  /** The paths asked for, and the number of connections. */
  readonly asked: string[];
  connections: number;
  /** Connections that are open at this moment. */
  open(): number;
  /** The addresses of every name. A test may change it between two lookups. */
  resolve: (hostname: string) => readonly string[];
  /** For a gateway that may connect to this server: its authority, its port and 127.0.0.1. */
  readonly parts: Required<PublicFetchParts>;
  stop(): Promise<void>;
}

export async function startDocumentServer(): Promise<DocumentServer> {
  const authority = certificate({ name: 'Authority of a test', authority: true });
  const { cert, key } = certificate({ name: HOST, hosts: [HOST, 'localhost', '127.0.0.1'], by: authority });
  const sockets = new Set<Socket>();
  const server = createServer({ cert, key }, (req, res) => {
    const path = req.url ?? '';
    self.asked.push(path);
    const { status = 200, headers = {}, body, isEndless = false } = self.documents.get(path) ?? { status: 404 };
    res.writeHead(status, { 'content-type': 'application/json', ...headers });
    if (isEndless) {
      const timer = setInterval(() => res.write(' '), 10);
      res.on('close', () => clearInterval(timer));
      return;
    }
    res.end(typeof body === 'string' ? body : JSON.stringify(body ?? {}));
  });
  server.on('connection', (socket: Socket) => {
    self.connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const port = String(await listen(server));
  const self: DocumentServer = {
    port,
    url: (path) => `https://${HOST}:${port}${path}`,
    documents: new Map(),
    asked: [],
    connections: 0,
    open: () => sockets.size,
    resolve: () => ['127.0.0.1'],
    parts: {
      resolve: async (hostname) => self.resolve(hostname),
      isPublic: (address) => address === '127.0.0.1' || isPublicAddress(address),
      port,
      ca: authority.cert,
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return self;
}
