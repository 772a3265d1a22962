// Decides the pages of the public listener: metadata and health. No credentials, readable from any origin. Never the MCP path, which
// goes around hono because hono costs it a quarter of its speed.
import { getRequestListener } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { cors } from 'hono/cors';
import { type Endpoint, HEALTH_PATHS } from '../../core/endpoint.js';
import type { Exchange } from '../../core/exchange.js';
import type { Failure } from '../../core/failure.js';
import { methodRefused, routeUnknown } from '../../core/failures.js';
import { HttpExchange } from '../http-exchange.js';
import { documents, type MirroredMetadata } from './metadata.js';

const METHODS = ['GET', 'HEAD', 'OPTIONS'];

export interface Health {
  /** True once listening and every issuer was tried once or 10 s passed; false again only when draining. */
  ready(): boolean;
}

/** Of the caller's hono would make a URL, and where it cannot an answer of its own. Nothing of it shows in ours. */
const OUR_HOST = { host: 'localhost' };

/** /healthz and /readyz: bodies without facts, since anybody may ask. */
export function addHealthRoutes(app: Hono, health: Health): void {
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

/** Takes an exchange over when one of the pages has its path. Refuses the rest of what is well-known, so that a page may read that too. */
export function createPublicRoutes(
  endpoints: readonly Endpoint[],
  health: Health,
  mirrored: MirroredMetadata,
): (exchange: Exchange) => Promise<void> | Failure | null {
  const wellKnown = documents(endpoints, mirrored);
  const app = new Hono();
  // Clients send the headers of their MCP requests along. The star stands for all but Authorization (Fetch standard).
  app.use(
    '*',
    cors({
      origin: '*',
      allowMethods: [...METHODS],
      allowHeaders: ['*', 'MCP-Protocol-Version', 'Authorization'],
    }),
  );
  addHealthRoutes(app, health);
  app.get('*', (c) => {
    const document = wellKnown.get(c.req.path)?.() ?? null;
    if (document === null) return c.json({ error: 'Not Found' }, 404);
    return c.body(new Uint8Array(document), 200, {
      'content-type': 'application/json',
      'cache-control': 'public, max-age=300',
    });
  });
  const listener = getRequestListener(app.fetch);

  return (exchange) => {
    if (!(exchange instanceof HttpExchange)) return null;
    const { incoming, outgoing, path, method } = exchange;
    const there = HEALTH_PATHS.includes(path) || (wellKnown.get(path)?.() ?? null) !== null;
    if (!there && !path.includes('/.well-known/')) return null;
    if (there ? !METHODS.includes(method) : method !== 'OPTIONS') {
      exchange.responseHeaders.push('access-control-allow-origin', '*');
      return there ? methodRefused({ detail: method, allow: METHODS.join(', ') }) : routeUnknown();
    }
    Object.defineProperty(incoming, 'headers', { value: OUR_HOST });
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
