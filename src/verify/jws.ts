// Reads the form of a token: a compact JWS (RFC 7515), an encrypted token, or an opaque one. It
// verifies nothing.
import { isUtf8 } from 'node:buffer';
import { isObject } from '../core/json.js';

export interface UnverifiedJws {
  readonly kind: 'jws';
  readonly header: Readonly<Record<string, unknown>>;
  /** Null where the payload is not a JSON object. */
  readonly claims: Readonly<Record<string, unknown>> | null;
}

export type Shape = UnverifiedJws | { readonly kind: 'encrypted' } | { readonly kind: 'opaque' };

const BASE64URL = /^[A-Za-z0-9_-]+$/;
/**
 * Allowed last characters, by the number of characters modulo four: the unused bits must be zero
 * (RFC 4648 section 3.5).
 */
const LAST_CHARACTERS = [null, '', 'AQgw', 'AEIMQUYcgkosw048'];

/** One form for each token: else a client could change it while its signature stays valid. */
const isBase64url = (part: string): boolean =>
  BASE64URL.test(part) &&
  (LAST_CHARACTERS[part.length % 4]?.includes(part.at(-1) as string) ?? true);

function decodeObject(part: string): Record<string, unknown> | null {
  const bytes = Buffer.from(part, 'base64url');
  if (!isUtf8(bytes)) return null;
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

type Header = Readonly<Record<string, unknown>>;

/** Headers that were read lately. The tokens of an issuer differ in their claims only. */
const headers = new Map<string, Header | null>();
const REMEMBERED = 64;
const REMEMBERED_CHARACTERS = 256;

function decodeHeader(part: string): Header | null {
  const known = headers.get(part);
  if (known !== undefined) return known;
  const header = decodeObject(part);
  if (part.length > REMEMBERED_CHARACTERS) return header;
  if (headers.size === REMEMBERED) headers.clear();
  // A copy: the part of a token would keep the whole token in memory.
  headers.set(Buffer.from(part, 'latin1').toString('latin1'), header);
  return header;
}

/**
 * True for any value of `alg`. A wrong one makes a malformed JWS, not an opaque token: the gateway
 * must not introspect it (C-95, no second attempt).
 */
const isHeader = (value: Header | null): value is Header =>
  value !== null && Object.hasOwn(value, 'alg');

/**
 * A JWS has three base64url parts, and the first is a JSON object with `alg`. Any other `a.b.c` is
 * opaque.
 */
export function shapeOf(token: string): Shape {
  const parts = token.split('.');
  if (parts.length === 5) return { kind: 'encrypted' };
  const [, , signature = ''] = parts;
  // An empty signature means an unsigned JWT, not an opaque token.
  const signed = signature === '' ? parts.slice(0, 2) : parts;
  if (parts.length !== 3 || !signed.every(isBase64url)) return { kind: 'opaque' };
  const header = decodeHeader(parts[0] as string);
  if (!isHeader(header)) return { kind: 'opaque' };
  return { kind: 'jws', header, claims: decodeObject(parts[1] as string) };
}

/** The header of an encrypted token (RFC 7516 section 4.1.2); null without a readable one. */
export function jweHeaderOf(token: string): Readonly<Record<string, unknown>> | null {
  const header = decodeObject(token.slice(0, token.indexOf('.')));
  return isHeader(header) && Object.hasOwn(header, 'enc') ? header : null;
}

/** No lookahead for the dot: for 32 KB without a dot, backtracking at every start takes seconds. */
const RUN = /[A-Za-z0-9_-]+/g;
/** Base64url characters of the shortest header with `alg`, `{"alg":0}`. */
const HEADER_CHARACTERS = 12;

/**
 * True where a text contains a JOSE header at any place, whatever the text around it. The token may
 * be signed, unsigned or encrypted.
 */
export function containsJws(text: string): boolean {
  for (const { 0: run, index } of text.matchAll(RUN)) {
    const mayBeHeader = run.length >= HEADER_CHARACTERS && text[index + run.length] === '.';
    if (mayBeHeader && isHeader(decodeObject(run))) return true;
  }
  return false;
}
