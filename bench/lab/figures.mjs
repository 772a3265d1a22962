// Turns the slices of a run into the figures of its tables: medians, and ratios within rounds.

import { medianOf, ratioOf } from '../turns.mjs';
import { FLOOR } from './names.mjs';

/** `rows`: one for each measure, with a cell for each target. Undefined: it has no figure there. */
export function figuresOf(works, { slices, targets, ...facts }, options) {
  const rows = works.flatMap(({ name, rows: measures }) =>
    measures.map(({ title, of, unit, better }) => {
      const all = slices.get(name) ?? new Map();
      const cell = (target) => {
        const own = all.get(target);
        const ratios = Object.fromEntries(
          targets.map((other) => [other, ratioOf(own, all.get(other), of)]),
        );
        const cpuRatios = Object.fromEntries(
          targets.map((other) => [other, ratioOf(own, all.get(other), 'cpu')]),
        );
        const cpu = of === 'rate' ? medianOf(own ?? [{}], 'cpu') : undefined;
        return { value: medianOf(own ?? [{}], of), cpu, ratios, cpuRatios };
      };
      const cells = Object.fromEntries(targets.map((target) => [target, cell(target)]));
      return { work: name, title, unit, better, isRate: of === 'rate', cells };
    }),
  );
  const { rounds, seconds, plain } = options;
  return { ...facts, targets, floor: FLOOR, rounds, seconds, plain, rows };
}
