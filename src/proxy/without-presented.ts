// Masks the credential that the gateway presented, in texts that an upstream chose. Some servers
// repeat the headers of a request, and the log would show them (C-153, no secret in logs).

const MASK = '[credential]';
/** A shorter part is an ordinary word, such as a scheme. */
const SHORTEST = 12;
const BY_LENGTH = (a: string, b: string): number => b.length - a.length;

/** In a URL, `+` can be a space, and a parser writes a host in lower case. */
const folded = (text: string): string =>
  text.replaceAll('+', ' ').replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());

/** The texts to mask, the longest first: a key is also masked where all its parts are short. */
function secretsOf(value: string): string[] {
  const space = value.indexOf(' ');
  // Behind a scheme, or the whole value of another header.
  const wholes = space === -1 ? [value] : [value, value.slice(space + 1)];
  const parts = value.split(/[ .]/);
  const hasShortPart = value
    .slice(space + 1)
    .split(/[ .]/)
    .some((part) => part.length < SHORTEST);
  // The parts of a JWT are long. Without its signature it still says who calls.
  const texts = hasShortPart ? [...wholes, ...parts] : parts;
  return texts
    .filter((text) => text.length >= SHORTEST)
    .map(folded)
    .sort(BY_LENGTH);
}

/** `presented`: the headers of the credential, names and values in turn. */
export function withoutPresented(text: string, presented: readonly string[]): string {
  const secrets = presented.flatMap((value, i) => (i % 2 === 0 ? [] : secretsOf(value)));
  if (secrets.length === 0) return text;
  // One piece for each character, also where it is percent-encoded.
  const pieces: string[] = text.match(/%[2-7][0-9a-f]|./gis) ?? [];
  const characters = pieces.map((piece) =>
    piece.length === 3 ? String.fromCharCode(Number.parseInt(piece.slice(1), 16)) : piece,
  );
  let readable = folded(characters.join(''));
  for (const secret of secrets) {
    for (let at = readable.indexOf(secret); at !== -1; at = readable.indexOf(secret, at)) {
      const end = at + secret.length;
      pieces.fill('', at, end);
      pieces[at] = MASK;
      // No other secret begins or ends in it.
      readable = `${readable.slice(0, at)}${'\0'.repeat(secret.length)}${readable.slice(end)}`;
    }
  }
  return pieces.join('');
}
