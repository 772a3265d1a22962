// Any value at any place gives a configuration or a problem that says what to write. The problem
// has no message of a library, and no check throws at a partial configuration.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse as parseText } from 'yaml';
import { readConfig } from '../../src/config/load.js';
import { pathText } from '../../src/config/problems.js';

type Path = (string | number)[];

const FULL: unknown = parseText(readFileSync(new URL('./golden/full.yaml', import.meta.url), 'utf8'));
const WRONG: readonly unknown[] = [null, 7, -1, 'a "b"', '', true, [], {}, [[7]], ['x'], { x: 7 }, '$' + '{env:X}', undefined];

function paths(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  const inner: [string | number, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [...(at.length === 0 ? [] : [at]), ...inner.flatMap(([part, one]) => paths(one, [...at, part]))];
}

/** A copy with another value at a path. Undefined removes a field. Ignores a missing path. */
function replaced(value: unknown, [part, ...rest]: Path, by: unknown): unknown {
  if (part === undefined) return by;
  if (typeof value !== 'object' || value === null) return value;
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...value }) as Record<string | number, unknown>;
  if (rest.length === 0 && by === undefined && !Array.isArray(copy)) delete copy[part];
  else copy[part] = replaced(copy[part], rest, by);
  return copy;
}

const all = paths(FULL);

function messages(raw: unknown): string[] {
  const { config, problems } = readConfig(raw, {});
  expect(config === null).toBe(problems.length > 0);
  const texts = problems.map(({ path, message }) => `${pathText(path)}: ${message}`);
  expect(texts.filter((text) => /Invalid|expected|NaN|undefined/.test(text))).toEqual([]);
  return problems.map(({ message }) => message);
}

test('the example has many places', () => {
  expect(all.length).toBeGreaterThan(100);
  expect(messages({})).toHaveLength(3);
});

test.each(WRONG.map((wrong) => [JSON.stringify(wrong) ?? 'nothing', wrong] as const))(
  '%s at any place, alone and beside another (F-01, bad configuration)',
  (_title, wrong) => {
    const before = messages(FULL).join('\n');
    let different = 0;
    for (const [i, path] of all.entries()) {
      const one = replaced(FULL, path, wrong);
      if (messages(one).join('\n') !== before) different++;
      messages(replaced(one, all[(i * 7 + 3) % all.length] as Path, WRONG[i % WRONG.length]));
    }
    expect(different).toBeGreaterThan(30);
  },
  60_000,
);

/** These messages show an issuer's name or a scope, which the operator has to correct. */
const SHOWN = /no issuer is called|the endpoint requires/;

test('no message shows a value (C-153, no secret shown)', () => {
  let count = 0;
  for (const path of all) {
    for (const wrong of ['s3cret', 'https://a:s3cret@h', 's3cret: "x"']) {
      const { problems } = readConfig(replaced(FULL, path, wrong), {});
      const texts = problems.map((problem) => `${pathText(problem.path)}: ${problem.message}`);
      count += texts.length;
      expect(texts.filter((text) => text.includes('s3cret') && !SHOWN.test(text))).toEqual([]);
    }
  }
  expect(count).toBeGreaterThan(100);
});
