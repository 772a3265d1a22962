// Decides which ways of writing a name an upstream may take for the same one, so that a rule that restricts cannot be written around. Never decides
// what the rule says.

import type { Kind } from '../core/policy.js';
import { fold } from '../mcp/duplicate-key-reader.js';

const PLAIN = /^[\x21-\x7e]*$/;
/** As long as a request target may be; rewriting what is longer would keep everybody waiting. */
const LONGEST = 8_192;
/** Putting marks in order takes time by the square of how many follow each other; text has no more than 30 (UAX #15 section 13). */
const LONG_RUN = /\p{M}{31}/u;
/** So does writing a host in ASCII, and none is longer than 253 (RFC 1035 section 2.3.4). For these schemes readers look for one without slashes. */
const LONG_HOST = /^(https?|wss?|ftp|file):[/\\]*[^/\\?#]{512}/i;
/**
 * Escapes in what was an escape, path segments that go up, the separators that some readers take for a slash, what readers of URLs drop
 * (tabs and line ends, also between two dots), and what a file has no room for in its URI (RFC 8089 section 2).
 */
const SHIFTY = /%[0-9a-f]{2}|(^|[/\\])\.{1,2}([/\\?#;]|$)|\\|\p{Cc}|^\s*file:[^?#]*[?#]/iu;

/** What is not seen where it stands, and what some readers cut off at the ends. */
const UNSEEN = /[\p{Cc}\p{Default_Ignorable_Code_Point}]+/gu;

/** One spelling for all that differ in case, in Unicode form or in what is not seen. */
export const foldName = (name: string): string =>
  PLAIN.test(name) ? name.toLowerCase() : fold(name.normalize('NFKC')).replace(UNSEEN, '').trim();

const isCostly = (name: string): boolean => name.length > LONGEST || LONG_RUN.test(name);

/** As readers of URLs write it: servers look up what their reader made of a name, such as file:///x of file:/x and file://localhost/x. */
const asUrl = (uri: string): string => (URL.canParse(uri) ? new URL(uri).href : uri);

const USER = /^([^/?#:]+:\/\/)[^/?#]*@/;
const ROOT_DOT = /^([^/?#:]+:\/\/[^/?#:]*)\.(?=[:/?#]|$)/;
const FILE_HOST = /^file:\/\/[^/]*/;

/** Where such a URL leads: whoever asks, with or without the dot of the root; of a file many readers look at the path alone. */
const withoutTrimmings = (url: string): string =>
  url.replace(USER, '$1').replace(ROOT_DOT, '$1').replace(FILE_HOST, 'file://');

/** A file system takes many slashes for one. */
const oneSlash = (uri: string): string => uri.replace(/\/+/g, '/');

const unique = (all: readonly string[]): readonly string[] => [...new Set(all)];

/** The spellings in which a restricting rule's pattern is compared with those of a name. */
export function equivalentPatterns(kind: Kind, pattern: string): readonly string[] {
  return kind === 'resource'
    ? unique([pattern, asUrl(pattern)].map((one) => oneSlash(foldName(one))))
    : [foldName(pattern)];
}

function uriSpellings(uri: string): readonly string[] | null {
  const decoded = decodeURIComponent(uri);
  if (isCostly(decoded)) return null;
  const [written, plain] = [foldName(uri), foldName(decoded)];
  if (
    LONG_HOST.test(written) ||
    plain.length > LONGEST ||
    SHIFTY.test(decoded) ||
    SHIFTY.test(plain)
  )
    return null;
  const url = asUrl(written);
  const urls = unique([url, withoutTrimmings(url)]);
  const read = [written, plain, ...urls, ...urls.map((one) => foldName(decodeURIComponent(one)))];
  // What stands behind the path is often not looked at.
  return unique([...read, ...read.map((one) => one.replace(/[?#].*$/s, ''))].map(oneSlash));
}

/** The spellings that restricting rules judge. Null: nobody can say what an upstream makes of it, and it is refused. */
export function equivalentNames(kind: Kind, name: string): readonly string[] | null {
  if (isCostly(name)) return null;
  if (kind !== 'resource') return [foldName(name)];
  try {
    return uriSpellings(name);
  } catch {
    return null;
  }
}
