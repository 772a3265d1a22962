// Warns of API keys that are valid and rarely meant: keys near their sunset, and keys that pass
// nowhere. Never shows a secret.
import { type ApiKey, isForEndpoint } from '../core/api-key.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Notice } from '../core/notice.js';
import type { KeySources } from './api-key-lines.js';
import { apiKeysFileNotices } from './api-keys-file.js';
import type { ResolvedConfig } from './resolved-config.js';

const DAY_MS = 86_400_000;
/** Days before a sunset from which on the start warns. */
const SOON_DAYS = 30;
/** More names would fill the screen. */
const SHOWN = 20;

function namesOf(keys: readonly ApiKey[]): string {
  const names = keys.slice(0, SHOWN).map(({ name }) => name);
  const more = keys.length - names.length;
  return names.join(', ') + (more === 0 ? '' : ` and ${more} more`);
}

const warning = (event: string, detail: string, endpoint?: string): Notice => ({
  event,
  level: 'warn',
  ...(endpoint === undefined ? {} : { endpoint }),
  detail,
});

/** One notice for the keys past their sunset, and one for those that reach it soon. */
export function sunsetNotices(keys: readonly ApiKey[], nowMs: number): Notice[] {
  const soonMs = nowMs + SOON_DAYS * DAY_MS;
  const over = keys.filter(({ sunsetMs }) => sunsetMs !== null && sunsetMs <= nowMs);
  const soon = keys.filter(
    ({ sunsetMs }) => sunsetMs !== null && sunsetMs > nowMs && sunsetMs <= soonMs,
  );
  const notices: Notice[] = [];
  if (over.length > 0) {
    const detail = `the gateway rejects these API keys since their sunset: ${namesOf(over)}`;
    notices.push(warning('config.key_past_sunset', detail));
  }
  if (soon.length > 0) {
    const detail =
      `the gateway will reject these API keys within ${SOON_DAYS} days, from their sunset on: ` +
      namesOf(soon);
    notices.push(warning('config.key_sunset_soon', detail));
  }
  return notices;
}

/** About the whole registry: `keys` are those of the configuration and of its `apiKeysFile`. */
export const registryNotices = (
  sources: KeySources,
  keys: readonly ApiKey[],
  nowMs: number,
): Notice[] => [...apiKeysFileNotices(sources, keys), ...sunsetNotices(keys, nowMs)];

/** The scopes that a key has, also by implication. */
const heldScopes = ({ scopes }: ApiKey, { scopeImplies }: Endpoint): Set<string> =>
  new Set(scopes.flatMap((scope) => [scope, ...(scopeImplies.get(scope) ?? [])]));

function canPass(key: ApiKey, endpoint: Endpoint): boolean {
  if (!isForEndpoint(key, endpoint.name)) return false;
  const held = heldScopes(key, endpoint);
  return endpoint.scopes.every((scope) => held.has(scope));
}

/** The first host of each endpoint: the others have the same settings. */
const oneOfEachName = (endpoints: readonly Endpoint[]): Endpoint[] =>
  [
    ...new Map([...endpoints].reverse().map((endpoint) => [endpoint.name, endpoint])).values(),
  ].reverse();

/**
 * Keys without `endpoints`, where such a key passes under several hosts. These often belong to
 * several tenants, and a key to one of them.
 */
function everyHostNotices(keys: readonly ApiKey[], users: readonly Endpoint[]): Notice[] {
  const hosted = users.filter(({ host }) => host !== null);
  if (new Set(hosted.map(({ host }) => host)).size < 2) return [];
  const wide = keys.filter((key) => {
    if (key.endpoints !== null) return false;
    const first = hosted.find((endpoint) => canPass(key, endpoint));
    return (
      first !== undefined &&
      hosted.some((endpoint) => endpoint.host !== first.host && canPass(key, endpoint))
    );
  });
  if (wide.length === 0) return [];
  const detail =
    'these API keys pass under several hosts. If each is for one tenant, write endpoints, with the ' +
    `names of its endpoints: ${namesOf(wide)}`;
  return [warning('config.key_every_host', detail)];
}

/** About the keys in the configuration itself. The keys of a file are not known here. */
export function keyNotices({ apiKeys, apiKeysFile, endpoints }: ResolvedConfig): Notice[] {
  const users = oneOfEachName(endpoints).filter((endpoint) => endpoint.apiKeys.length > 0);
  const bare = apiKeys.filter(
    ({ upstreamAuthorization }) => upstreamAuthorization?.reveal().includes(' ') === false,
  );
  const notices: Notice[] = [];
  if (bare.length > 0) {
    const detail =
      'upstreamAuthorization is the whole value of the header, and that of these API keys has no ' +
      `scheme, such as Bearer: ${namesOf(bare)}`;
    notices.push(warning('config.upstream_authorization_bare', detail));
  }
  notices.push(...everyHostNotices(apiKeys, users));
  if (apiKeysFile !== null) return notices;
  if (users.length > 0 && apiKeys.length === 0)
    notices.push(warning('config.no_api_keys', 'apiKeys is empty: add a key, or a file of keys'));
  for (const endpoint of apiKeys.length === 0 ? [] : users) {
    if (apiKeys.some((key) => canPass(key, endpoint))) continue;
    const { name, scopes } = endpoint;
    const detail =
      scopes.length === 0
        ? `no API key is for this endpoint: add ${name} to endpoints of a key`
        : `no API key for this endpoint has the scopes that each call needs: ${scopes.join(', ')}`;
    notices.push(warning('config.no_key_passes', detail, name));
  }
  return notices;
}
