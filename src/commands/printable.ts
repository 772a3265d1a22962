// Prepares text from others for the terminal: ASCII, short, and without the token.

export interface Printable {
  /** One text on one line. */
  text(value: string): string;
  /** Any value on one line: a text unchanged, any other value as JSON. */
  line(value: unknown): string;
  /** A value as JSON. Every string in it is prepared like `text`. */
  json(value: unknown): string;
}

const CHARACTERS = 300;
/** The mask leaves shorter parts of a token alone: they occur in ordinary text. */
const PART_CHARACTERS = 12;
const MASK = '[token]';
/** The search for tokens reads this much of one value. The rest is cut off. */
const SEARCHED_CHARACTERS = 2_000;
/** Deeper than any useful value. A deeper one could exhaust the stack of JSON.stringify. */
const DEPTH = 8;
/**
 * Any other token: two parts of base64url that begin like a JSON object, and perhaps more parts.
 * At the end of a text that was cut, the beginning of a token is enough.
 */
const JOSE = /eyJ[\w-]{8,}(\.[\w-]+(\.[\w-]*)*|$)/g;

/** A control character could move the cursor, or hide a line from its reader. */
const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Cuts a value at the depth limit: JSON.parse reads deeper values than JSON.stringify writes. */
function shallow(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return '...';
  if (Array.isArray(value)) return value.map((one) => shallow(one, depth - 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, shallow(one, depth - 1)]),
  );
}

/**
 * Masks the token, or each of these secrets, everywhere, as a whole and part by part.
 * `characters`: the length to which it cuts a longer text.
 */
export function createPrintable(
  secrets: string | null | readonly (string | null | undefined)[],
  characters = CHARACTERS,
): Printable {
  const parts = [secrets]
    .flat()
    .filter((one): one is string => typeof one === 'string' && one !== '')
    .flatMap((one) => [one, ...one.split('.').filter((part) => part.length >= PART_CHARACTERS)]);
  const mask = (text: string): string =>
    parts.reduce((masked, part) => masked.replaceAll(part, MASK), text);
  const text = (value: string): string => {
    const own = mask(value);
    const masked = own.slice(0, SEARCHED_CHARACTERS).replace(JOSE, MASK);
    const isShort = own.length <= SEARCHED_CHARACTERS && masked.length <= characters;
    return (isShort ? masked : `${masked.slice(0, characters)} ...`).replace(
      /[^\x20-\x7e]/g,
      escaped,
    );
  };
  const line = (value: unknown): string =>
    text(typeof value === 'string' ? value : (JSON.stringify(shallow(value, DEPTH)) ?? 'absent'));
  const json = (value: unknown): string =>
    mask(
      JSON.stringify(
        shallow(value, DEPTH),
        (_name, inner: unknown) => (typeof inner === 'string' ? text(inner) : inner),
        2,
      ),
    )
      .replace(JOSE, MASK)
      .replace(/[^\n\x20-\x7e]/g, escaped);
  return { text, line, json };
}
