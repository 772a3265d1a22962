// Every requirement with its state. Tests cite the ids.
//
// docs/conformance.md is written from this list.
import { a } from './requirements/a.js';
import { b } from './requirements/b.js';
import { c } from './requirements/c.js';
import { defs } from './requirements/d-e-f.js';
import type { States } from './requirements/state.js';

export const requirements: States = { ...a, ...b, ...c, ...defs };

/** The ids as ranges, so that a test finds an id that is left out above. */
const RANGES: Readonly<Record<string, string>> = {
  A: '1-37 40-48 50-56 60-66',
  B: '1-6 10-27 30-40 50-63 70-88 100-111',
  C: '1-12 20-27 30-48 60-73 80-92 95-97 100-116 120-122 125-128 130-155',
  D: '1-27 30-34',
  E: '1-15',
  F: '1-5',
};

export const ids: readonly string[] = Object.entries(RANGES).flatMap(([letter, ranges]) =>
  ranges.split(' ').flatMap((range) => {
    const [from = 0, to = from] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => `${letter}-${String(from + i).padStart(2, '0')}`);
  }),
);
