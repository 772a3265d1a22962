// Reads the error of a Bearer challenge in a WWW-Authenticate header (RFC 6750 section 3, RFC 9110
// section 11.6.1).

/** A scheme, or a parameter with its value. A quoted value may have commas and `error=` in it. */
const WORD = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?/g;

/**
 * The `error` of the one Bearer challenge; undefined where it has none, or the header is missing.
 * `other scheme`: the header has a challenge for another scheme, alone or beside.
 */
export function bearerErrorOf(
  header: string | readonly string[] | undefined,
): string | 'other scheme' | undefined {
  let error: string | undefined;
  for (const [, word = '', quoted, plain] of [header ?? []].flat().join(', ').matchAll(WORD)) {
    const value = quoted ?? plain;
    if (value === undefined && word.toLowerCase() !== 'bearer') return 'other scheme';
    if (value !== undefined && word.toLowerCase() === 'error') error ??= value;
  }
  return error;
}
