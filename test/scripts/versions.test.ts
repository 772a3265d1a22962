// Checks that every place of the repository names one version, and that the lock has the package.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';

interface Place {
  readonly place: string;
  readonly version: string | undefined;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const script = (name: string): string => new URL(`../../scripts/release/${name}`, import.meta.url).href;

let versionPlaces: (root: string) => Place[];
let mentionsIn: (text: string) => string[];
let newestRelease: (text: string) => { name: string; date: string } | undefined;
beforeAll(async () => {
  ({ versionPlaces, mentionsIn } = await import(script('places.mjs')));
  ({ newestRelease } = await import(script('changelog.mjs')));
});

const { version } = JSON.parse(read('package.json')) as { version: string };

test('all places name the version of package.json', () => {
  const places = versionPlaces(root);
  const names = places.map(({ place }) => place);
  expect(names).toEqual(expect.arrayContaining(['package-lock.json packages', 'CHANGELOG.md', 'docs/operation.md']));
  expect(places.filter((one) => one.version !== version)).toEqual([]);
});

const LOCKED_FIELDS = [
  'name',
  'version',
  'license',
  'bin',
  'engines',
  'dependencies',
  'optionalDependencies',
  'devDependencies',
  'peerDependencies',
  'peerDependenciesMeta',
];

test('npm install changes nothing in package-lock.json', () => {
  const manifest = JSON.parse(read('package.json'));
  const locked = JSON.parse(read('package-lock.json')).packages[''];
  expect(locked).toEqual(Object.fromEntries(LOCKED_FIELDS.map((name) => [name, manifest[name]])));
});

test('the newest release of CHANGELOG.md is this version, with a date', () => {
  const newest = newestRelease(read('CHANGELOG.md'));
  expect(newest?.name).toBe(version);
  expect(newest?.date).toMatch(/^20\d\d-[01]\d-[0-3]\d$/);
});

test('SECURITY.md and docs/versioning.md support this minor version', () => {
  const minor = version.split('.').slice(0, 2).join('.');
  for (const name of ['SECURITY.md', 'docs/versioning.md'])
    expect(read(name)).toMatch(new RegExp(`^\\| ${minor} +\\|.*yes`, 'm'));
});

describe('a mention', () => {
  test.each([
    ['npm i ./mcp-portcullis-0.2.0.tgz', ['0.2.0']],
    ['image: portcullis-mcp/portcullis:0.3.0-rc.1', ['0.3.0-rc.1']],
    ['docker build -t portcullis-mcp/portcullis:0.2.0 .', ['0.2.0']],
    ['docker push registry.example.com/portcullis:0.2.0', ['0.2.0']],
    ['newTag: "0.2.0"', ['0.2.0']],
    ['portcullis_build_info{version="0.2.0"} 1', ['0.2.0']],
    ['Portcullis 0.2.0 listens on http://127.0.0.1:8080', ['0.2.0']],
    ['LABEL org.opencontainers.image.version=0.2.0', ['0.2.0']],
    ['The package `django-mcp-oauth` 0.1.0 works', []],
    ['npm i ./mcp-portcullis-*.tgz', []],
  ])('in %j', (text, expected) => {
    expect(mentionsIn(text)).toEqual(expected);
  });
});
