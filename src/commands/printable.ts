// Decides how text that others wrote reaches a terminal: in ASCII, short, and without the token. Never decides what is told.

export interface Printable {
  /** One value, on one line. */
  text(value: string): string;
  /** A value as JSON, every string in it as `text` gives it. */
  json(value: unknown): string;
}

const CHARACTERS = 300;
/** Shorter parts of a token stand everywhere. */
const PART_CHARACTERS = 12;
const MASK = '[token]';
/** Any other token: two parts of base64url that begin like a JSON object, and perhaps more. */
const JOSE = /eyJ[\w-]{8,}\.[\w-]+(\.[\w-]*)*/g;

/** A control character could move the cursor, or hide a line from its reader. */
const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** `token` is masked wherever it stands, as a whole and part by part. */
export function createPrintable(token: string | null): Printable {
  const parts = token === null ? [] : [token, ...token.split('.').filter((part) => part.length >= PART_CHARACTERS)];
  const mask = (text: string): string => parts.reduce((masked, part) => masked.replaceAll(part, MASK), text).replace(JOSE, MASK);
  const text = (value: string): string => {
    const masked = mask(value);
    const short = masked.length > CHARACTERS ? `${masked.slice(0, CHARACTERS)} ...` : masked;
    return short.replace(/[^\x20-\x7e]/g, escaped);
  };
  const json = (value: unknown): string =>
    mask(JSON.stringify(value, (_name, inner: unknown) => (typeof inner === 'string' ? text(inner) : inner), 2)).replace(
      /[^\n\x20-\x7e]/g,
      escaped,
    );
  return { text, json };
}
