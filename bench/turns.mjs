// Measures targets in turns and compares them: short slices, in reverse order every other round.
// The speed of a machine varies within seconds, so ratios are of slices of the same round.
import { median } from './statistics.mjs';

/** Resolves with the slices of each target, in the order of `targets`. `after`: gets each round. */
export async function inTurns(targets, rounds, measure, after = () => {}) {
  const slices = targets.map(() => []);
  for (let round = 0; round < rounds; round++) {
    const order = [...targets.keys()];
    if (round % 2 === 1) order.reverse();
    for (const at of order) slices[at].push(await measure(targets[at]));
    after(round + 1);
  }
  return slices;
}

/** The median of what the slices have under this name; undefined where they have none. */
export const medianOf = (slices, name) =>
  slices === undefined || slices.some((slice) => !Number.isFinite(slice[name]))
    ? undefined
    : median(slices.map((slice) => slice[name]));

/** The median of the ratios within a round. */
export function ratioOf(slices, others, name) {
  if (slices === undefined || others === undefined) return undefined;
  const ratios = slices.map((slice, round) => slice[name] / others[round]?.[name]);
  return ratios.every(Number.isFinite) ? median(ratios) : undefined;
}
