// Decides which browser origins may call an endpoint (DNS rebinding, B-10): none is fine, otherwise the public origin, loopback or a
// listed one, compared whole (B-11). Never answers; cors.ts writes the headers.
import type { Endpoint } from '../core/endpoint.js';
import { type Exchange, singleHeader } from '../core/exchange.js';
import type { Failure } from '../core/failure.js';
import { originRefused } from '../core/failures.js';
import { isLoopbackOrigin } from '../core/loopback.js';

/** The Origin that was allowed, undefined where there is none, or the refusal. */
export function checkOrigin(exchange: Exchange, endpoint: Endpoint): Failure | string | undefined {
  const origin = singleHeader(exchange, 'origin');
  if (origin === undefined) return undefined;
  if (origin === null) return originRefused({ detail: 'two Origin lines' });
  const { origins, publicOrigin } = endpoint;
  if (
    origin === publicOrigin ||
    isLoopbackOrigin(origin) ||
    origins.includes(origin) ||
    origins.includes('*')
  )
    return origin;
  return originRefused({ detail: 'not the public origin, loopback or a listed one' });
}
