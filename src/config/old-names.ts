// The table of old names: fields and variables that have a new name, and fields that are gone.
// Reads a configuration with old names as if it had the new ones, and reports each old name.
import { isObject } from '../core/json.js';
import type { Path, Problem } from './problems.js';

/** The path of an old field, with * for any name or index, and its new name. */
export const RENAMED_FIELDS: Readonly<Record<string, string>> = {
  keysFile: 'apiKeysFile',
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

/** The path of a field that the gateway cannot use, and what to do about it. */
export const UNUSABLE_FIELDS: Readonly<Record<string, string>> = {
  'endpoints.*.passThrough.*.mode': 'this field no longer exists; remove it',
};

/** The old and the new name of a variable, without PORTCULLIS_. */
export const RENAMED_VARIABLES: Readonly<Record<string, string>> = {
  LEGACY_SCHEME: 'PASS_THROUGH_SCHEME',
  LEGACY_SCOPES: 'PASS_THROUGH_SCOPES',
};

const entries = [...Object.entries(RENAMED_FIELDS), ...Object.entries(UNUSABLE_FIELDS)];
const OLD_NAMES: ReadonlySet<string> = new Set(
  entries.map(([pattern]) => pattern.slice(pattern.lastIndexOf('.') + 1)),
);

function entryFor(table: Readonly<Record<string, string>>, path: Path): string | undefined {
  const found = Object.entries(table).find(([pattern]) => {
    const parts = pattern.split('.');
    return parts.length === path.length && parts.every((one, i) => one === '*' || one === path[i]);
  });
  return found?.[1];
}

/** The old names of the field at a path. */
export const oldNamesOf = (path: Path): string[] =>
  Object.entries(RENAMED_FIELDS).flatMap(([pattern, newName]) => {
    const parts = pattern.split('.');
    const isHere =
      parts.length === path.length &&
      newName === path.at(-1) &&
      // A part above it may have an old name too.
      parts.slice(0, -1).every((one, i) => one === '*' || one === path[i]);
    return isHere ? [parts.at(-1) as string] : [];
  });

/** The value with new names only. A field that has both names keeps the value of the new one. */
export function withNewNames(raw: Readonly<Record<string, unknown>>): {
  value: Readonly<Record<string, unknown>>;
  problems: Problem[];
} {
  const problems: Problem[] = [];
  // The path with the new names, and the path as in the file.
  const path: (string | number)[] = [];
  const written: (string | number)[] = [];

  function member(name: string | number, newName: string | number, value: unknown): unknown {
    path.push(newName);
    written.push(name);
    const renamed = rename(value);
    path.pop();
    written.pop();
    return renamed;
  }

  function rename(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((one, i) => member(i, i, one));
    if (!isObject(value)) return value;
    const fields: [string, unknown][] = [];
    for (const [name, inner] of Object.entries(value)) {
      const isOld = OLD_NAMES.has(name);
      const unusable = isOld ? entryFor(UNUSABLE_FIELDS, [...path, name]) : undefined;
      const newName = isOld ? entryFor(RENAMED_FIELDS, [...path, name]) : undefined;
      const message = unusable ?? (newName && `this field is now called ${newName}`);
      if (message !== undefined) problems.push({ path: [...written, name], message });
      if (unusable !== undefined) continue;
      const renamed = member(name, newName ?? name, inner);
      if (newName === undefined || !Object.hasOwn(value, newName))
        fields.push([newName ?? name, renamed]);
    }
    return Object.fromEntries(fields);
  }

  return { value: rename(raw) as Readonly<Record<string, unknown>>, problems };
}
