// Checks API keys across fields: the registry is used, no key occurs twice, and each can pass.
// Keys and other credentials come from different places of a request.
import { nameOf } from './endpoint-places.js';
import { knownHashProblem } from './known-hashes.js';
import type { Check, PartialConfig, PartialEndpoint } from './partial-config.js';
import type { Path, Problem } from './problems.js';
import { impliedScopes } from './resolve-policy.js';
import { overlap } from './validate-introspection.js';

type Carrier = NonNullable<NonNullable<PartialEndpoint['apiKeys']>[number]>;

const FIELDS = ['header', 'scheme', 'bearerPrefix'] as const;
const REGISTRIES = ['apiKeys', 'apiKeysFile'] as const;

/** The endpoints that take API keys, also those whose places are bad. */
const withKeys = ({ endpoints, isBad }: PartialConfig): [number, PartialEndpoint][] =>
  [...endpoints].filter(
    ([i, { apiKeys }]) => apiKeys !== undefined || isBad(['endpoints', i, 'apiKeys']),
  );

const registryIsUsed: Check = (config) => {
  const { root, isBad } = config;
  const users = withKeys(config);
  const given = REGISTRIES.filter((field) => root[field] !== undefined || isBad([field]));
  if (given.length === 0)
    return users.map(([i]) => ({
      path: ['endpoints', i, 'apiKeys'],
      message:
        'there are no keys; add apiKeys or apiKeysFile to the root (portcullis hash-key makes a ' +
        'key and its entry), or remove this field',
    }));
  if (users.length > 0) return [];
  const message =
    'no endpoint takes API keys; add apiKeys: [{ header: X-Api-Key }] to an endpoint, or remove ' +
    'this field';
  return given.map((field) => ({ path: [field], message }));
};

const keysDiffer: Check = ({ root: { apiKeys = {} } }) => {
  const firstWith = new Map<string, string>();
  const problems: Problem[] = [];
  for (const [name, key] of Object.entries(apiKeys)) {
    const sha256 = key?.sha256?.toLowerCase();
    if (sha256 === undefined) continue;
    const path = ['apiKeys', name, 'sha256'];
    const known = knownHashProblem(sha256);
    const first = firstWith.get(sha256);
    if (known !== null) problems.push({ path, message: known });
    else if (first === undefined) firstWith.set(sha256, name);
    else problems.push({ path, message: `apiKeys.${first} has the same hash; keep one of them` });
  }
  return problems;
};

/** The place of a key in a request, in words that name it in a configuration. */
const placeOf = ({ header, scheme }: Partial<Carrier>): string | null => {
  if (header !== undefined) return `header: ${header.toLowerCase()}`;
  return scheme === undefined ? null : `scheme: ${scheme.toLowerCase()}`;
};

/** Prefixes of opaque tokens that issuers of the endpoint take. */
const issuerPrefixes = ({ issuers }: PartialConfig, names: PartialEndpoint['issuers'] = []) =>
  names.flatMap((name) =>
    (issuers.get(name ?? '')?.tokenPrefixes ?? []).flatMap((prefix) =>
      prefix === undefined ? [] : [{ prefix, of: `issuers.${name}` }],
    ),
  );

/** A key belongs to one place only, so that the gateway takes no key for another credential. */
function carrierProblem(
  carrier: Carrier,
  before: readonly Carrier[],
  endpoint: PartialEndpoint,
  config: PartialConfig,
): string | null {
  const written = FIELDS.filter((field) => carrier[field] !== undefined);
  if (written.length !== 1)
    return 'write one of header (X-Api-Key), scheme (Token) and bearerPrefix (sk_live_)';
  const place = placeOf(carrier);
  if (place !== null && before.some((other) => placeOf(other) === place))
    return 'this entry occurs twice; keep one';
  if (place !== null && endpoint.passThrough?.some((other) => other && placeOf(other) === place))
    return 'passThrough has this entry too, and a key has one verifier; remove one of them';
  const { bearerPrefix } = carrier;
  if (bearerPrefix === undefined) return null;
  const others = [
    ...before.flatMap(({ bearerPrefix: prefix }) =>
      prefix === undefined ? [] : [{ prefix, of: 'another entry' }],
    ),
    ...issuerPrefixes(config, endpoint.issuers),
  ];
  const other = others.find(({ prefix }) => overlap([bearerPrefix], [prefix]) !== undefined);
  return other === undefined
    ? null
    : `a token could begin with this and with ${other.prefix} of ${other.of}; ` +
        'write prefixes that do not overlap';
}

