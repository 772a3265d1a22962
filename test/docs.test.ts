// Checks that the files of src/ and test/ that the documents cite exist, that each way to deploy
// fits on one screen, and the installs of the pages.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const root = new URL('../', import.meta.url);
const under = (folder: string): string[] =>
  readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' }).map((name) => folder + name.replaceAll('\\', '/'));

const existing = ['src', 'test', ...under('src/'), ...under('test/')];
const documents = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'ARCHITECTURE.md'].concat(
  under('docs/').filter((path) => path.endsWith('.md')),
);

/** The cited paths, from the root. A path that ends in `.test.ts` may leave out `test/`. */
function citedPaths(text: string): string[] {
  const paths = text.match(/(?<![\w./*-])(?:(?:src|test)\/(?:[\w./*-]*[\w*/])?|[\w./*-]+\.test\.ts)/g) ?? [];
  return paths.map((path) => (/^(?:src|test)\//.test(path) ? path : `test/${path}`));
}

/** `*` stands for a part of one name, `**` for any part of a path. */
function exists(cited: string): boolean {
  const parts = cited.replace(/\/$/, '').split(/(\*+)/);
  const source = parts.map((part) => (part === '**' ? '.*' : part === '*' ? '[^/]*' : part.replaceAll('.', '\\.'))).join('');
  const pattern = new RegExp(`^${source}$`);
  return existing.some((path) => pattern.test(path));
}

test('the documents are found', () => {
  const found = documents.flatMap((name) => citedPaths(readFileSync(new URL(name, root), 'utf8')));
  expect(documents).toContain('docs/conformance.md');
  expect(found.length).toBeGreaterThan(500);
});

test.each(documents)('%s cites only files that exist', (name) => {
  expect(citedPaths(readFileSync(new URL(name, root), 'utf8')).filter((path) => !exists(path))).toEqual([]);
});

/** The sections of a page, with their lines. The anchor at the end opens the next section. */
const sectionsOf = (text: string): [heading: string, lines: number][] =>
  text
    .split(/^(?=## )/m)
    .slice(1)
    .map((part) =>
      part
        .replace(/\n<a id="[^"]*"><\/a>\s*$/, '')
        .trimEnd()
        .split('\n'),
    )
    .map((lines) => [lines[0]?.slice(3) ?? '', lines.length]);

describe('docs/deploy.md', () => {
  const sections = sectionsOf(readFileSync(new URL('docs/deploy.md', root), 'utf8'));

  test('has a section for each way to deploy', () => {
    const names = sections.map(([name]) => name);
    expect(names).toEqual(expect.arrayContaining(['npm', 'Container image', 'Kubernetes with Helm', 'systemd', 'Upgrade']));
  });

  test.each(sections)('the section %j fits on one screen', (_, lines) => expect(lines).toBeLessThanOrEqual(45));

  test('the lines of a section are counted with its heading, without the anchor of the next one', () => {
    const text = '# A\n\n<a id="b"></a>\n\n## B\n\none\n\n<a id="c"></a>\n\n## C\n';
    expect(sectionsOf(text)).toEqual([
      ['B', 3],
      ['C', 1],
    ]);
  });
});

test.each(documents)('%s leaves out no optional package of a global install: npm installs them (measured)', (name) => {
  const lines = readFileSync(new URL(name, root), 'utf8').split('\n');
  expect(lines.filter((line) => /npm (i|install) .*(-g|--global)\b/.test(line) && line.includes('--omit'))).toEqual([]);
});

describe('the checker', () => {
  test.each([
    ['`src/core/failure.ts` has it.', ['src/core/failure.ts']],
    ['in `test/behaviour/clients`, see test/secrecy.ts.', ['test/behaviour/clients', 'test/secrecy.ts']],
    ['below `src/` and `test/fixtures/`', ['src/', 'test/fixtures/']],
    ['Tests: `gateway.test.ts`, `core/secret.test.ts`', ['test/gateway.test.ts', 'test/core/secret.test.ts']],
    ['`src/config/resolve-*.ts`', ['src/config/resolve-*.ts']],
  ])('reads the paths of %j', (text, paths) => {
    expect(citedPaths(text)).toEqual(paths);
    expect(paths.every(exists)).toBe(true);
  });

  test.each(['https://github.com/x/src/core/failure.ts', 'latest/test', 'npm test'])('reads no path of %j', (text) =>
    expect(citedPaths(text)).toEqual([]),
  );

  test.each(['src/core/missing.ts', 'test/core', 'src/core/failure', 'test/missing.test.ts', 'src/*.ts', 'src/**/pool.ts'])(
    'knows whether %s exists',
    (path) => {
      const missing = ['src/core/missing.ts', 'src/core/failure', 'test/missing.test.ts'];
      expect(exists(path)).toBe(!missing.includes(path));
    },
  );
});
