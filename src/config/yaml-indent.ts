// Finds the lines of a YAML file whose wrong indentation causes several problems.
// Tries the indentation of its neighbours, and never shows text of the file.

/** A line with a name and a colon, or with an element of a list. */
const ENTRY = /^( *)(- +)?(?:(?:"[^"]*"|'[^']*'|[\w.$-]+) *:(?:\s|$)|(?<=- +)\S)/;

/** Lines before and after an entry whose indentation it may need. */
const BEFORE = 12;
const AFTER = 2;
/** How many lines with problems are tried: in YAML, and in another text. Each costs parses. */
const MOST_LINES = { ofYaml: 4, ofOther: 1 };

/** Limits for several wrong lines, because each costs some ten parses. */
const MOST_WRONG = 20;
const MOST_CHARACTERS = 10_000;
/** More problems than this show that the lines only became YAML, as after a missing colon. */
const MOST_REMAINING = 1;

/** The problems of a text. */
export interface Tried {
  /** Null: the text is not YAML. */
  readonly problems: readonly string[] | null;
  /** The first line that is not YAML, from 1; Infinity where all lines are. */
  readonly flawLine: number;
}

export interface WrongIndent {
  /** From 1. */
  readonly line: number;
  readonly spaces: number;
  readonly neighbours: number;
}

interface Correction extends WrongIndent, Tried {
  readonly text: string;
  /** Counts the lines before the next flaw only. A wrong column is often YAML there. */
  readonly problemCount: number;
}

const isText = (line: string): boolean => !/^\s*(#|$)/.test(line);
const indentOf = (line: string): number => line.length - line.trimStart().length;

/** The columns at which the entries around a line begin. */
function columnsAround(lines: readonly string[], at: number): Set<number> {
  const before = lines.slice(Math.max(0, at - BEFORE), at).filter(isText);
  const around = [...before, ...lines.slice(at + 1, at + 1 + AFTER)].filter(isText);
  const columns = around.flatMap((line) => {
    const [, spaces, dash] = ENTRY.exec(line) ?? [];
    if (spaces === undefined) return [];
    return dash === undefined ? [spaces.length] : [spaces.length, spaces.length + dash.length];
  });
  const last = before.at(-1);
  // The first entry of a map has no neighbour yet.
  if (last !== undefined && /:\s*$/.test(last)) columns.push(indentOf(last) + 2);
  return new Set(columns);
}

const shifted = (line: string, by: number): string =>
  by > 0 ? ' '.repeat(by) + line : line.slice(Math.min(-by, indentOf(line)));

/** The line alone, and the line with the deeper lines below it. */
function shiftedTexts(lines: readonly string[], at: number, by: number): string[] {
  const own = indentOf(lines[at] as string);
  let end = at + 1;
  while (end < lines.length && (!isText(lines[end] ?? '') || indentOf(lines[end] ?? '') > own))
    end++;
  const text = (last: number): string =>
    lines
      .map((line, i) => (i >= at && i < last && isText(line) ? shifted(line, by) : line))
      .join('\n');
  return end > at + 1 ? [text(at + 1), text(end)] : [text(at + 1)];
}

/** The best correction of one line. Null: no other indentation is better. */
function correct(
  text: string,
  near: readonly number[],
  before: Tried,
  tryText: (text: string) => Tried,
): Correction | null {
  const lines = text.split('\n');
  /** The line before that is not empty and not a comment. */
  const previous = (line: number): number =>
    lines.findLastIndex((text, i) => i < line - 1 && isText(text));
  // The parser may notice a wrong indentation one line later or earlier.
  const reached =
    before.problems === null
      ? near.slice(0, MOST_LINES.ofOther).flatMap((line) => [line - 1, previous(line), line])
      : near.slice(0, MOST_LINES.ofYaml).map((line) => line - 1);
  const isBetter = ({ problems, flawLine }: Tried): boolean =>
    before.problems === null || problems === null
      ? flawLine > before.flawLine && (problems !== null || text.length <= MOST_CHARACTERS)
      : problems.length < before.problems.length &&
        problems.every((one) => before.problems?.includes(one));
  const found: Correction[] = [];
  for (const at of new Set(reached)) {
    const [, { length: spaces } = { length: -1 }, dash] = ENTRY.exec(lines[at] ?? '') ?? [];
    // In a text that is YAML, another indentation of an element can only hide it.
    if (spaces < 0 || (dash !== undefined && before.problems !== null)) continue;
    for (const neighbours of columnsAround(lines, at)) {
      if (neighbours === spaces) continue;
      for (const shiftedText of shiftedTexts(lines, at, neighbours - spaces)) {
        const tried = tryText(shiftedText);
        if (!isBetter(tried)) continue;
        const begin = shiftedText.split('\n').slice(0, tried.flawLine - 1);
        const { length: problemCount } = tried.problems ??
          tryText(begin.join('\n')).problems ?? { length: Infinity };
        const one = { ...tried, problemCount, line: at + 1, spaces, neighbours };
        found.push({ ...one, text: shiftedText });
      }
    }
  }
  const distance = ({ spaces, neighbours }: WrongIndent): number => Math.abs(spaces - neighbours);
  // Most files indent by an even number of spaces.
  const odd = ({ neighbours }: WrongIndent): number => neighbours % 2;
  /** Infinity less Infinity is not a number. */
  const order = (some: number, other: number): number => (some === other ? 0 : some - other);
  found.sort(
    (some, other) =>
      order(other.flawLine, some.flawLine) ||
      order(some.problemCount, other.problemCount) ||
      odd(some) - odd(other) ||
      distance(some) - distance(other),
  );
  return found[0] ?? null;
}

/**
 * `near`: the lines that have problems. `problems`: those that remain, of a text that was YAML
 * before. Null: other indentations do not fix the text.
 */
export function findWrongIndents(
  text: string,
  near: readonly number[],
  tryText: (text: string) => Tried,
): { wrong: readonly WrongIndent[]; problems: readonly string[] } | null {
  const wrong: WrongIndent[] = [];
  let here = { text, ...tryText(text) };
  let lines = near;
  while (wrong.length < MOST_WRONG) {
    const found = correct(here.text, lines, here, tryText);
    if (found === null) return null;
    wrong.push(found);
    if (found.problems !== null)
      return here.problems !== null || found.problems.length <= MOST_REMAINING
        ? { wrong, problems: found.problems }
        : null;
    here = found;
    lines = [found.flawLine];
  }
  return null;
}
