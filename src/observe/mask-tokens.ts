// Masks tokens and API keys in texts that a caller chose. A client can put one where a name or a
// claim belongs, for example in the URI of a resource.
import type { ApiKeyCarrier } from '../core/api-key.js';

const MASK = '[token]';
/** A shorter text has no room for a JWT or a useful secret, so it is not searched. */
const SHORTEST = 16;
/**
 * The start of a JOSE header, or of the claims of a JWT: base64url of `{` and then `"` or white
 * space. The lookahead finds one within another run, too.
 */
const JSON_START = /(?=(e(?:y[A-DI-L]|w[k-r0-3])[\w-]{7,61}))/g;
/** Nearly no text has it, and the expression above costs nine times as much. */
const MAY_START = /e(?:y[A-DI-L]|w[k-r0-3])/;
/** The first name of a JSON object, in its first bytes. */
const FIRST_NAME = /^\{\s*"[\x20\x21\x23-\x7e]+"\s*:/;
/** No useful text has more places that look like the start of a token. The rest is masked. */
const PLACES = 4;
const REST_OF_TOKEN = /[\w.-]*/y;
const AFTER_SCHEME = /\b(bearer|basic|dpop)([ +]|%20)+[\w\-.~+/=]{8,}/gi;

function endOfToken(text: string, from: number): number {
  REST_OF_TOKEN.lastIndex = from;
  return from + (REST_OF_TOKEN.exec(text)?.[0].length ?? 0);
}

function withoutJose(text: string): string {
  if (!MAY_START.test(text)) return text;
  let out = '';
  let end = 0;
  let places = 0;
  for (const { 1: start = '', index } of text.matchAll(JSON_START)) {
    if (index < end) continue;
    if (places++ === PLACES) return out + text.slice(end, index) + MASK;
    if (!FIRST_NAME.test(Buffer.from(start, 'base64url').toString('latin1'))) continue;
    out += text.slice(end, index) + MASK;
    end = endOfToken(text, index);
  }
  return end === 0 ? text : out + text.slice(end);
}

const REST_OF_KEY = /[\w\-.~+/=]*/y;
/** A shorter rest is not a key. A word may begin with a short prefix. */
const SHORTEST_REST = 8;

function withoutKeys(text: string, prefix: string): string {
  let out = '';
  let end = 0;
  for (let at = text.indexOf(prefix); at >= 0; at = text.indexOf(prefix, at + 1)) {
    if (at < end) continue;
    REST_OF_KEY.lastIndex = at + prefix.length;
    const rest = REST_OF_KEY.exec(text)?.[0].length ?? 0;
    if (rest < SHORTEST_REST) continue;
    out += text.slice(end, at) + MASK;
    end = at + prefix.length + rest;
  }
  return end === 0 ? text : out + text.slice(end);
}

/**
 * The text with `[token]` in the place of each JWT, also of a part of one that is cut off.
 * `carriers`: the keys that have a prefix there are masked too. Others look like any text.
 */
export function maskTokens(text: string, carriers: readonly ApiKeyCarrier[] = []): string {
  if (text.length < SHORTEST) return text;
  let masked = withoutJose(text).replace(AFTER_SCHEME, `$1 ${MASK}`);
  for (const { bearerPrefix } of carriers)
    if (bearerPrefix !== null) masked = withoutKeys(masked, bearerPrefix);
  return masked;
}
