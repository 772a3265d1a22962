// Announces the end of a credential on each answer to its caller: Sunset (RFC 8594) and Deprecation
// (RFC 9745). From that day on the gateway rejects the credential.
import type { Exchange } from '../core/exchange.js';
import type { Caller } from '../core/principal.js';
import { sunsetMsOf } from '../core/sunset.js';

/** The configuration has no day of the deprecation, so it is in the past: the epoch. */
const DEPRECATED = '@0';

/** The date that was written last: many callers share one, and to format it is expensive. */
let lastMs = Number.NaN;
let lastDate = '';

function httpDate(atMs: number): string {
  if (atMs !== lastMs) {
    lastMs = atMs;
    lastDate = new Date(atMs).toUTCString();
  }
  return lastDate;
}

/** Adds the headers to every later answer of the exchange, if its credential has an end. */
export function announceSunset(exchange: Exchange, caller: Caller): void {
  const sunsetMs = sunsetMsOf(caller);
  if (sunsetMs === null) return;
  exchange.responseHeaders.push('deprecation', DEPRECATED, 'sunset', httpDate(sunsetMs));
}
