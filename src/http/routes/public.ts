// Serves the pages of the public listener: metadata, health and OAuth endpoints. They need no
// credential, and a web page of any origin may read them. MCP requests bypass hono, which costs
// them a quarter of their speed.
import type { IncomingMessage } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { type Endpoint, HEALTH_PATHS } from '../../core/endpoint.js';
import type { Exchange } from '../../core/exchange.js';
import type { Failure } from '../../core/failure.js';
import { methodRefused } from '../../core/failures.js';
import { HttpExchange } from '../http-exchange.js';
import { createDocuments, type Published } from './documents.js';
import { createFacadePages } from './facade.js';
import { addHealthRoutes, type Readiness } from './health.js';
import { createOAuthPages } from './oauth.js';

const METHODS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Replaces the headers of the client. hono makes a URL from the Host, and sends an error of its own
 * where that fails. No answer shows this value.
 */
const OUR_HOST = { host: 'localhost' };

/**
 * Takes an exchange over where its path is one of the pages: the promise settles when the page has
 * been sent. Null: the path is not a page. A well-known path gets CORS headers all the same. Then a
 * web page may read the rejection, too.
 */
export function createPublicRoutes(
  endpoints: readonly Endpoint[],
  readiness: Readiness,
  published: Published,
): (exchange: Exchange) => Promise<Failure | null> | Failure | null {
  const { bridge = null, facades = [] } = published;
  const documents = createDocuments(endpoints, published);
  const oauthPages = [
    ...(bridge === null ? [] : [createOAuthPages(bridge)]),
    ...(facades.length === 0 ? [] : [createFacadePages(facades)]),
  ];
  /** The document of a request that hono answers: the host in its URL is ours. */
  const found = new WeakMap<IncomingMessage, Buffer>();
  const app = new Hono();
  // Clients send the headers of their MCP requests here, too (A-15, CORS of metadata). The star
  // means every header except Authorization (Fetch standard).
  app.use(
    '*',
    cors({
      origin: '*',
      allowMethods: [...METHODS],
      allowHeaders: ['*', 'MCP-Protocol-Version', 'Authorization'],
    }),
  );
  addHealthRoutes(app, readiness);
  app.get('*', (c) => {
    const document = found.get((c.env as { incoming: IncomingMessage }).incoming);
    if (document === undefined) return c.json({ error: 'Not Found' }, 404);
    return c.body(new Uint8Array(document), 200, {
      'content-type': 'application/json',
      'cache-control': 'public, max-age=300',
    });
  });
  const listener = getRequestListener(app.fetch);

  return (exchange) => {
    const { host } = exchange;
    if (oauthPages.length > 0 && documents.isOwnHost(host))
      for (const pages of oauthPages) {
        const oauthPage = pages(exchange);
        if (oauthPage !== null) return oauthPage;
      }
    if (!(exchange instanceof HttpExchange)) return null;
    const { incoming, outgoing, path, method } = exchange;
    const document = documents.find(host, path);
    if (document !== null) found.set(incoming, document);
    const isPage = HEALTH_PATHS.includes(path) || document !== null;
    if (!isPage && !path.includes('/.well-known/')) return null;
    if (isPage ? !METHODS.includes(method) : method !== 'OPTIONS') {
      exchange.responseHeaders.push('access-control-allow-origin', '*');
      return isPage ? methodRefused({ detail: method, allow: METHODS.join(', ') }) : null;
    }
    Object.defineProperty(incoming, 'headers', { value: OUR_HOST });
    incoming.url = exchange.target;
    return new Promise((resolve) => {
      const serve = (): void => {
        outgoing.once('close', () => {
          exchange.sentStatus = outgoing.statusCode;
          exchange.markEnded();
          resolve(null);
        });
        void listener(incoming, outgoing);
      };
      if (!exchange.names.includes('transfer-encoding')) return serve();
      // Some clients send no body as an empty chunked one.
      exchange.readBody(0, { onBody: (read) => (read.ok ? serve() : resolve(read)) });
    });
  };
}
