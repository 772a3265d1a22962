// Decides which ways of writing a name an upstream may take for the same one, so that a rule that restricts cannot be written around. Never decides
// what the rule says.

import { fold } from '../core/named-reader.js';
import type { Kind } from '../core/policy.js';

const PLAIN = /^[\x21-\x7e]*$/;
/** Escapes in what was an escape, path segments that go up, and the separators that some readers take for a slash. */
const SHIFTY = /%[0-9a-f]{2}|(^|[/\\])\.{1,2}([/\\?#]|$)|\\|\0/i;

/** One spelling for all that differ in case or in Unicode form. */
export const folded = (name: string): string => (PLAIN.test(name) ? name.toLowerCase() : fold(name.normalize('NFKC')).trim());

/** The spellings that restricting rules judge. Null: nobody can say what an upstream makes of it, and it is refused. */
export function spellings(kind: Kind, name: string): readonly string[] | null {
  if (kind !== 'resource') return [folded(name)];
  if (!name.includes('%')) return SHIFTY.test(name) ? null : [folded(name)];
  let decoded: string;
  try {
    decoded = decodeURIComponent(name);
  } catch {
    return null;
  }
  return SHIFTY.test(decoded) ? null : [folded(name), folded(decoded)];
}
