// Turns the lines of `apiKeysFile` into keys, and finds the problems of each line. Equal tenants,
// lists and days become one object, so that a large registry stays small.
import { type ApiKey, isSameKey } from '../core/api-key.js';
import type { Secret } from '../core/secret.js';
import { headerSecretMessage } from './header-secrets.js';
import { readJsonLine } from './json-line.js';
import { knownHashProblem } from './known-hashes.js';
import { placeholders } from './placeholders.js';
import type { Path } from './problems.js';
import type { ResolvedConfig } from './resolved-config.js';
import { type ApiKeyLine, apiKeyLineSchema } from './schema/api-key-line.js';
import { parseWithProblems } from './schema-problems.js';
import { misplacedReferences } from './secret-references.js';
import { type Environment, readSecret } from './secrets.js';
import { createTextIndex } from './text-index.js';

/** The parts of the configuration that decide about the keys of the file. */
export type KeySources = Pick<ResolvedConfig, 'apiKeys' | 'apiKeysFile' | 'endpoints'>;

/**
 * The entry that the gateway has with this SHA-256. An equal line becomes that object again: a
 * reload of a large file then makes only garbage that dies at once.
 */
export type KnownKey = (sha256: string) => ApiKey | undefined;

/** A problem of a line. `path`: the field in it. */
export interface LineProblem {
  readonly path: Path;
  readonly message: string;
}

/** Names of fields under which people write a key itself, its hash or its end. */
const OTHER_NAMES = new Map<unknown, string>(
  (
    [
      [
        ['key', 'apiKey', 'api_key', 'secret', 'token', 'password', 'value'],
        'never write a key itself; write sha256, and replace this key if others could read it',
      ],
      [
        ['hash', 'digest', 'sha', 'keyHash', 'key_hash', 'hashedKey', 'hashed_key'],
        'unknown field; did you mean sha256?',
      ],
      [
        ['expires', 'expiry', 'exp', 'expiresAt', 'expires_at', 'validUntil', 'valid_until'],
        'unknown field; did you mean sunset?',
      ],
    ] as const
  ).flatMap(([names, message]) => names.map((name) => [name, message] as const)),
);

