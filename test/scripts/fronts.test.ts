// Checks that `npm run verify -- --only fronts` can fill in the samples of docs/hosting.md.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

interface Front {
  readonly name: string;
  readonly variants: readonly { readonly name: string }[];
  start(context: object): Promise<unknown>;
}

const fronts = new URL('../../scripts/verify/fronts/', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'portcullis-fronts-test-'));
/** The folder of the unpacked packages. */
const home = mkdtempSync(join(tmpdir(), 'portcullis-fronts-home-'));
mkdirSync(join(home, 'etc/trafficserver'), { recursive: true });
writeFileSync(join(home, 'key.pem'), 'a key');
afterAll(() => {
  for (const made of [folder, home]) rmSync(made, { recursive: true, force: true });
});

const files = readdirSync(fronts).filter((name) => name.endsWith('.mjs'));
const modules = await Promise.all(files.map((name) => import(new URL(name, fronts).href)));
const all = modules.flatMap((module) => Object.values(module) as Front[]).filter((one) => one.variants !== undefined);
const { sample, replaced } = await import(new URL('kit/page.mjs', fronts).href);
const { problemOf } = await import(new URL('kit/numbered.mjs', fronts).href);

test('the fronts are found', () => {
  expect(all.map(({ name }) => name)).toEqual(expect.arrayContaining(['nginx', 'haproxy', 'caddy', 'apache']));
});

test.each(all)('the sample of $name has each text that the check replaces, and no other name of the page', async (front) => {
  const certificate = { cert: '/lab/cert.pem', key: join(home, 'key.pem'), both: '/lab/both.pem' };
  const replicas = [{ port: 18_081 }, { port: 18_082 }];
  const context = { home, folder, port: 18_443, origin: 'https://127.0.0.1:18443', replicas, certificate };
  for (const variant of front.variants) {
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
    await front.start({ ...context, variant });
    const written = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'));
    expect(written.length).toBeGreaterThan(0);
    for (const text of written) expect(text).not.toMatch(/10\.0\.0\.1\d|example\.com/);
  }
});

describe('the page', () => {
  test('a heading that it lacks is an error', () =>
    expect(() => sample('docs/hosting.md', 'Absent')).toThrow('has no heading "Absent"'));

  test('a code block that the section lacks is an error', () =>
    expect(() => sample('docs/hosting.md', 'nginx', 9)).toThrow('no code block 10'));

  test('a text that the sample lacks is an error', () =>
    expect(() => replaced('listen 80;', { 'listen 443': 'listen 1' })).toThrow('the sample has no "listen 443"'));

  test('a text is replaced wherever it is', () => expect(replaced('a b a', { a: 'c' })).toBe('c b c'));
});

describe('the numbers of a resumed stream', () => {
  test.each([
    ['each one once', [1, 2, 3], null],
    ['a lost one', [1, 3], '1 of 3 missing, from 2'],
    ['the last ones lost', [1], '2 of 3 missing, from 2'],
    ['one twice', [1, 2, 2, 3], '1 twice'],
    ['a wrong order', [1, 3, 2], 'not in order'],
  ])('%s', (_name, numbers, problem) => expect(problemOf(numbers, 3)).toBe(problem));
});
