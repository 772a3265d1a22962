// Tells the name of a header or a scheme from a part of a secret. Never show a name that a person
// typed before it passes here: white space inside a key makes its first part look like a scheme.

const CHARACTERS = 40;
/** A word as people write it: those of `X-Api-Key`, `AWS4-HMAC-SHA256`, `ApiKey` and `DPoP`. */
const WORD = /^(?:[A-Za-z]{1,5}|(?:[A-Z]?[a-z]{1,12}){1,3}|[A-Z]{1,13})\d{0,3}$/;
/** A longer word is more likely a part of a key. */
const WORD_CHARACTERS = 16;

/** False for a name that could be a part of a key or of a token. */
export const isPlainName = (name: string): boolean =>
  name.length <= CHARACTERS &&
  name.split('-').every((word) => word.length <= WORD_CHARACTERS && WORD.test(word));
