// Finds the entry that the operator probably meant, for a key without an entry. The usual causes
// are a line feed in the hash, quotes, and a missing prefix.
import type { ApiKey, ApiKeyCarrier } from '../core/api-key.js';
import type { ApiKeyRegistry } from '../verify/api-keys.js';

export interface NearKey {
  readonly key: ApiKey;
  /** A sentence without its full stop. It never has the key. */
  readonly words: string;
}

const HASH_AGAIN = 'Hash the key again with portcullis hash-key --stdin, and replace sha256';

/** The operator hashed another text than the key. */
const hashed = (what: string) => (name: string) =>
  `the entry ${name} has the hash of this key ${what}. ${HASH_AGAIN}`;
/** The caller presents another text than the key. */
const presented = (what: string) => (name: string) =>
  `this is the key ${name}, but ${what}. Send the key alone`;

type Variant = readonly [text: string, words: (name: string) => string];

function variantsOf(text: string, carriers: readonly ApiKeyCarrier[]): Variant[] {
  const [, unquoted = ''] = /^["'`](.*)["'`]$/s.exec(text) ?? [];
  const prefixes = carriers.flatMap(({ bearerPrefix }) => bearerPrefix ?? []);
  const schemes = carriers.flatMap(({ scheme }) => scheme ?? []);
  const own = prefixes.filter((prefix) => text.startsWith(prefix));
  return [
    [`${text}\n`, hashed('with a line feed after it, as echo writes one')],
    [`${text}\r\n`, hashed('with a line end of Windows after it')],
    [`"${text}"`, hashed('in quotes')],
    [`'${text}'`, hashed('in quotes')],
    [`${text} `, hashed('with a space after it')],
    ...['bearer', ...schemes]
      .flatMap((scheme) => [scheme, scheme.charAt(0).toUpperCase() + scheme.slice(1)])
      .map((scheme): Variant => [`${scheme} ${text}`, hashed(`with the scheme ${scheme}`)]),
    ...own.map(
      (prefix): Variant => [text.slice(prefix.length), hashed(`without its prefix ${prefix}`)],
    ),
    ...prefixes.map(
      (prefix): Variant => [
        prefix + text,
        (name) => `this is the key ${name} without its prefix ${prefix}. Send all of it`,
      ],
    ),
    [unquoted, presented('it is in quotes')],
    [text.replace(/\s+/g, ''), presented('it has white space inside')],
  ];
}

/** Null: no entry is near. `carriers`: those of all endpoints. */
export function nearKey(
  text: string,
  registry: ApiKeyRegistry,
  all: readonly ApiKey[],
  carriers: readonly ApiKeyCarrier[],
): NearKey | null {
  for (const [variant, words] of variantsOf(text, carriers)) {
    const key = variant === '' || variant === text ? null : registry.find(variant);
    if (key !== null) return { key, words: words(key.name) };
  }
  const hash = text.toLowerCase();
  const key = /^[0-9a-f]{64}$/.test(hash) ? all.find(({ sha256 }) => sha256 === hash) : undefined;
  return key === undefined
    ? null
    : { key, words: `this is the hash of the key ${key.name}, and not the key` };
}
