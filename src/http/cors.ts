// Decides what a browser may send to and read from an MCP endpoint (Fetch standard; B-15). Never decides which origin is allowed.
import type { Endpoint } from '../core/endpoint.js';
import { type Exchange, singleHeader } from '../core/exchange.js';
import type { Failure } from '../core/failure.js';
import { checkOrigin } from './origin.js';

const ALLOW_METHODS = 'GET, POST, DELETE, HEAD, OPTIONS';
const EXPOSE = 'WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version, Retry-After, X-Request-Id';
const ALLOW_HEADERS =
  'Authorization, Content-Type, Accept, MCP-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name, Last-Event-ID';
const PARAMETER_HEADER = /^mcp-param-[!#$%&'*+.^_`|~0-9a-z-]{1,100}$/;

/** The origin step: refuses a foreign origin without CORS headers, and gives every later answer those of an allowed one. */
export function origin(exchange: Exchange, endpoint: Endpoint): Failure | null {
  const checked = checkOrigin(exchange, endpoint);
  if (checked === undefined) return null;
  if (typeof checked !== 'string') return checked;
  exchange.responseHeaders.push(
    'access-control-allow-origin',
    checked,
    'vary',
    'Origin',
    'access-control-expose-headers',
    EXPOSE,
  );
  return null;
}

/** Answers a preflight: OPTIONS needs no credential, and is never forwarded (C-148). True when it did. */
export function preflight(exchange: Exchange, endpoint: Endpoint): boolean {
  if (exchange.method !== 'OPTIONS') return false;
  const asked = singleHeader(exchange, 'access-control-request-headers') ?? '';
  const parameters = asked
    .split(',')
    .filter((name) => PARAMETER_HEADER.test(name.trim().toLowerCase()));
  const allowHeaders = [
    ALLOW_HEADERS,
    ...parameters.map((name) => name.trim()),
    ...keyHeaders(endpoint),
  ].join(', ');
  const headers = [
    'access-control-allow-methods',
    ALLOW_METHODS,
    'access-control-allow-headers',
    allowHeaders,
  ];
  exchange.begin(
    204,
    [
      ...headers,
      'access-control-max-age',
      '7200',
      'allow',
      ALLOW_METHODS,
      'cache-control',
      'no-store',
    ],
    false,
  );
  exchange.end();
  return true;
}

/** Headers in which legacy callers of this endpoint carry their key. */
function keyHeaders(endpoint: Endpoint): string[] {
  return endpoint.passThrough.filter((rule) => rule.scheme === null).map((rule) => rule.header);
}
