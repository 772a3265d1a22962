// Checks the links between the documents: each file exists, and each anchor is a heading there.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('../', import.meta.url);
const pagesOf = (folder: string): string[] =>
  readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => folder + name.replaceAll('\\', '/'));
const top = readdirSync(root).filter((name) => name.endsWith('.md'));
const documents = [...top, ...pagesOf('docs/'), 'conformance/README.md', 'examples/README.md'];

/** Without code, which may contain brackets and lines that begin like headings. */
const prose = (text: string): string => text.replace(/^( *)```[\s\S]*?^\1```$/gm, '');

/** The anchors of GitHub: a second heading with the same words gets `-1`. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set([...text.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id as string));
  const counts = new Map<string, number>();
  for (const [, heading = ''] of prose(text).matchAll(/^#{1,6} (.+)$/gm)) {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = words.replace(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
    const count = counts.get(slug) ?? 0;
    counts.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}

/** The targets of the links that lead to nothing. `textOf` is null where there is no such file. */
function broken(name: string, text: string, textOf: (path: string) => string | null): string[] {
  // A link may be broken over two lines. A URL of another site is not checked.
  const targets = [...prose(text).matchAll(/\]\(\s*([^)\s]+)\s*\)/g)].map(([, target]) => target as string);
  return targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [path = '', anchor] = target.split('#', 2);
    const place = path === '' ? name : new URL(path, `file:///${name}`).pathname.slice(1);
    const content = place === name ? text : textOf(place);
    return content === null || (anchor !== undefined && !anchorsOf(content).has(anchor));
  });
}

const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const textOf = (path: string): string | null => {
  if (!existsSync(new URL(path, root))) return null;
  return path.endsWith('.md') ? read(path) : '';
};

test('the documents are found', () => expect(documents).toEqual(expect.arrayContaining(['README.md', 'docs/recipes.md'])));

test.each(documents)('each link of %s leads somewhere', (name) => expect(broken(name, read(name), textOf)).toEqual([]));

/** npm adds the first two by itself. */
const { files, repository } = JSON.parse(read('package.json'));
const shipped = ['README.md', 'LICENSE', ...files] as string[];
const inPackage = (path: string): boolean => shipped.some((one) => path === one || path.startsWith(`${one}/`));
const SOURCE = `${repository.url.replace(/^git\+|\.git$/g, '')}/blob/main/`;

/** The links of a page that lead nowhere for a reader who has only the package. */
const outside = (name: string, text: string): string[] =>
  [...prose(text).matchAll(/\]\(\s*([^)\s]+)\s*\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => {
      if (target.startsWith(SOURCE)) return !existsSync(new URL(target.slice(SOURCE.length).replace(/#.*/, ''), root));
      return !/^[a-z]+:|^#/.test(target) && !inPackage(new URL(target, `file:///${name}`).pathname.slice(1));
    });

test.each(documents.filter(inPackage))('%s links to files of the package, or to those of the repository', (name) =>
  expect(outside(name, read(name))).toEqual([]),
);

test.each([
  ['docs/a.md', '[a](../README.md#x) [b](b.md) [c](../.env.example) [d](#here)', []],
  ['docs/a.md', '[a](../examples/README.md)', ['../examples/README.md']],
  ['README.md', '[a](CONTRIBUTING.md) [b](docs/deploy.md)', ['CONTRIBUTING.md']],
  ['README.md', `[a](${SOURCE}CONTRIBUTING.md#commands) [b](https://a.example/x.md)`, []],
  ['README.md', `[a](${SOURCE}missing.md)`, [`${SOURCE}missing.md`]],
])('the checker of the package: %s with %j', (name, text, expected) => expect(outside(name, text)).toEqual(expected));

test.each(documents.filter((name) => name.startsWith('docs/')))('a document links to %s', (name) => {
  const links = documents.flatMap((other) =>
    [...read(other).matchAll(/\]\(([^)#\s]+)/g)].map(([, path]) => new URL(path as string, `file:///${other}`).pathname.slice(1)),
  );
  expect(links).toContain(name);
});

test.each([
  ['[a](b.md)', ['b.md']],
  ['[a](#there) [b](#gone)', ['#gone']],
  ['[a](c.md#one-more) [b](c.md#two) [c](c.md#one-more-1)', ['c.md#two']],
  ['[a](c.md#id) [b](https://x.example/#y)', []],
  ['```\n[a](b.md)\n```\n', []],
])('the checker: %j', (text, expected) => {
  const other = '## One *more*\n### One more\n<a id="id"></a>\n```\n## Two\n```\n';
  expect(broken('docs/a.md', `## There\n${text}`, (path) => (path === 'docs/c.md' ? other : null))).toEqual(expected);
});
