// Estimates how hard an API key is to guess, and says why a key is too weak. A plain estimate: it
// finds keys that people made up, and never proves that a key is random. Never shows the key.

const LEAST_BITS = 128;
const MOST_CHARACTERS = 4 * 1024;
const FEWEST_DIFFERENT = 7;

const MAKE = 'let portcullis hash-key make a key';

/**
 * Characters by class, and how many there are. The first entry that fits all is the alphabet. Small
 * and capital letters together count as base64url: a short random key often lacks the other signs.
 */
const ALPHABETS: readonly (readonly [characters: RegExp, size: number])[] = [
  [/^[0-9]*$/, 10],
  [/^([0-9a-f]*|[0-9A-F]*)$/, 16],
  [/^([a-z]*|[A-Z]*)$/, 26],
  [/^([0-9a-z]*|[0-9A-Z]*)$/, 36],
  [/^([0-9a-z+/_.~=-]*|[0-9A-Z+/_.~=-]*)$/, 42],
  [/^[0-9A-Za-z+/_.~=-]*$/, 64],
];
const VISIBLE_ASCII = 94;

/** Words that tell an example or a made-up key. Shorter ones occur in random text too. */
const WORDS = new RegExp(
  'password|passw0rd|passwd|secret|s3cret|s3cr3t|changeme|change[-_]?me|replace|example|sample|' +
    'default|admin|letmein|welcome|qwert[yz]|asdfgh|test(?:ing|key|token)|dummy|placeholder|' +
    'apikey|api[-_]key|token|your[-_]|here|insert|portcullis|deadbeef|cafebabe|loremipsum',
  'gi',
);

/** The usual words in the front of a key. They are the same in each key. */
const PREFIX = /^(?:(?:sk|pk|rk|ak|api|key|pat|tok|token|secret|live|test|prod|dev|stage)_)+/i;

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const JWT = /^e[yw][\w-]*\.[\w-]+\.[\w-]*$/;

/** Words and numbers with separators or capitals between them: a pass phrase. */
const PHRASE =
  /^(?:[A-Z]?[a-z]{3,12}|[A-Z]{3,12}|\d{1,4})(?:-?[A-Z][a-z]{2,12}|-(?:[a-z]{1,12}|[A-Z]{1,12}|\d{1,4})|\d{1,4}(?![a-z\d]))+-?$/;

const isPhrase = (text: string): boolean => PHRASE.test(text.replaceAll(/[^A-Za-z0-9]+/g, '-'));

/** The shortest part that the text repeats, perhaps not to its end. */
function repeatedPart(text: string): string {
  const borders = [0];
  for (let i = 1, length = 0; i < text.length; i++) {
    while (length > 0 && text[i] !== text[length]) length = borders[length - 1] ?? 0;
    if (text[i] === text[length]) length++;
    borders.push(length);
  }
  const period = text.length - (borders.at(-1) ?? 0);
  return period * 2 <= text.length ? text.slice(0, period) : text;
}

/** True where a third of the characters follow the one before in order, as in 12345 or edcba. */
function followsOrder(text: string): boolean {
  let steps = 0;
  for (let i = 2; i < text.length; i++) {
    const step = text.charCodeAt(i) - text.charCodeAt(i - 1);
    if (Math.abs(step) <= 1 && step === text.charCodeAt(i - 1) - text.charCodeAt(i - 2)) steps++;
  }
  return steps * 3 > text.length;
}

const everySecond = (text: string, from: number): string =>
  [...text].filter((_one, i) => i % 2 === from).join('');

/** Also two sequences in turn, as in a1b2c3. */
const isSequence = (text: string): boolean =>
  followsOrder(text) || [0, 1].every((from) => followsOrder(everySecond(text, from)));

const bitsOf = (text: string): number => {
  const size = ALPHABETS.find(([characters]) => characters.test(text))?.[1] ?? VISIBLE_ASCII;
  return text.length * Math.log2(size);
};

/** Flaws of a text that is not a key at all, or not one that a header can carry. */
function formFlaw(key: string): string | null {
  if (key === '') return `there is no key; give it on standard input, or ${MAKE}`;
  if (key.length > MOST_CHARACTERS)
    return `the key has more than ${MOST_CHARACTERS} characters; give one key only`;
  if (/\s/.test(key))
    return (
      'the key has white space or a line feed in it; give the key alone on one line, without a ' +
      'header name or a scheme'
    );
  if (!/^[\x21-\x7e]*$/.test(key))
    return `the key has characters that a header cannot carry; ${MAKE}`;
  if (JWT.test(key))
    return (
      'this is a JWT, a token of an issuer, and it expires; configure its issuer under issuers ' +
      `instead, or ${MAKE}`
    );
  return null;
}

/**
 * Says why a key must not be used and what to do; null for a key of at least 128 bits by the
 * estimate. `prefix`: the start that all keys of this kind share, which counts nothing.
 */
export function keyFlaw(key: string, prefix = ''): string | null {
  const form = formFlaw(key);
  if (form !== null) return form;
  if (!key.startsWith(prefix))
    return 'the key does not begin with the prefix; correct --prefix, or leave it out';
  const own = key.slice(prefix.length).replace(PREFIX, '').replace(/=+$/, '');
  if (UUID.test(own))
    return `a UUID has at most 122 random bits, and a key needs ${LEAST_BITS}; ${MAKE}`;
  if (new Set(own).size < FEWEST_DIFFERENT)
    return `the key has fewer than ${FEWEST_DIFFERENT} different characters; ${MAKE}`;
  if (repeatedPart(own) !== own) return `the key repeats a part of itself; ${MAKE}`;
  if (isSequence(own)) return `the key has letters or digits in their order; ${MAKE}`;
  if (isPhrase(own)) return `the key is made of words, which are easy to guess; ${MAKE}`;
  const rest = own.replace(WORDS, '');
  const bits = Math.floor(bitsOf(rest));
  if (bits >= LEAST_BITS) return null;
  const counted = rest === own ? '' : ' without its well-known words';
  return `the key has about ${bits} bits${counted}, and a key needs ${LEAST_BITS}; ${MAKE}`;
}
