// Serves the pages of the public listener: metadata, health and OAuth endpoints. They need no
// credential, and a web page of any origin may read them. MCP requests bypass hono, which costs
// them a quarter of their speed.
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { type Endpoint, HEALTH_PATHS } from '../../core/endpoint.js';
import type { Exchange } from '../../core/exchange.js';
import type { Failure } from '../../core/failure.js';
import { methodRefused, routeUnknown } from '../../core/failures.js';
import { IDENTITY_KEYS_PATH } from '../../core/identity-token.js';
import type { OAuthServer } from '../../core/oauth-server.js';
import { HttpExchange } from '../http-exchange.js';
import { addHealthRoutes, type Readiness } from './health.js';
import { type MirroredMetadata, wellKnownDocuments } from './metadata.js';
import { createOAuthPages } from './oauth.js';

const METHODS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Replaces the headers of the client. hono makes a URL from the Host, and sends an error of its own
 * where that fails. No answer shows this value.
 */
const OUR_HOST = { host: 'localhost' };

/** Documents beside the metadata of the endpoints. */
export interface Published {
  /** Copies of the metadata of issuers. */
  readonly mirrored: MirroredMetadata;
  readonly bridge?: OAuthServer | null;
  /** The public keys of the identity ring (RFC 7517 section 5) as JSON; null without a ring. */
  readonly identityKeys?: Buffer | null;
}

/**
 * Takes an exchange over where its path is one of the pages: the promise settles when the page has
 * been sent. It rejects every other well-known path with CORS headers, so that a web page may read
 * the rejection, too. Null: the path is not a page.
 */
export function createPublicRoutes(
  endpoints: readonly Endpoint[],
  readiness: Readiness,
  { mirrored, bridge = null, identityKeys = null }: Published,
): (exchange: Exchange) => Promise<Failure | null> | Failure | null {
  const documents = wellKnownDocuments(endpoints, mirrored, bridge);
  if (identityKeys !== null) documents.set(IDENTITY_KEYS_PATH, () => identityKeys);
  const oauthPages = bridge === null ? null : createOAuthPages(bridge);
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
    const document = documents.get(c.req.path)?.() ?? null;
    if (document === null) return c.json({ error: 'Not Found' }, 404);
    return c.body(new Uint8Array(document), 200, {
      'content-type': 'application/json',
      'cache-control': 'public, max-age=300',
    });
  });
  const listener = getRequestListener(app.fetch);

  return (exchange) => {
    const oauthPage = oauthPages?.(exchange) ?? null;
    if (oauthPage !== null) return oauthPage;
    if (!(exchange instanceof HttpExchange)) return null;
    const { incoming, outgoing, path, method } = exchange;
    const isPage = HEALTH_PATHS.includes(path) || (documents.get(path)?.() ?? null) !== null;
    if (!isPage && !path.includes('/.well-known/')) return null;
    if (isPage ? !METHODS.includes(method) : method !== 'OPTIONS') {
      exchange.responseHeaders.push('access-control-allow-origin', '*');
      return isPage ? methodRefused({ detail: method, allow: METHODS.join(', ') }) : routeUnknown();
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
