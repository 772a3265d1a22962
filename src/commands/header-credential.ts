// Reads a credential that is not a bearer token: a whole header line, or a scheme and its value.

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

function ofScheme(value: string): HeaderCredential | null {
  const [, scheme, key] = SCHEME.exec(value) ?? [];
  if (scheme === undefined || key === undefined) return null;
  return { header: 'authorization', value, key, place: `Authorization: ${scheme}` };
}

/** Null: the text is a token, or no credential at all. `text` has no space around it. */
export function headerCredentialOf(text: string): HeaderCredential | null {
  const [, name, value] = HEADER.exec(text) ?? [];
  if (name === undefined || value === undefined) return ofScheme(text);
  const header = name.toLowerCase();
  const whole = { header, value, key: value, place: name };
  return header === 'authorization' ? (ofScheme(value) ?? whole) : whole;
}
