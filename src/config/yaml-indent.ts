// Finds the one line of a YAML file whose wrong indentation causes several problems.
// Tries the indentation of its neighbours, and never shows text of the file.

/** A line with a name and a colon, or with an element of a list. */
const ENTRY = /^( *)(- +)?(?:(?:"[^"]*"|'[^']*'|[\w.$-]+) *:(?:\s|$)|(?<=- +)\S)/;

/** Lines before and after an entry whose indentation it may need. */
const BEFORE = 12;
const AFTER = 2;
/** How many lines with problems are tried: in YAML, and in another text. Each costs parses. */
const MOST_LINES = { ofYaml: 4, ofOther: 1 };

export interface WrongIndent {
  /** From 1. */
  readonly line: number;
  readonly spaces: number;
  readonly neighbours: number;
  /** The problems that remain, of a text that was YAML before. */
  readonly problems: readonly string[];
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

/**
 * `near`: the lines that have problems. `problemsOf`: the problems of a text, or null for a text
 * that is not YAML. Null: no other indentation leaves fewer problems.
 */
export function findWrongIndent(
  text: string,
  near: readonly number[],
  problemsOf: (text: string) => readonly string[] | null,
): WrongIndent | null {
  const lines = text.split('\n');
  const before = problemsOf(text);
  // The parser may notice a wrong indentation one line later or earlier.
  const reached =
    before === null
      ? near.slice(0, MOST_LINES.ofOther).flatMap((line) => [line - 1, line - 2, line])
      : near.slice(0, MOST_LINES.ofYaml).map((line) => line - 1);
  const found: WrongIndent[] = [];
  for (const at of new Set(reached)) {
    const [, { length: spaces } = { length: -1 }, dash] = ENTRY.exec(lines[at] ?? '') ?? [];
    // In a text that is YAML, another indentation of an element can only hide it.
    if (spaces < 0 || (dash !== undefined && before !== null)) continue;
    for (const neighbours of columnsAround(lines, at)) {
      if (neighbours === spaces) continue;
      for (const tried of shiftedTexts(lines, at, neighbours - spaces)) {
        const problems = problemsOf(tried);
        if (problems === null) continue;
        const isBetter =
          before === null ||
          (problems.length < before.length && problems.every((one) => before.includes(one)));
        if (isBetter) found.push({ line: at + 1, spaces, neighbours, problems });
      }
    }
  }
  const distance = ({ spaces, neighbours }: WrongIndent): number => Math.abs(spaces - neighbours);
  // Most files indent by an even number of spaces.
  const odd = ({ neighbours }: WrongIndent): number => neighbours % 2;
  found.sort(
    (some, other) =>
      some.problems.length - other.problems.length ||
      odd(some) - odd(other) ||
      distance(some) - distance(other),
  );
  return found[0] ?? null;
}