/** References and placeholders begin like this. */
const MARK = /[$<]|\{\{/;

/** A function that returns the first of equal values. `idOf` is equal for equal values only. */
function interned<T>(idOf: (value: T) => string): (value: T) => T {
  const known = new Map<string, T>();
  return (value) => {
    const id = idOf(value);
    const first = known.get(id);
    if (first !== undefined) return first;
    known.set(id, Object.freeze(value));
    return value;
  };
}

/** Neither a scope nor a path contains a space. */
const internedLists = () => interned<readonly string[]>((list) => list.join(' '));

const problem = (field: string, message: string): LineProblem => ({ path: [field], message });

export interface LineReader {
  /** The keys of all lines so far that have no problem. */
  readonly keys: readonly ApiKey[];
  /** Reads a line, which is not blank, and trimmed. Returns its problems. */
  read(text: string, line: number): LineProblem[];
}

/** Reads the lines of one file, in their order. Knows each key that it has read. */
export function createLineReader(
  sources: KeySources,
  environment: Environment,
  known: KnownKey,
): LineReader {
  const ownNames = new Map(sources.apiKeys.map(({ name }) => [name, name]));
  const ownHashes = new Map(sources.apiKeys.map(({ name, sha256 }) => [sha256, name]));
  const keys: ApiKey[] = [];
  /** The line of each key. */
  const lines: number[] = [];
  const names = createTextIndex((number) => keys[number]?.name ?? '');
  const hashes = createTextIndex((number) => keys[number]?.sha256 ?? '');
  const takers = new Map(sources.endpoints.map((one) => [one.name, one.apiKeys.length > 0]));
  const secrets = new Map<string, Secret | string>();
  const tenants = interned<string>((text) => text);
  const scopeLists = internedLists();
  const endpointLists = internedLists();

  function secretOf(reference: string): Secret | string {
    const known = secrets.get(reference);
    if (known !== undefined) return known;
    const read = readSecret(reference, environment);
    const secret = typeof read === 'string' ? read : (headerSecretMessage(read) ?? read);
    secrets.set(reference, secret);
    return secret;
  }

  /** Where another key is that has the same name or hash; null where none has. */
  function placeOf(ownName: string | undefined, line: number | undefined): string | null {
    if (ownName !== undefined) return `apiKeys.${ownName} of the configuration`;
    return line === undefined ? null : `line ${line}`;
  }

  function repeats(name: string, sha256: string): LineProblem[] {
    const sameName = placeOf(ownNames.get(name), lines[names.get(name)]);
    const sameHash = placeOf(ownHashes.get(sha256), lines[hashes.get(sha256)]);
    if (sameName !== null && sameName === sameHash)
      return [{ path: [], message: `${sameName} has this key already; remove one of the two` }];
    const problems: LineProblem[] = [];
    if (sameName !== null)
      problems.push(problem('name', `${sameName} has the same name; write another`));
    if (sameHash !== null)
      problems.push(
        problem('sha256', `${sameHash} has the same key; remove one of the two, or make a new key`),
      );
    return problems;
  }

  const endpointProblems = (list: readonly string[]): LineProblem[] =>
    list.flatMap((name, i) => {
      const takesKeys = takers.get(name);
      if (takesKeys === true) return [];
      const message =
        takesKeys === undefined
          ? `no endpoint has this ${name.startsWith('/') ? 'path' : 'name'}; correct it`
          : 'this endpoint takes no API keys; add apiKeys to it, or remove the path';
      return [{ path: ['endpoints', i], message }];
    });

  function problemsOf(input: ApiKeyLine, secret: Secret | string | null): LineProblem[] {
    const problems = repeats(input.name, input.sha256.toLowerCase());
    const known = knownHashProblem(input.sha256);
    if (known !== null) problems.push(problem('sha256', known));
    if (typeof secret === 'string') problems.push(problem('upstreamAuthorization', secret));
    if (input.endpoints !== undefined) problems.push(...endpointProblems(input.endpoints));
    if (MARK.test(input.tenant ?? '') || input.scopes.some((scope) => MARK.test(scope)))
      problems.push(
        ...misplacedReferences(apiKeyLineSchema, input),
        ...placeholders(apiKeyLineSchema, input),
      );
    return problems;
  }

  const schemaProblems = (value: Record<string, unknown>): LineProblem[] =>
    parseWithProblems(apiKeyLineSchema, value).problems.map(({ path, message }) => {
      const other = path.length === 1 ? OTHER_NAMES.get(path[0]) : undefined;
      return { path, message: other ?? message };
    });

  return {
    keys,
    read(text, line) {
      const json = readJsonLine(text);
      if ('message' in json)
        return [{ path: json.field === undefined ? [] : [json.field], message: json.message }];
      const { success, data } = apiKeyLineSchema.safeParse(json.value);
      if (!success) return schemaProblems(json.value);
      const reference = data.upstreamAuthorization;
      const secret = reference === undefined ? null : secretOf(reference);
      const problems = problemsOf(data, secret);
      if (problems.length > 0 || typeof secret === 'string') return problems;
      const { name, scopes, tenant, sunset, endpoints } = data;
      const sha256 = data.sha256.toLowerCase();
      // Not by resolveApiKey of a copy: a copy of each line makes the heap larger (measured).
      const read: ApiKey = {
        name,
        sha256,
        scopes: scopeLists(scopes),
        tenant: tenant === undefined ? null : tenants(tenant),
        upstreamAuthorization: secret,
        sunsetMs: sunset === undefined ? null : Date.parse(sunset),
        endpoints: endpoints === undefined ? null : endpointLists(endpoints),
      };
      const before = known(sha256);
      const isSame = before !== undefined && isSameKey(before, read);
      keys.push(isSame ? before : Object.freeze(read));
      lines.push(line);
      names.add(name);
      hashes.add(sha256);
      return [];
    },
  };
}
