// Decides how text that others wrote reaches a terminal: in ASCII, short, and without the token. Never decides what is told.

export interface Printable {
  /** One value, on one line. */
  text(value: string): string;
  /** Any value on one line: a text as it is, all else as JSON. */
  line(value: unknown): string;
  /** A value as JSON, every string in it as `text` gives it. */
  json(value: unknown): string;
}

const CHARACTERS = 300;
/** Shorter parts of a token stand everywhere. */
const PART_CHARACTERS = 12;
const MASK = '[token]';
/** Of one value; what stands behind is not looked at. */
const LOOKED_AT = 2_000;
/** Deeper than anything that is to be read; to write more JSON could write takes no more than a token. */
const DEPTH = 8;
/** Any other token: two parts of base64url that begin like a JSON object, and perhaps more; or the beginning of one where the text was cut. */
const JOSE = /eyJ[\w-]{8,}(\.[\w-]+(\.[\w-]*)*|$)/g;

/** A control character could move the cursor, or hide a line from its reader. */
const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** As deep as it is shown, because JSON.stringify ends at what JSON.parse has read. */
function shallow(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return '...';
  if (Array.isArray(value)) return value.map((one) => shallow(one, depth - 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, shallow(one, depth - 1)]),
  );
}

/** `token` is masked wherever it stands, as a whole and part by part. */
export function createPrintable(token: string | null): Printable {
  const parts =
    token === null
      ? []
      : [token, ...token.split('.').filter((part) => part.length >= PART_CHARACTERS)];
  const mask = (text: string): string =>
    parts.reduce((masked, part) => masked.replaceAll(part, MASK), text);
  const text = (value: string): string => {
    const own = mask(value);
    const masked = own.slice(0, LOOKED_AT).replace(JOSE, MASK);
    const isShort = own.length <= LOOKED_AT && masked.length <= CHARACTERS;
    return (isShort ? masked : `${masked.slice(0, CHARACTERS)} ...`).replace(
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
