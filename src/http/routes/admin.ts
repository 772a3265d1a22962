// The admin listener: page, metrics and health. It is on loopback by default. It rejects a Host
// that is not an address, localhost or listed, so that no web page reaches it by DNS rebinding.
import { createServer, type Server } from 'node:http';
import { isIP } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import type { GatewayStatus } from '../../core/status.js';
import { HEADER_LINES } from '../request-validation.js';
import { addHealthRoutes, type Readiness } from './health.js';
import { addStatusRoutes } from './status.js';

export interface AdminDependencies {
  /** Host names that the operator allows now, without a port. */
  readonly hosts: () => readonly string[];
  readonly readiness: Readiness;
  readonly metrics: { contentType: string; text(): Promise<string> };
  readonly status: () => Promise<GatewayStatus>;
}

function isAllowedHost(host: string | undefined, listed: readonly string[]): boolean {
  if (host === undefined) return false;
  const name = host
    .toLowerCase()
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1');
  const isListed = listed.some((one) => one.toLowerCase() === name);
  return name === 'localhost' || isIP(name) !== 0 || isListed;
}

export function createAdminServer({
  hosts,
  readiness,
  metrics,
  status,
}: AdminDependencies): Server {
  const app = new Hono();
  app.use('*', async (c, next) => {
    if (!isAllowedHost(c.req.header('host'), hosts()))
      return c.json({ error: 'Host not allowed: list it in admin.hosts' }, 403);
    return next();
  });
  addHealthRoutes(app, readiness);
  app.get('/metrics', async (c) =>
    c.body(await metrics.text(), 200, { 'content-type': metrics.contentType }),
  );
  addStatusRoutes(app, status);
  const serve = getRequestListener(app.fetch);
  const server = createServer(
    { requestTimeout: 10_000, headersTimeout: 5_000 },
    (incoming, outgoing) => {
      if (incoming.rawHeaders.length <= 2 * HEADER_LINES) return void serve(incoming, outgoing);
      outgoing.writeHead(431, { connection: 'close', 'content-length': 0 });
      outgoing.end();
    },
  );
  // Node 20 silently drops the lines above 1,000, and so could drop a second Host.
  server.maxHeadersCount = 0;
  return server;
}
