// Finds the spellings that an upstream may take for one name. Restricting rules compare all of
// them, so that a caller cannot bypass a rule with another spelling.
import type { Kind } from '../core/policy.js';
import { fold } from '../mcp/duplicate-key-reader.js';

const PLAIN = /^[\x21-\x7e]*$/;
/** As long as a request target may be. The work for longer names would delay other callers. */
const LONGEST = 8_192;
/**
 * Normalization takes quadratic time for marks that follow each other. Real text has at most 30
 * (UAX #15 section 13).
 */
const LONG_RUN = /\p{M}{31}/u;
/**
 * Converting a host to ASCII takes quadratic time too. A host has at most 253 characters (RFC 1035
 * section 2.3.4). For these schemes readers find a host even without slashes.
 */
const LONG_HOST = /^(https?|wss?|ftp|file):[/\\]*[^/\\?#]{512}/i;
/**
 * Parts that readers interpret differently:
 * - an escape that results from an escape
 * - path segments that go up
 * - separators that some readers take for a slash
 * - tabs and line ends, which URL parsers drop, also between two dots
 * - a query or fragment in a `file:` URI, which has neither (RFC 8089 section 2)
 */
const AMBIGUOUS = /%[0-9a-f]{2}|(^|[/\\])\.{1,2}([/\\?#;]|$)|\\|\p{Cc}|^\s*file:[^?#]*[?#]/iu;

/** Characters that are not visible, or that some readers drop at the ends. */
const INVISIBLE = /[\p{Cc}\p{Default_Ignorable_Code_Point}]+/gu;

/** Returns the same text for names that differ in case, Unicode form or invisible characters. */
export const foldName = (name: string): string =>
  PLAIN.test(name)
    ? name.toLowerCase()
    : fold(name.normalize('NFKC')).replace(INVISIBLE, '').trim();

const isCostly = (name: string): boolean => name.length > LONGEST || LONG_RUN.test(name);

/**
 * As URL parsers write it. Servers use the parsed form: `file:/x` and `file://localhost/x` become
 * `file:///x`.
 */
const asUrl = (uri: string): string => (URL.canParse(uri) ? new URL(uri).href : uri);

const USER = /^([^/?#:]+:\/\/)[^/?#]*@/;
const ROOT_DOT = /^([^/?#:]+:\/\/[^/?#:]*)\.(?=[:/?#]|$)/;
const FILE_HOST = /^file:\/\/[^/]*/;

/** The same URL without user, root dot and host of a file, which many readers ignore. */
const withoutIgnored = (url: string): string =>
  url.replace(USER, '$1').replace(ROOT_DOT, '$1').replace(FILE_HOST, 'file://');

/** File systems take several slashes for one. */
const oneSlash = (uri: string): string => uri.replace(/\/+/g, '/');

const unique = (all: readonly string[]): readonly string[] => [...new Set(all)];

/** The spellings of the pattern of a restricting rule, to compare with `equivalentNames`. */
export function equivalentPatterns(kind: Kind, pattern: string): readonly string[] {
  return kind === 'resource'
    ? unique([pattern, asUrl(pattern)].map((text) => oneSlash(foldName(text))))
    : [foldName(pattern)];
}

function equivalentUris(uri: string): readonly string[] | null {
  const decoded = decodeURIComponent(uri);
  if (isCostly(decoded)) return null;
  const [written, plain] = [foldName(uri), foldName(decoded)];
  if (
    LONG_HOST.test(written) ||
    plain.length > LONGEST ||
    AMBIGUOUS.test(decoded) ||
    AMBIGUOUS.test(plain)
  )
    return null;
  const url = asUrl(written);
  const urls = unique([url, withoutIgnored(url)]);
  const all = [written, plain, ...urls, ...urls.map((text) => foldName(decodeURIComponent(text)))];
  // Servers often ignore query and fragment.
  return unique([...all, ...all.map((text) => text.replace(/[?#].*$/s, ''))].map(oneSlash));
}

/**
 * The spellings of a name that restricting rules compare. Null: readers interpret the name
 * differently, and the gateway denies it.
 */
export function equivalentNames(kind: Kind, name: string): readonly string[] | null {
  if (isCostly(name)) return null;
  if (kind !== 'resource') return [foldName(name)];
  try {
    return equivalentUris(name);
  } catch {
    return null;
  }
}
