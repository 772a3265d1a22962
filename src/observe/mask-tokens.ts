// Masks tokens in texts that a caller chose. A client can put a token where a name or a claim
// belongs, for example in the URI of a resource.

const MASK = '[token]';
/** A shorter text has no room for a JWT or a useful secret, so it is not searched. */
const SHORTEST = 16;
/**
 * The start of a JOSE header, or of the claims of a JWT: base64url of `{` and then `"` or white
 * space. The lookahead finds one within another run, too.
 */
const JSON_START = /(?=(e(?:y[A-DI-L]|w[k-r0-3])[\w-]{7,61}))/g;
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

/** The text with `[token]` in the place of each JWT, also of a part of one that is cut off. */
export function maskTokens(text: string): string {
  if (text.length < SHORTEST) return text;
  return withoutJose(text).replace(AFTER_SCHEME, `$1 ${MASK}`);
}
