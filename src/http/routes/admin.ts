// Decides the pages of the admin listener: metrics and health. It listens on loopback unless told otherwise, and refuses a Host that
// is neither an address, localhost nor listed, so that a web page cannot reach it by DNS rebinding.
import { createServer, type Server } from 'node:http';
import { isIP } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { addHealthRoutes, type Health } from './public.js';

export interface AdminParts {
  readonly hosts: readonly string[];
  readonly health: Health;
  readonly metrics: { contentType: string; text(): Promise<string> };
}

function hostAllowed(host: string | undefined, listed: readonly string[]): boolean {
  if (host === undefined) return false;
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || isIP(name) !== 0 || listed.includes(name);
}

export function createAdminServer({ hosts, health, metrics }: AdminParts): Server {
  const app = new Hono();
  app.use('*', async (c, next) => {
    if (!hostAllowed(c.req.header('host'), hosts))
      return c.json({ error: 'Host not allowed: list it in admin.hosts' }, 403);
    return next();
  });
  addHealthRoutes(app, health);
  app.get('/metrics', async (c) =>
    c.body(await metrics.text(), 200, { 'content-type': metrics.contentType }),
  );
  return createServer(
    { requestTimeout: 10_000, headersTimeout: 5_000 },
    getRequestListener(app.fetch),
  );
}
