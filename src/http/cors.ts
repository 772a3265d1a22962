// Writes the CORS headers of answers, and answers preflights: a browser page of an allowed origin
// may call an MCP endpoint and read the answer (Fetch standard; B-15, preflight and CORS).
import type { Endpoint } from '../core/endpoint.js';
import { type Exchange, singleHeader } from '../core/exchange.js';
import type { Failure } from '../core/failure.js';
import { checkOrigin } from './origin.js';

const ALLOW_METHODS = 'GET, POST, DELETE, HEAD, OPTIONS';
const EXPOSE_HEADERS =
  'WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version, Retry-After, X-Request-Id, ' +
  'Sunset, Deprecation, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, RateLimit-Policy';
const ALLOW_HEADERS =
  'Authorization, Content-Type, Accept, MCP-Protocol-Version, Mcp-Session-Id, ' +
  'Mcp-Method, Mcp-Name, Last-Event-ID, Traceparent, Tracestate, Baggage';
const PARAMETER_HEADER = /^mcp-param-[!#$%&'*+.^_`|~0-9a-z-]{1,100}$/;

/**
 * Rejects a request from a foreign origin, without CORS headers. For an allowed origin it adds the
 * CORS headers to every later answer of the exchange.
 */
export function applyCors(exchange: Exchange, endpoint: Endpoint): Failure | null {
  const checked = checkOrigin(exchange, endpoint);
  if (checked === undefined) return null;
  if (typeof checked !== 'string') return checked;
  exchange.responseHeaders.push(
    'access-control-allow-origin',
    checked,
    'vary',
    'Origin',
    'access-control-expose-headers',
    EXPOSE_HEADERS,
  );
  return null;
}

/**
 * Answers a preflight; true where the request was one. OPTIONS needs no credential, and the gateway
 * never forwards it (C-148, no forwarded OPTIONS).
 */
export function answerPreflight(exchange: Exchange, endpoint: Endpoint): boolean {
  if (exchange.method !== 'OPTIONS') return false;
  const requested = singleHeader(exchange, 'access-control-request-headers') ?? '';
  const parameters = requested
    .split(',')
    .filter((name) => PARAMETER_HEADER.test(name.trim().toLowerCase()));
  const allowHeaders = [
    ALLOW_HEADERS,
    ...parameters.map((name) => name.trim()),
    ...keyHeaders(endpoint),
    ...endpoint.forwardHeaders,
  ].join(', ');
  const headers = [
    'access-control-allow-methods',
    ALLOW_METHODS,
    'access-control-allow-headers',
    allowHeaders,
  ];
  exchange.begin(204, [
    ...headers,
    'access-control-max-age',
    '7200',
    'allow',
    ALLOW_METHODS,
    'cache-control',
    'no-store',
  ]);
  exchange.end();
  return true;
}

/** The headers in which callers of this endpoint send keys. */
function keyHeaders({ apiKeys, passThrough }: Endpoint): string[] {
  return [...apiKeys, ...passThrough].flatMap(({ scheme, header }) =>
    scheme === null ? [header] : [],
  );
}
