// Checks docs/upgrade.md: each public name of 0.1 still exists, or has its row there.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { VARIABLES } from '../src/config/environment-variables.js';
import { RENAMED_FIELDS, RENAMED_VARIABLES, UNUSABLE_FIELDS } from '../src/config/old-names.js';
import { failureTable } from '../src/core/failures.js';
import { EVENTS_0_1, LOG_FIELDS_0_1, METRICS_0_1, REASONS_0_1, VARIABLES_0_1 } from './support/names-0-1.js';
import { sources } from './support/sources.js';

const read = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
const page = read('docs/upgrade.md');
const code = sources()
  .map(({ text }) => text)
  .join('\n');

/** The rows of the table below a heading: the first name between backticks of each cell, or the cell. */
function rowsOf(heading: string): [old: string, now: string][] {
  const section = new RegExp(`^### ${heading}\\n([\\s\\S]*?)(?=^##)`, 'm').exec(page)?.[1] ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('|'));
  const cells = lines.slice(2).map((line) => line.split('|').slice(1, 3));
  return cells.map((row) => row.map((cell) => /`([^`]+)`/.exec(cell)?.[1] ?? cell.trim()) as [string, string]);
}

/** A renamed field as an operator of 0.1 wrote it: a part above it may have had an old name too. */
function asWritten(pattern: string): string {
  const parts = pattern.split('.');
  const old = parts.map((part, i) => {
    const above = parts.slice(0, i).join('.');
    const found = Object.entries({ ...RENAMED_FIELDS }).find(
      ([from, to]) => i < parts.length - 1 && to === part && from.split('.').slice(0, -1).join('.') === above,
    );
    return found?.[0].split('.').at(-1) ?? part;
  });
  return old.join('.');
}

const sorted = (rows: readonly (readonly [string, string])[]): string[] => rows.map((row) => row.join(' -> ')).sort();

test('the configuration has a row for each old field, and no other row', () => {
  const renamed = Object.entries(RENAMED_FIELDS).map(
    ([pattern, name]) => [asWritten(pattern), pattern.replace(/[^.]+$/, name)] as const,
  );
  const removed = Object.keys(UNUSABLE_FIELDS).map((pattern) => [asWritten(pattern), 'none: remove it'] as const);
  expect(renamed.length).toBeGreaterThan(15);
  expect(sorted(rowsOf('Configuration'))).toEqual(sorted([...renamed, ...removed]));
});

test('the environment has a row for each old variable, and no other row', () => {
  const renamed = Object.entries(RENAMED_VARIABLES).map((row) => row.map((name) => `PORTCULLIS_${name}`) as [string, string]);
  expect(sorted(rowsOf('Environment variables'))).toEqual(sorted(renamed));
});

const reasons = new Set(failureTable.map(({ reason }) => reason));
const isEvent = (name: string): boolean => code.includes(`'${name}'`);
const fields = new Set([...read('docs/operation.md').matchAll(/^\| `([\w.]+)` +\|/gm)].map(([, name]) => name));
const METRICS_PAGE = read('docs/operation.md');

describe.each([
  ['Reasons', REASONS_0_1, (name: string) => reasons.has(name)],
  ['Log events', EVENTS_0_1, isEvent],
  ['Log fields', LOG_FIELDS_0_1, (name: string) => fields.has(name)],
  ['Metrics', METRICS_0_1, (name: string) => METRICS_PAGE.includes(name) && code.includes(name)],
  ['Environment variables', VARIABLES_0_1.map((name) => `PORTCULLIS_${name}`), isVariable],
])('%s', (heading, old, exists) => {
  const rows = rowsOf(heading).filter(([name]) => !name.includes(': '));

  test('have a row for each name of 0.1 that no longer exists', () => {
    const gone = old.filter((name) => !exists(name));
    expect(gone.length).toBeGreaterThan(1);
    expect([...new Set(rows.map(([name]) => name))].sort()).toEqual(gone.sort());
  });

  test('lead to names that exist', () => {
    const now = rows.map(([, name]) => name).filter((name) => !name.startsWith('none: '));
    expect(now.filter((name) => !exists(name))).toEqual([]);
  });
});

function isVariable(name: string): boolean {
  return Object.hasOwn(VARIABLES, name.replace('PORTCULLIS_', ''));
}
