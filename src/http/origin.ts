// Checks the Origin header, which protects against DNS rebinding (B-10, Origin check). A request
// without an Origin passes. Otherwise its Origin must be the public origin, loopback or a listed
// one. Origins are compared as whole strings (B-11, no partial match).
import type { Endpoint } from '../core/endpoint.js';
import { type Exchange, singleHeader } from '../core/exchange.js';
import type { Failure } from '../core/failure.js';
import { originRefused } from '../core/failures.js';
import { isLoopbackOrigin } from '../core/loopback.js';

/** The Origin that is allowed; undefined where the request has none; or the failure. */
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
