// The YAML examples of README.md and docs/: each is a valid configuration or a part of one. Each
// preset has an example.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { isKnownHash } from '../../src/config/known-hashes.js';
import { loadEnvironment, parseYaml } from '../../src/config/load.js';
import { presetNames } from '../../src/config/presets.js';
import type { ResolvedConfig } from '../../src/config/resolved-config.js';
import { DOC_ENVIRONMENT, HASH, withOwnValues } from '../support/doc-environment.js';

type Fields = Readonly<Record<string, unknown>>;

const root = new URL('../../', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, root), 'utf8');
const pages = readdirSync(new URL('docs/', root), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
const documents = ['README.md', ...pages.map((name) => `docs/${name}`)];

const examplesOf = (name: string): string[] =>
  [...read(name).matchAll(/^( *)```yaml\n([\s\S]*?)^ *```$/gm)].map(([, indent = '', body = '']) =>
    body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );

const load = (config: Fields): ResolvedConfig => parseYaml(JSON.stringify(config), DOC_ENVIRONMENT);

const UPSTREAM = 'http://10.0.0.5:3000/mcp';
const ISSUERS = { main: { issuer: 'https://auth.example.com' } };
const endpointOf = (issuers: Fields, own: Fields = {}): Fields => ({
  path: '/files/mcp',
  issuers: Object.keys(issuers),
  upstream: UPSTREAM,
  ...own,
});

/** An example with the fields that it leaves out because they are the same everywhere. */
function completed(example: Fields): Fields {
  const { issuers = ISSUERS, endpoints, ...rest } = example as { issuers?: Fields; endpoints?: unknown };
  return { publicUrl: 'https://mcp.example.com', ...rest, issuers, endpoints: endpoints ?? [endpointOf(issuers)] };
}

const ROOT_FIELDS = ['publicUrl', 'issuers', 'endpoints', 'sessionKeys', 'drain', 'trustedProxies', 'audit', 'traces'];
/** Fields of `limits` that an endpoint does not have. */
const ROOT_LIMITS = ['store', 'failedCredentials', 'clientStallTimeoutSeconds'];
const isRoot = (example: Fields): boolean =>
  ROOT_FIELDS.some((name) => name in example) ||
  ROOT_LIMITS.some((name) => name in ((example.limits as Fields | undefined) ?? {}));
const FOREIGN_FIELDS = ['spec', 'hosts', 'scrape_configs', 'entryPoints', 'http'];
/**
 * An object of Kubernetes, or the file of h2o, Prometheus or Traefik: here it only has to be YAML.
 * So do values of the chart, which scripts/chart.test.ts checks.
 */
const isForeign = (text: string, example: Fields): boolean =>
  text.startsWith('# my-values.yaml\n') || FOREIGN_FIELDS.some((name) => name in example);

/** The examples that are not a part: they have a public URL and an endpoint. */
const isWhole = (text: string): boolean => /^publicUrl:/m.test(text) && /^endpoints:/m.test(text);

describe.each(documents.filter((name) => examplesOf(name).length > 0))('%s', (name) => {
  test.each(examplesOf(name))('%s', (text) => {
    const example = parse(withOwnValues(text)) as Fields;
    if (isForeign(text, example)) return;
    const config = load(isRoot(example) ? completed(example) : completed({ endpoints: [endpointOf(ISSUERS, example)] }));
    expect(config.issuers).toHaveLength(Object.keys((example.issuers as Fields | undefined) ?? ISSUERS).length);
    // An endpoint with several hosts is one for each of them.
    const endpoints = new Set(config.endpoints.map((endpoint) => endpoint.name));
    expect(endpoints.size).toBe((example.endpoints as unknown[] | undefined)?.length ?? 1);
  });
});

test('no configuration starts with a hash that an example shows', () => {
  const shown = documents.flatMap((name) => examplesOf(name).flatMap((text) => text.match(HASH) ?? []));
  expect(shown.length).toBeGreaterThan(2);
  expect(shown.filter((hash) => !isKnownHash(hash))).toEqual([]);
});

describe('docs/recipes.md', () => {
  const recipes = read('docs/recipes.md').split(/^## /m).slice(1);
  const titleOf = (recipe: string): string => recipe.split('\n', 1)[0] as string;

  test.each(recipes.map((recipe) => [titleOf(recipe), recipe]))('%s fits on a screen', (_title, recipe) => {
    expect(recipe.trim().split('\n').length).toBeLessThanOrEqual(40);
  });

  test.each(recipes.map((recipe) => [titleOf(recipe), recipe]))('%s is a whole configuration', (title, recipe) => {
    const yaml = /^```yaml\n([\s\S]*?)^```$/m.exec(recipe)?.[1];
    if (title !== 'Without a file')
      return void expect(isWhole(yaml ?? '') && parseYaml(withOwnValues(yaml ?? ''), DOC_ENVIRONMENT)).toBeTruthy();
    const exported = Object.fromEntries([...recipe.matchAll(/^export (\w+)=(\S+)$/gm)].map(([, name, value]) => [name, value]));
    const [one] = parseYaml(/^```yaml\n([\s\S]*?)^```$/m.exec(recipes[0] ?? '')?.[1] ?? '', {}).endpoints;
    expect(loadEnvironment(exported).endpoints[0]).toMatchObject({ resource: one?.resource, scopes: one?.scopes });
  });

  test('the list of contents names each recipe', () => {
    const listed = [...read('docs/recipes.md').matchAll(/^- \[(.+)\]\(#/gm)].map(([, title]) => title);
    expect(listed).toEqual(recipes.map(titleOf));
  });
});

describe('docs/facade-idps.md', () => {
  const sections = read('docs/facade-idps.md').split(/^## /m).slice(1);
  test.each(sections.map((one) => [one.split('\n', 1)[0], one]))('%s fits on a screen', (_title, section) => {
    expect(section?.trim().split('\n').length).toBeLessThanOrEqual(40);
    expect(section).toMatch(/the\s+URI\s+above/);
    expect(section).toMatch(/^Users see /m);
  });
});

test('a bad example fails', () => {
  expect(() => load(completed({ isuers: {} }))).toThrow('isuers');
  expect(() => load(completed({ endpoints: [endpointOf(ISSUERS, { tols: {} })] }))).toThrow('tols');
});

test('the files in README.md and the steps of docs/idps.md are whole configurations', () => {
  const whole = [...examplesOf('README.md'), ...examplesOf('docs/idps.md')].filter(isWhole);
  expect(whole).toHaveLength(5);
  for (const text of whole) expect(parseYaml(text, {}).endpoints).toHaveLength(1);
});

test('examples/portcullis.yaml is a whole configuration', () => {
  expect(parseYaml(read('examples/portcullis.yaml'), {}).endpoints).toHaveLength(1);
});

test('each preset has an example', () => {
  const examples = [...examplesOf('docs/idps.md'), ...examplesOf('docs/facade-idps.md')];
  expect(examples.length).toBeGreaterThan(15);
  const shown = presetNames.filter((name) => examples.some((example) => example.includes(`preset: ${name}`)));
  expect(shown).toEqual(presetNames);
});

test.each(presetNames)('the table has a row for %s', (name) =>
  expect(read('docs/idps.md')).toMatch(new RegExp(`^\\| \`${name}\``, 'm')),
);
