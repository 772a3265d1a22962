// Parses WWW-Authenticate (RFC 9110 section 11.6.1), strictly: clients disagree about anything that
// is not exactly in this form.

export interface Parameter {
  readonly name: string;
  readonly value: string;
  readonly quoted: boolean;
}

export interface Challenge {
  readonly scheme: string;
  readonly parameters: readonly Parameter[];
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const PARAMETER = new RegExp(
  `^(${TOKEN})[ \\t]*=[ \\t]*(?:"((?:[^"\\\\]|\\\\.)*)"|(${TOKEN}))[ \\t]*(?=,|$)`,
);
const SCHEME = new RegExp(`^(${TOKEN})(?: +(?=${TOKEN})|[ \\t]*(?=,|$))`);

/** The challenges of one line, or null if the line is malformed. */
export function parseChallenges(line: string): Challenge[] | null {
  const challenges: { scheme: string; parameters: Parameter[] }[] = [];
  let rest = line.trim();
  while (rest !== '') {
    const parameter = PARAMETER.exec(rest);
    const current = challenges.at(-1);
    if (parameter !== null && current !== undefined) {
      const [whole, name = '', quoted, bare] = parameter;
      const value = quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '';
      current.parameters.push({ name: name.toLowerCase(), value, quoted: quoted !== undefined });
      rest = rest.slice(whole.length);
    } else {
      const scheme = SCHEME.exec(rest);
      if (scheme === null || parameter !== null) return null;
      challenges.push({ scheme: scheme[1] as string, parameters: [] });
      rest = rest.slice(scheme[0].length);
      // The first parameter follows its scheme without a comma.
      if (!rest.startsWith(',') && rest !== '') continue;
    }
    if (rest !== '' && !rest.startsWith(',')) return null;
    rest = rest.replace(/^(,[ \t]*)+/, '');
  }
  return challenges;
}

export const findParameter = (challenge: Challenge, name: string): Parameter | undefined =>
  challenge.parameters.find((parameter) => parameter.name === name);
