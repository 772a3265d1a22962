// Serves the endpoints and the pages of the facades. A web page of any origin may call those that
// are for clients, and none of those that are for people.
import type { Exchange } from '../../core/exchange.js';
import type { FacadeAnswer, FacadeRoute, FacadeServer } from '../../core/facade-server.js';
import type { Failure } from '../../core/failure.js';
import { methodRefused } from '../../core/failures.js';
import { drawPage, PAGE_HEADERS } from './facade-pages.js';
import { answerBody, CORS, preflight, sendAnswer } from './oauth.js';

type Page = Promise<Failure | null> | Failure;

async function send(exchange: Exchange, answer: FacadeAnswer): Promise<Failure | null> {
  const { body } = answer;
  if (Buffer.isBuffer(body)) return sendAnswer(exchange, { ...answer, body });
  const headers = [...answer.headers, ...PAGE_HEADERS];
  return sendAnswer(exchange, { ...answer, headers, body: await drawPage(body) });
}

const serve = (exchange: Exchange, route: FacadeRoute, maxBodyBytes: number): Page =>
  answerBody(exchange, route.method === 'GET' ? 0 : maxBodyBytes, async (body) =>
    send(exchange, await route.answer(exchange, body, exchange.clientAddress)),
  );

/** Takes an exchange over where its path is one of the facades. Null: it is another path. */
export function createFacadePages(
  facades: readonly FacadeServer[],
): (exchange: Exchange) => Page | null {
  const routes = new Map(
    facades.flatMap(({ routes, maxBodyBytes }) =>
      [...routes].map(([path, route]) => [path, { route, maxBodyBytes }] as const),
    ),
  );
  return (exchange) => {
    const found = routes.get(exchange.path);
    if (found === undefined) return null;
    const { route, maxBodyBytes } = found;
    const { method } = exchange;
    if (!route.isForScripts)
      return method === route.method
        ? serve(exchange, route, maxBodyBytes)
        : methodRefused({ detail: method, allow: route.method });
    exchange.responseHeaders.push(...CORS);
    const allow = `${route.method}, OPTIONS`;
    if (method === 'OPTIONS') return preflight(exchange, allow);
    return method === route.method
      ? serve(exchange, route, maxBodyBytes)
      : methodRefused({ detail: method, allow });
  };
}