const carriersDiffer: Check = (config) =>
  [...config.endpoints].flatMap(([i, endpoint]) => {
    const carriers = endpoint.apiKeys ?? [];
    return carriers.flatMap((carrier, j): Problem[] => {
      const path = ['endpoints', i, 'apiKeys', j];
      if (carrier === undefined || FIELDS.some((field) => config.isBad([...path, field])))
        return [];
      const before = carriers.slice(0, j).filter((one) => one !== undefined);
      const message = carrierProblem(carrier, before, endpoint, config);
      return message === null ? [] : [{ path, message }];
    });
  });

/** The upstream would get the keys of callers. */
const keysAreNotForwarded: Check = ({ endpoints }) =>
  [...endpoints].flatMap(([i, { forwardHeaders = [], apiKeys = [] }]) => {
    const keys = apiKeys.map((entry) => entry?.header?.toLowerCase());
    return forwardHeaders.flatMap((name, j): Problem[] => {
      if (name === undefined || !keys.includes(name.toLowerCase())) return [];
      const path = ['endpoints', i, 'forwardHeaders', j];
      return [{ path, message: 'apiKeys has this header; remove it here' }];
    });
  });

/** The base scopes of an endpoint that a key lacks. */
function missingScopes(
  { scopes = [], scopeImplies = {} }: PartialEndpoint,
  granted: readonly (string | undefined)[],
): string[] {
  const lists = Object.entries(scopeImplies).map(
    ([scope, implied]) => [scope, (implied ?? []).filter((one) => one !== undefined)] as const,
  );
  const implied = impliedScopes(Object.fromEntries(lists));
  const held = new Set(granted.flatMap((one) => [one, ...(implied.get(one ?? '') ?? [])]));
  return scopes.filter((scope) => scope !== undefined && !held.has(scope)) as string[];
}

/** More names would hide the message. */
const SHOWN = 20;

const listOf = (names: readonly string[]): string =>
  names.length <= SHOWN
    ? names.join(', ')
    : `${names.slice(0, SHOWN).join(', ')} and ${names.length - SHOWN} more`;

/** `users`: the endpoints with API keys, by name. `known`: the names of all endpoints. */
function endpointProblem(
  place: string,
  granted: readonly (string | undefined)[] | undefined,
  users: ReadonlyMap<string, PartialEndpoint>,
  known: readonly string[],
): string | null {
  const endpoint = users.get(place);
  if (endpoint === undefined)
    return known.includes(place)
      ? `the endpoint ${place} takes no API keys; add apiKeys to it, or remove this path`
      : `no endpoint has this ${known.some((name) => !name.startsWith('/')) ? 'name' : 'path'}; ` +
          `write one of: ${listOf([...users.keys()])}`;
  if (granted === undefined) return null;
  const missing = missingScopes(endpoint, granted);
  return missing.length === 0
    ? null
    : `the key could never pass: the endpoint requires ${missing.join(', ')}; add this to the ` +
        'scopes of the key, or remove this path';
}

const keysFindTheirEndpoints: Check = (config) => {
  const known = [...config.endpoints].map((entry) => nameOf(config, entry));
  const users = withKeys(config);
  // The missing name may be the right one.
  if (known.includes(null) || users.length === 0) return [];
  const byName = new Map(users.map((entry) => [nameOf(config, entry) as string, entry[1]]));
  return Object.entries(config.root.apiKeys ?? {}).flatMap(([name, key]) => {
    const path: Path = ['apiKeys', name];
    const granted = key?.scopes?.includes(undefined) ? undefined : key?.scopes;
    return (key?.endpoints ?? []).flatMap((place, j, all): Problem[] => {
      if (place === undefined) return [];
      const message =
        all.indexOf(place) < j
          ? 'this path occurs twice; keep one'
          : endpointProblem(place, granted, byName, known as string[]);
      return message === null ? [] : [{ path: [...path, 'endpoints', j], message }];
    });
  });
};

export const apiKeyChecks: readonly Check[] = [
  registryIsUsed,
  keysDiffer,
  carriersDiffer,
  keysAreNotForwarded,
  keysFindTheirEndpoints,
];
