// Checks CHANGELOG.md against Keep a Changelog 1.1.0, and the notes that a release cuts from it.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';

interface Section {
  readonly name: string;
  readonly date: string | null;
  readonly body: string;
}

const text = readFileSync(new URL('../../CHANGELOG.md', import.meta.url), 'utf8');
const script = fileURLToPath(new URL('../../scripts/release-notes.mjs', import.meta.url));
const PAGE = 'https://example.com/portcullis';

let sectionsOf: (text: string) => Section[];
let referencesOf: (text: string) => Map<string, string>;
let notesOf: (text: string, version: string, page: string) => string;
beforeAll(async () => {
  ({ sectionsOf, referencesOf, notesOf } = await import(new URL('../../scripts/release/changelog.mjs', import.meta.url).href));
});

describe('CHANGELOG.md', () => {
  test('has versions from the newest to the oldest, each with a date', () => {
    const [unreleased, ...released] = sectionsOf(text);
    expect(unreleased).toMatchObject({ name: 'Unreleased', date: null });
    expect(released.map(({ name }) => name)).toEqual(['0.2.0', '0.1.0']);
    for (const { date, body } of released) {
      expect(date).toMatch(/^\d{4}-\d\d-\d\d$/);
      expect(body).not.toBe('');
    }
    const dates = released.map(({ date }) => date);
    expect(dates).toEqual([...dates].sort().reverse());
  });

  test('has the six kinds of change in their order, each at most once', () => {
    const KINDS = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];
    for (const { body } of sectionsOf(text)) {
      const kinds = [...body.matchAll(/^### (.+)$/gm)].map(([, kind]) => kind as string);
      expect(kinds).toEqual(KINDS.filter((kind) => kinds.includes(kind)));
    }
  });

  test('has entries of at most 320 characters', () => {
    const entries = sectionsOf(text).flatMap(({ body }) => body.split(/^- /m).slice(1));
    const long = entries
      .map((entry) => (entry.split(/\n\n|\n#/)[0] as string).replaceAll(/\s+/g, ' '))
      .filter((entry) => entry.length > 320);
    expect(entries.length).toBeGreaterThan(100);
    expect(long).toEqual([]);
  });

  test('ends with a link for each version', () => {
    const links = referencesOf(text);
    expect([...links.keys()]).toEqual(sectionsOf(text).map(({ name }) => name));
    expect(links.get('Unreleased')).toMatch(/\/compare\/v0\.2\.0\.\.\.HEAD$/);
    expect(links.get('0.2.0')).toMatch(/\/compare\/[0-9a-f]{40}\.\.\.v0\.2\.0$/);
  });
});

const SMALL = `# Changelog

## [Unreleased]

- not yet

## [1.1.0] - 2027-01-02

### Added

- See [the page](docs/a.md#b) and [RFC 1](https://example.org/1).

## [1.0.0] - 2027-01-01

### Added

- all

## [0.9.0]

- undated

[Unreleased]: ${PAGE}/compare/v1.1.0...HEAD
[1.1.0]: ${PAGE}/compare/v1.0.0...v1.1.0
`;

describe('the notes', () => {
  test('are the section alone, with absolute links', () => {
    expect(notesOf(SMALL, '1.1.0', PAGE)).toBe(
      `### Added\n\n- See [the page](${PAGE}/blob/v1.1.0/docs/a.md#b) and [RFC 1](https://example.org/1).\n\n` +
        `All commits: ${PAGE}/compare/v1.0.0...v1.1.0\n`,
    );
  });

  test.each([
    ['2.0.0', 'has no section [2.0.0]'],
    ['1.0', 'has no section [1.0]'],
    ['0.9.0', 'the section [0.9.0] has no date'],
    ['1.0.0', 'has no link of [1.0.0]'],
  ])('of %s: %s', (version, message) => {
    expect(() => notesOf(SMALL, version, PAGE)).toThrow(message);
  });

  const run = (...args: string[]) => spawnSync(process.execPath, [script, ...args], { encoding: 'utf8', timeout: 20_000 });

  test('of 0.2.0 come from the command', () => {
    const { status, stdout } = run('0.2.0');
    expect(status).toBe(0);
    expect(stdout).toContain('](https://github.com/portcullis-mcp/portcullis/blob/v0.2.0/docs/upgrade.md)');
    expect(stdout).not.toContain('## [');
  });

  test.each([
    [['9.9.9'], 1],
    [[], 2],
    [['v0.2.0'], 2],
    [['0.2.0', 'more'], 2],
  ])('of %j: exit code %i', (args, code) => {
    expect(run(...args).status).toBe(code);
  });
});
