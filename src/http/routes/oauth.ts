// Serves the endpoints of an OAuth authorization server that the gateway runs itself: token,
// authorization and key set. A web page of any origin may call them.
import type { BodyListener, Exchange } from '../../core/exchange.js';
import type { Failure } from '../../core/failure.js';
import {
  bodyTooLarge,
  clientDisconnected,
  gatewayFault,
  grantRefused,
  methodRefused,
} from '../../core/failures.js';
import type { OAuthAnswer, OAuthServer } from '../../core/oauth-server.js';

type Page = Promise<Failure | null> | Failure;

export const CORS = [
  ...['access-control-allow-origin', '*'],
  ...['access-control-expose-headers', 'WWW-Authenticate, Retry-After, X-Request-Id'],
];
/** The star means every header except Authorization (Fetch standard). */
const ALLOW_HEADERS = '*, Authorization, Content-Type, MCP-Protocol-Version';

function send(
  exchange: Exchange,
  status: number,
  headers: readonly string[],
  body: Buffer | null,
): void {
  const length = body === null ? [] : ['content-length', String(body.length)];
  exchange.begin(status, [...headers, ...length]);
  exchange.end(body ?? undefined);
}

/** Null: the grant was sent. A failure is for the log: the client has its answer already. */
export function sendAnswer(exchange: Exchange, answer: OAuthAnswer): Failure | null {
  const { status, headers, body, failure, audited } = answer;
  exchange.audited = audited ?? null;
  if (exchange.disconnected) return failure ?? clientDisconnected();
  send(exchange, status, headers, body);
  return failure;
}

/** A body that cannot be read. The row of the failure would answer with a JSON-RPC error. */
function rejectBody(exchange: Exchange, failure: Failure): Failure {
  const { status, reason } = failure.definition;
  if (status === null || exchange.disconnected) return failure;
  const isTooLarge = failure.definition === bodyTooLarge.definition;
  const description = isTooLarge ? 'The request is too large' : 'The body is not readable';
  const body = Buffer.from(
    JSON.stringify({ error: 'invalid_request', error_description: description }),
  );
  const headers = ['content-type', 'application/json', 'cache-control', 'no-store'];
  send(exchange, status, [...headers, 'pragma', 'no-cache'], body);
  return grantRefused({ detail: `invalid_request: ${failure.detail ?? reason}` });
}

export function preflight(exchange: Exchange, methods: string): Page {
  const headers = [
    ...['access-control-allow-methods', methods],
    ...['access-control-allow-headers', ALLOW_HEADERS],
    ...['access-control-max-age', '7200'],
    ...['allow', methods],
    ...['cache-control', 'no-store'],
  ];
  send(exchange, 204, headers, null);
  return Promise.resolve(null);
}

/** Reads the body, and sends the answer to it. `send` resolves as `sendAnswer` returns. */
export function answerBody(
  exchange: Exchange,
  limitBytes: number,
  send: (body: Buffer) => Promise<Failure | null>,
): Page {
  return new Promise((resolve) => {
    const listener: BodyListener = {
      onBody(body) {
        if (!body.ok) return resolve(rejectBody(exchange, body));
        void send(body.value)
          .catch((cause: unknown) => gatewayFault({ cause }))
          .then(resolve);
      },
    };
    exchange.readBody(limitBytes, listener);
  });
}

const token: Route['serve'] = (exchange, server) =>
  answerBody(exchange, server.maxBodyBytes, async (body) =>
    sendAnswer(exchange, await server.token(exchange, body, exchange.clientAddress)),
  );

function keySet(exchange: Exchange, { jwks }: OAuthServer): Page {
  const headers = [
    ...['content-type', 'application/json'],
    ...['cache-control', 'public, max-age=300'],
  ];
  send(exchange, 200, headers, jwks);
  return Promise.resolve(null);
}

interface Route {
  readonly methods: readonly string[];
  serve(exchange: Exchange, server: OAuthServer): Page;
}

const authorize: Route['serve'] = (exchange, server) =>
  Promise.resolve(sendAnswer(exchange, server.authorize()));

/** Takes an exchange over where its path is one of the server. Null: it is another path. */
export function createOAuthPages(
  server: OAuthServer,
): (exchange: Exchange) => Promise<Failure | null> | Failure | null {
  const routes = new Map<string, Route>([
    [server.paths.token, { methods: ['POST'], serve: token }],
    [server.paths.authorize, { methods: ['GET', 'HEAD', 'POST'], serve: authorize }],
    [server.paths.jwks, { methods: ['GET', 'HEAD'], serve: keySet }],
  ]);
  return (exchange) => {
    const route = routes.get(exchange.path);
    if (route === undefined) return null;
    exchange.responseHeaders.push(...CORS);
    const { method } = exchange;
    const allow = [...route.methods, 'OPTIONS'].join(', ');
    if (method === 'OPTIONS') return preflight(exchange, allow);
    if (!route.methods.includes(method)) return methodRefused({ detail: method, allow });
    return route.serve(exchange, server);
  };
}
