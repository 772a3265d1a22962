// Decides what a token looks like: an RFC 7515 compact JWS, an encrypted one, or something opaque. Reads it without believing it.
import { isUtf8 } from 'node:buffer';
import { isObject } from '../core/json.js';

export interface UnverifiedJws {
  readonly kind: 'jws';
  readonly header: Readonly<Record<string, unknown>>;
  /** Null where the payload is no JSON object. */
  readonly claims: Readonly<Record<string, unknown>> | null;
}

export type Shape = UnverifiedJws | { readonly kind: 'encrypted' } | { readonly kind: 'opaque' };

const BASE64URL = /^[A-Za-z0-9_-]+$/;
/** What the last letter may be, by the number of letters modulo four: the bits that stand for no byte are zero (RFC 4648 section 3.5). */
const LAST_LETTERS = [null, '', 'AQgw', 'AEIMQUYcgkosw048'];

/** One spelling for one token: otherwise its letters could be changed without its signature noticing. */
const isBase64url = (part: string): boolean =>
  BASE64URL.test(part) && (LAST_LETTERS[part.length % 4]?.includes(part.at(-1) as string) ?? true);

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

/** Whatever its `alg` is: a list or null is a flaw of a JWS, and not a reason to ask somebody else about it (C-95). */
const isHeader = (value: Record<string, unknown> | null): value is Record<string, unknown> =>
  value !== null && Object.hasOwn(value, 'alg');

/** Three base64url parts whose first is a JSON object with `alg` are a JWS; `a.b.c` that is none is opaque. */
export function shapeOf(token: string): Shape {
  const parts = token.split('.');
  if (parts.length === 5) return { kind: 'encrypted' };
  const [, , signature = ''] = parts;
  // An empty signature is that of an unsigned JWT, which is nobody's opaque token.
  const signed = signature === '' ? parts.slice(0, 2) : parts;
  if (parts.length !== 3 || !signed.every(isBase64url)) return { kind: 'opaque' };
  const header = decodeObject(parts[0] as string);
  if (!isHeader(header)) return { kind: 'opaque' };
  return { kind: 'jws', header, claims: decodeObject(parts[1] as string) };
}

/** Without a lookahead: matching one to the end and back at every start would cost seconds for 32 KB without a dot. */
const RUN = /[A-Za-z0-9_-]+/g;
/** Base64url characters of the shortest header with an alg, `{"alg":0}`. */
const HEADER_CHARACTERS = 12;

/** True where a JOSE header stands anywhere in a text, whatever is before it and behind: signed, unsigned or encrypted. */
export function containsJws(text: string): boolean {
  for (const { 0: run, index } of text.matchAll(RUN)) {
    const mayBegin = run.length >= HEADER_CHARACTERS && text[index + run.length] === '.';
    if (mayBegin && isHeader(decodeObject(run))) return true;
  }
  return false;
}
