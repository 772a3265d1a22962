// The last lines of the report count correctly, and a fix lists the settings of proxies.
import { expect, test } from 'vitest';
import { type Check, fail, ok, skipped, warn } from '../../src/commands/doctor/check.js';
import { findingsJson, findingText, skippedText, summaryText } from '../../src/commands/doctor/report.js';
import { createPrintable } from '../../src/commands/printable.js';

const check: Check = { name: 'x', expected: 'e', fix: 'f', requirement: 'r', probe: () => ok('') };
const finding = (observation: ReturnType<typeof ok>) => ({ check, ...observation });
const printable = createPrintable(null);

test.each([
  [0, '0 ok, 0 warnings, 0 failed, 0 skipped'],
  [1, '1 ok, 1 warning, 1 failed, 1 skipped'],
  [2, '2 ok, 2 warnings, 2 failed, 2 skipped'],
])('%i of each', (count, text) => {
  const each = [ok('o'), warn('w'), fail('f'), skipped('s')].map(finding);
  expect(summaryText(Array.from({ length: count }, () => each).flat())).toBe(text);
});

test('one check, and several checks, that did not run', () => {
  const left = finding(skipped('no server'));
  expect(skippedText([])).toBeNull();
  expect(skippedText([left])).toBe('skipped  1 more check: no server');
  expect(skippedText([left, left])).toBe('skipped  2 more checks: no server');
});

test('the settings of proxies: one line each, and a list in JSON', () => {
  const settings = ['nginx: `a`', 'Apache: `b`'];
  const problem = finding(warn('w', { fix: 'do this', settings }));
  expect(findingText(problem, printable).split('\n').slice(2)).toEqual([
    '           fix:      do this',
    '                     nginx: `a`',
    '                     Apache: `b`',
  ]);
  const { checks } = JSON.parse(findingsJson('u', [problem, finding(warn('w'))], printable));
  expect(checks).toMatchObject([{ fix: 'do this', settings }, { fix: 'f' }]);
  expect(checks[1]).not.toHaveProperty('settings');
});
