// Checks that each requirement has a state with evidence, and writes docs/conformance.md.
//
// A requirement is proven when the title of a test names its id.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { State } from './requirements/state.js';
import { ids, requirements } from './requirements.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const document = new URL('../docs/conformance.md', import.meta.url);

/** Titles of tests, tables of titles among them: string literals in test files. */
const LITERAL = /'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g;
const ID = /\b[A-F]-\d{2,3}\b/g;

function provers(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  const files = readdirSync(here, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.test.ts') && file !== 'requirements.test.ts',
  );
  for (const file of files) {
    const text = readFileSync(`${here}${file}`, 'utf8');
    for (const [literal] of text.matchAll(LITERAL))
      for (const [id] of literal.matchAll(ID)) found.set(id, (found.get(id) ?? new Set()).add(file.replaceAll('\\', '/')));
  }
  return new Map([...found].map(([id, files]) => [id, [...files].sort()]));
}

const proofs = provers();

function evidence(id: string, { state, why }: State): string {
  if (state !== 'proven') return why;
  const files = proofs.get(id) ?? [];
  const shown = files.slice(0, 3).map((file) => `\`${file}\``);
  return files.length > 3 ? `${shown.join(', ')} and ${files.length - 3} more` : shown.join(', ');
}

function render(): string {
  const all = Object.entries(requirements);
  const count = (state: State['state']): number => all.filter(([, one]) => one.state === state).length;
  const rows = all.map(([id, one]) => `| ${id} | ${one.what} | ${one.state} | ${evidence(id, one)} |`);
  return `<!--
Do not edit: test/requirements.test.ts writes this page from test/requirements/*.ts.
UPDATE_GOLDEN=1 npx vitest run test/requirements.test.ts
-->

# Conformance

This table lists what the specifications of MCP, OAuth, JWT and HTTP require from a gateway.
Tests cite the ids in their titles. The paths of tests are relative to \`test/\`.

| State | Requirements | Meaning |
| --- | --- | --- |
| proven | ${count('proven')} | the tests in the last column name the id |
| not applicable | ${count('not applicable')} | the last column says why |
| gap | ${count('gap')} | the last column names the work that closes it |

\`npm run test:all\` runs every test that the table names, and \`npm test\` all but \`*.slow.test.ts\`.
The conformance suite of MCP runs with \`npm run conformance\`: its result is the same through the
gateway and without it.

| Id | Requirement | State | Proven by, or why not |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}

test('every id has a state, and every state an id', () => {
  expect(Object.keys(requirements).sort()).toEqual([...ids].sort());
});

test('a proven requirement is named by a test', () => {
  const without = Object.entries(requirements).filter(([id, { state }]) => state === 'proven' && !proofs.has(id));
  expect(without.map(([id]) => id)).toEqual([]);
});

test('a proven requirement has words; the others have a reason', () => {
  const mute = Object.entries(requirements).filter(([, { state, what, why }]) => (state === 'proven' ? what : why) === '');
  expect(mute.map(([id]) => id)).toEqual([]);
});

test('tests cite no id that does not exist', () => {
  expect([...proofs.keys()].filter((id) => !ids.includes(id))).toEqual([]);
});

test('docs/conformance.md says the same', () => {
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(document, render());
  expect(readFileSync(document, 'utf8')).toBe(render());
});
