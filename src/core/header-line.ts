// Checks a header value for the form that all servers read alike. Compares spellings of a header
// name that some server confuses.

/** Visible ASCII with single spaces inside (RFC 9110 section 5.5). No two values look the same. */
export const HEADER_LINE = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;

/** Many servers take 8 KiB for one header. */
export const MOST_HEADER_CHARACTERS = 8_192;

export const isHeaderLine = (text: string): boolean =>
  text.length <= MOST_HEADER_CHARACTERS && HEADER_LINE.test(text);

/** Which rule of `isHeaderLine` a text breaks that is not too long; null: none. */
export function headerLineFlaw(text: string): string | null {
  if (HEADER_LINE.test(text)) return null;
  if (text === '') return 'is empty';
  return /^[\x20-\x7e]+$/.test(text)
    ? 'has spaces around it or two in a row'
    : 'is not one line of visible ASCII';
}

/**
 * Equal for two names that some server cannot tell apart: it turns all but letters and digits into
 * `_` (CGI, RFC 3875 section 4.1.18).
 */
export const headerSpelling = (name: string): string =>
  name.toLowerCase().replace(/[^a-z0-9]/g, '_');
