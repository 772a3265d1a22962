// Decides which ways of writing a name an upstream may take for the same one, so that a rule that restricts cannot be written around. Never decides
// what the rule says.

import { fold } from '../core/named-reader.js';
import type { Kind } from '../core/policy.js';

const PLAIN = /^[\x21-\x7e]*$/;
/** As long as a request target may be; rewriting what is longer would keep everybody waiting. */
const LONGEST = 8_192;
/**
 * Escapes in what was an escape, path segments that go up, the separators that some readers take for a slash, what readers of URLs drop
 * (tabs and line ends, also between two dots), and what a file has no room for in its URI (RFC 8089 section 2).
 */
const SHIFTY = /%[0-9a-f]{2}|(^|[/\\])\.{1,2}([/\\?#;]|$)|\\|\p{Cc}|^\s*file:[^?#]*[?#]/iu;

/** One spelling for all that differ in case or in Unicode form. */
export const folded = (name: string): string => (PLAIN.test(name) ? name.toLowerCase() : fold(name.normalize('NFKC')).trim());

/** As readers of URLs write it: servers look up what their reader made of a name, such as file:///x of file:/x and file://localhost/x. */
const asUrl = (uri: string): string => (URL.canParse(uri) ? new URL(uri).href : uri);

/** A file system takes many slashes for one. */
const oneSlash = (uri: string): string => uri.replace(/\/+/g, '/');

const unique = (all: readonly string[]): readonly string[] => [...new Set(all)];

/** The spellings in which a restricting rule's pattern is compared with those of a name. */
export function patternSpellings(kind: Kind, pattern: string): readonly string[] {
  return kind === 'resource' ? unique([pattern, asUrl(pattern)].map((one) => oneSlash(folded(one)))) : [folded(pattern)];
}

function uriSpellings(uri: string): readonly string[] | null {
  const decoded = decodeURIComponent(uri);
  const [written, plain] = [folded(uri), folded(decoded)];
  if (plain.length > LONGEST || SHIFTY.test(decoded) || SHIFTY.test(plain)) return null;
  const url = asUrl(written);
  const read = [written, plain, url, folded(decodeURIComponent(url))];
  // What stands behind the path is often not looked at.
  return unique([...read, ...read.map((one) => one.replace(/[?#].*$/s, ''))].map(oneSlash));
}

/** The spellings that restricting rules judge. Null: nobody can say what an upstream makes of it, and it is refused. */
export function spellings(kind: Kind, name: string): readonly string[] | null {
  if (name.length > LONGEST) return null;
  if (kind !== 'resource') return [folded(name)];
  try {
    return uriSpellings(name);
  } catch {
    return null;
  }
}
