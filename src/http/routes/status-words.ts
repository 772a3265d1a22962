// Words for the page of the admin listener: times, numbers, and what an operator should look at.
import type { EndpointStatus, GatewayStatus, IssuerStatus } from '../../core/status.js';

/** A warning about the next sunset of an API key begins this many days before it. */
const SUNSET_DAYS = 14;
/** More lines would hide the rest of the page. */
const LINES = 12;

const UNITS = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
] as const;

export const count = (number: number): string => number.toLocaleString('en-US');

const units = (number: number, unit: string): string =>
  `${count(number)} ${unit}${number === 1 ? '' : 's'}`;

/** `2 days 3 hours`: the two largest units. */
export function duration(seconds: number): string {
  const at = UNITS.findIndex(([size]) => seconds >= size);
  const [size, unit] = UNITS[at] ?? [1, 'second'];
  const whole = units(Math.floor(seconds / size), unit);
  const next = UNITS[at + 1];
  if (next === undefined || size === 60) return whole;
  const rest = Math.floor((seconds % size) / next[0]);
  return rest === 0 ? whole : `${whole} ${units(rest, next[1])}`;
}

/** `2 minutes ago`. Both times are in RFC 3339. */
export function ago(at: string, now: string): string {
  const seconds = Math.floor((Date.parse(now) - Date.parse(at)) / 1000);
  return seconds < 1 ? 'now' : `${duration(seconds)} ago`;
}

/** True where a caller can find no free connection. */
export const isFull = ({ inUse, limit, streamsInUse, streamLimit }: EndpointStatus): boolean =>
  (limit > 0 && inUse >= limit) || (streamLimit > 0 && streamsInUse >= streamLimit);

export const isDown = ({ up, introspectionUp }: IssuerStatus): boolean =>
  up === false || introspectionUp === false;

/** The state of an issuer in a word or two. */
export function issuerState({ up, introspectionUp, usesKeys, keys }: IssuerStatus): string {
  if (up === false) return keys > 0 ? 'Down, older keys in use' : 'Down, no keys';
  if (introspectionUp === false) return 'Introspection down';
  return up === null && usesKeys ? 'Not tried yet' : 'Up';
}

const PART = { config: 'configuration', api_keys: 'API keys' } as const;

/** One line for each thing that an operator should look at. Empty: all is well. */
export function attention(status: GatewayStatus): string[] {
  const { config, issuers, endpoints, stores, apiKeys, now } = status;
  const lines = [
    ...(status.ready ? [] : ['The gateway is not ready: /readyz answers 503.']),
    ...config.reloads
      .filter(({ ok }) => !ok)
      .map(
        ({ part, problems }) =>
          `The last reload of the ${PART[part]} failed: ${problems ?? 'see the log'}`,
      ),
    ...issuers.filter(isDown).map((one) => {
      const error = one.lastError === null ? '' : ` (${one.lastError.detail})`;
      return `Issuer ${one.issuer}: ${issuerState(one).toLowerCase()}${error}`;
    }),
    ...stores.filter(({ up }) => !up).map(({ name, detail }) => `${name}: ${detail ?? 'down'}`),
    ...endpoints
      .filter(isFull)
      .map(({ name }) => `Endpoint ${name}: no connection to its upstream is free.`),
  ];
  const sunset = apiKeys?.nextSunset ?? null;
  const days = sunset === null ? Number.NaN : (Date.parse(sunset) - Date.parse(now)) / 86_400_000;
  if (days < SUNSET_DAYS)
    lines.push(`An API key reaches its sunset in ${duration(Math.max(0, days) * 86_400)}.`);
  const others = lines.length - LINES;
  return others > 0 ? [...lines.slice(0, LINES), `And ${count(others)} more.`] : lines;
}

/** Those in trouble first: without a free connection, with an issuer that is down, with errors. */
export function byTrouble(
  endpoints: readonly EndpointStatus[],
  issuers: readonly IssuerStatus[],
): EndpointStatus[] {
  const down = new Set(issuers.filter(isDown).map(({ issuer }) => issuer));
  const rank = (one: EndpointStatus): number =>
    (isFull(one) ? 2 : 0) + (one.issuers.some((issuer) => down.has(issuer)) ? 1 : 0);
  return [...endpoints].sort(
    (some, other) =>
      rank(other) - rank(some) || other.errors - some.errors || other.requests - some.requests,
  );
}
