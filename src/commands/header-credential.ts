// Reads a credential that is not a bearer token: a whole header line, or a scheme and its value.
// Never takes a part of a key for a name: the commands show the names.
import { isPlainName } from '../core/plain-name.js';

export interface HeaderCredential {
  /** Lower-case name of the header. */
  readonly header: string;
  /** The whole value of that header. */
  readonly value: string;
  /** The value after a scheme, or the whole value: the secret part. */
  readonly key: string;
  /** The header and the scheme, if any, such as `Authorization: Token`. Without the key. */
  readonly place: string;
}

/**
 * The name of a header or of another scheme, and the value after it. A bearer token contains no
 * space, and a JWT does not begin like this.
 */
const HEADER = /^([a-z][a-z0-9-]*): +(\S.*)$/i;
const SCHEME = /^([a-z][a-z0-9-]*) +(\S.*)$/i;

type IsName = (name: string) => boolean;

function ofScheme(value: string, isName: IsName): HeaderCredential | null {
  const [, scheme, key] = SCHEME.exec(value) ?? [];
  if (scheme === undefined || key === undefined || !isName(scheme)) return null;
  return { header: 'authorization', value, key, place: `Authorization: ${scheme}` };
}

/**
 * Null: the text is a token, or no credential at all. `text` has no space around it. `configured`:
 * lower-case names that are names in any case.
 */
export function headerCredentialOf(
  text: string,
  configured: ReadonlySet<string> = new Set(),
): HeaderCredential | null {
  const isName = (one: string): boolean => isPlainName(one) || configured.has(one.toLowerCase());
  const [, name, value] = HEADER.exec(text) ?? [];
  if (name === undefined || value === undefined) return ofScheme(text, isName);
  if (!isName(name)) return null;
  const header = name.toLowerCase();
  const whole = { header, value, key: value, place: name };
  return header === 'authorization' ? (ofScheme(value, isName) ?? whole) : whole;
}
