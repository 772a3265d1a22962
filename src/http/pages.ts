// Decides the pages of the public listener: metadata and health. No credentials, readable from any origin. Never the MCP path, which
// goes around hono because hono costs it a quarter of its speed.
import { getRequestListener } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { cors } from 'hono/cors';
import { type Endpoint, HEALTH_PATHS } from '../core/endpoint.js';
import type { Exchange } from '../core/exchange.js';
import { type Failure, methodRefused } from '../core/failure.js';
import { NodeExchange } from './door.js';
import { resourceMetadata } from './metadata.js';

const METHODS = ['GET', 'HEAD', 'OPTIONS'];

export interface Health {
  /** True once listening and every issuer was tried once or 10 s passed; false again only when draining. */
  ready(): boolean;
}

/** /healthz and /readyz: bodies without facts, since anybody may ask. */
export function addHealth(app: Hono, health: Health): void {
  const answer = (c: Context, ok: boolean): Response => {
    c.header('cache-control', 'no-store');
    return c.json({ status: ok ? 'ok' : 'unavailable' }, ok ? 200 : 503);
  };
  app.get('/healthz', (c) => answer(c, true));
  app.get('/readyz', (c) => {
    if (!health.ready()) c.header('retry-after', '1');
    return answer(c, health.ready());
  });
}

/** Takes an exchange over when one of the pages has its path. */
export function createPages(
  endpoints: readonly Endpoint[],
  health: Health,
): (exchange: Exchange) => Promise<void> | Failure | null {
  const app = new Hono();
  app.use('*', cors({ origin: '*', allowMethods: [...METHODS], allowHeaders: ['*', 'MCP-Protocol-Version', 'Authorization'] }));
  addHealth(app, health);
  for (const endpoint of endpoints) {
    const document = resourceMetadata(endpoint);
    app.get(endpoint.metadataPath, (c) => {
      c.header('cache-control', 'public, max-age=300');
      return c.json(document);
    });
  }
  const paths = new Set([...HEALTH_PATHS, ...endpoints.map((endpoint) => endpoint.metadataPath)]);
  // For a request without Host; nothing of it shows in an answer.
  const listener = getRequestListener(app.fetch, { hostname: 'localhost' });
  return (exchange) => {
    if (!(exchange instanceof NodeExchange) || !paths.has(exchange.path)) return null;
    if (!METHODS.includes(exchange.method)) return methodRefused({ detail: exchange.method, allow: METHODS.join(', ') });
    const { incoming, outgoing } = exchange;
    return new Promise((resolve) => {
      outgoing.once('close', () => {
        exchange.sentStatus = outgoing.statusCode;
        exchange.over();
        resolve();
      });
      void listener(incoming, outgoing);
    });
  };
}
