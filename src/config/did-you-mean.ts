// Finds the known name that is closest to a misspelt one.

/** The number of steps from one name to another. A step adds, drops, changes or swaps letters. */
function distance(some: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, j) => j);
  for (let i = 1; i <= some.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const same = some[i - 1] === other[j - 1];
      const swapped = some[i - 1] === other[j - 2] && some[i - 2] === other[j - 1];
      const steps = [
        (last[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (last[j - 1] as number) + (same ? 0 : 1),
      ];
      if (swapped && i > 1 && j > 1) steps.push((beforeLast[j - 2] as number) + 1);
      row.push(Math.min(...steps));
    }
    beforeLast = last;
    last = row;
  }
  return last[other.length] as number;
}

/** Longer than every known name, so that a long text costs no time. */
const LONGEST = 64;

/** The name without its unit, which is often forgotten or another one. */
const withoutUnit = (name: string): string =>
  name.toLowerCase().replace(/(ms|milliseconds|seconds|bytes)$/, '');

/** Ignores case. Undefined where no name is close, because a wrong guess misleads. */
export function didYouMean(name: string, known: readonly string[]): string | undefined {
  if (name.length > LONGEST) return undefined;
  const sameStem = known.find((one) => withoutUnit(one) === withoutUnit(name));
  if (sameStem !== undefined) return sameStem;
  const allowed = name.length < 4 ? 1 : 2;
  const [best] = known
    .map((one) => ({ one, steps: distance(name.toLowerCase(), one.toLowerCase()) }))
    .filter(({ one, steps }) => steps <= allowed && steps * 2 < one.length)
    .sort((a, b) => a.steps - b.steps);
  return best?.one;
}
