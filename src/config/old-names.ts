// The table of old names: fields and variables that have a new name, and fields that are reserved.
// Reads a configuration with old names as if it had the new ones, and reports each old name.
import { isObject } from '../core/json.js';
import type { Path, Problem } from './problems.js';

/** The path of an old field, with * for any name or index, and its new name. */
export const RENAMED_FIELDS: Readonly<Record<string, string>> = {
  'limits.slowReaderSeconds': 'clientStallTimeoutSeconds',
  'issuers.*.keys': 'jwks',
  'issuers.*.jwks.freshForSeconds': 'cacheSeconds',
  'issuers.*.jwks.staleForSeconds': 'staleIfErrorSeconds',
  'issuers.*.jwks.unknownKidEverySeconds': 'unknownKidCooldownSeconds',
  'issuers.*.introspection.cacheForSeconds': 'activeCacheSeconds',
  'issuers.*.introspection.inactiveForSeconds': 'inactiveCacheSeconds',
  'issuers.*.mirror': 'metadataMirror',
  'endpoints.*.legacy': 'passThrough',
  'endpoints.*.tools.unlisted': 'default',
  'endpoints.*.prompts.unlisted': 'default',
  'endpoints.*.resources.unlisted': 'default',
  'endpoints.*.methods.also': 'allow',
  'endpoints.*.denial': 'denialResponse',
  'endpoints.*.upstream.connectMs': 'connectTimeoutMs',
  'endpoints.*.upstream.headersMs': 'headersTimeoutMs',
  'endpoints.*.upstream.inFlight': 'maxConcurrentRequests',
  'endpoints.*.limits.bodyBytes': 'maxBodyBytes',
};

const RESERVED = 'this field is reserved and not available yet; remove it';

/** The path of a field that the gateway cannot use, and what to do about it. */
export const UNUSABLE_FIELDS: Readonly<Record<string, string>> = {
  'endpoints.*.passThrough.*.mode': 'this field no longer exists; remove it',
  apiKeys: RESERVED,
  'endpoints.*.apiKeys': RESERVED,
};

/** The old and the new name of a variable, without PORTCULLIS_. */
export const RENAMED_VARIABLES: Readonly<Record<string, string>> = {
  LEGACY_SCHEME: 'PASS_THROUGH_SCHEME',
  LEGACY_SCOPES: 'PASS_THROUGH_SCOPES',
};

function entryFor(table: Readonly<Record<string, string>>, path: Path): string | undefined {
  const last = String(path.at(-1));
  const found = Object.entries(table).find(([pattern]) => {
    if (!pattern.endsWith(last)) return false;
    const parts = pattern.split('.');
    return parts.length === path.length && parts.every((one, i) => one === '*' || one === path[i]);
  });
  return found?.[1];
}

/** The value with new names only. A field that has both names keeps the value of the new one. */
export function withNewNames(raw: Readonly<Record<string, unknown>>): {
  value: Readonly<Record<string, unknown>>;
  problems: Problem[];
} {
  const problems: Problem[] = [];

  /** `path` has the new names, `written` the names in the file. */
  function rename(value: unknown, path: Path, written: Path): unknown {
    if (Array.isArray(value))
      return value.map((one, i) => rename(one, [...path, i], [...written, i]));
    if (!isObject(value)) return value;
    const fields: [string, unknown][] = [];
    for (const [name, inner] of Object.entries(value)) {
      const here = [...path, name];
      const there = [...written, name];
      const unusable = entryFor(UNUSABLE_FIELDS, here);
      if (unusable !== undefined) {
        problems.push({ path: there, message: unusable });
        continue;
      }
      const newName = entryFor(RENAMED_FIELDS, here);
      if (newName !== undefined)
        problems.push({ path: there, message: `this field is now called ${newName}` });
      const renamed = rename(inner, [...path, newName ?? name], there);
      if (newName === undefined || !Object.hasOwn(value, newName))
        fields.push([newName ?? name, renamed]);
    }
    return Object.fromEntries(fields);
  }

  const value = rename(raw, [], []) as Readonly<Record<string, unknown>>;
  return { value, problems };
}
