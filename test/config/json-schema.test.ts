// The JSON Schema accepts each configuration that the loader accepts, and rejects common mistakes.
import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { jsonSchema } from '../../src/config/schema/json-schema.js';

type Fields = Record<string, unknown>;

const root = new URL('../../', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, root), 'utf8');
const accepts = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true }).compile(jsonSchema());

/** The flaws as paths and keywords; empty for a valid configuration. */
function flaws(config: unknown): string[] {
  accepts(config);
  return (accepts.errors ?? []).map(({ instancePath, keyword }) => `${instancePath} ${keyword}`);
}

const golden = readdirSync(new URL('test/config/golden', root)).filter((name) => name.endsWith('.yaml'));
const isGood = (name: string): boolean => golden.includes(name) && goldenJson.has(name.replace(/yaml$/, 'json'));
const goldenJson = new Set(readdirSync(new URL('test/config/golden', root)).filter((name) => name.endsWith('.json')));

const pages = readdirSync(new URL('docs/', root), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
const wholeExamples = ['README.md', ...pages.map((name) => `docs/${name}`)].flatMap((name) =>
  [...read(name).matchAll(/^( *)```yaml\n([\s\S]*?)^ *```$/gm)]
    .map(([, indent = '', body = '']) => body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''))
    .filter((text) => /^publicUrl:/m.test(text) && /^endpoints:/m.test(text))
    .map((text, i) => [`${name} ${i + 1}`, text] as const),
);
const examples = readdirSync(new URL('examples/', root), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => [`examples/${name}`, read(`examples/${name}`)] as const)
  .filter(([, text]) => /^publicUrl:/m.test(text));

describe('accepts', () => {
  test.each(golden.filter(isGood))('the good golden file %s', (name) => {
    expect(flaws(parse(read(`test/config/golden/${name}`)))).toEqual([]);
  });
  test.each(wholeExamples)('the configuration of %s', (_name, text) => expect(flaws(parse(text))).toEqual([]));
  test.each(examples)('%s', (_name, text) => expect(flaws(parse(text))).toEqual([]));
  test('more than one of each', () => {
    expect(golden.filter(isGood).length).toBeGreaterThan(5);
    expect(wholeExamples.length).toBeGreaterThan(5);
    expect(examples.length).toBeGreaterThan(0);
  });
});

const good: Fields = {
  publicUrl: 'https://mcp.example.com',
  sessionKeys: ['${env:SESSION_KEY}'],
  apiKeys: { 'partner-a': { sha256: 'a'.repeat(64), upstreamAuthorization: '${file:/run/secrets/a}' } },
  issuers: {
    main: { issuer: 'https://auth.example.com', introspection: { clientId: 'a', clientSecret: '${env:SECRET}' } },
  },
  endpoints: [
    {
      path: '/mcp',
      issuers: ['main'],
      tools: { default: 'deny', rules: [{ tool: 'read_*', scopes: ['files:read'] }] },
      upstream: { url: 'http://10.0.0.5:3000/mcp', headers: { 'X-Key': '${env:KEY}', 'X-Tenant': '{tenant}' } },
    },
  ],
};

/** The configuration with another value at a path such as `endpoints.0.path`. */
function changed(path: string, value: unknown): Fields {
  const copy = structuredClone(good);
  const parts = path.split('.');
  const last = parts.pop() as string;
  const owner = parts.reduce<Fields>((here, part) => here[part] as Fields, copy);
  owner[last] = value;
  return copy;
}

describe('says where a mistake is', () => {
  test.each<[path: string, value: unknown, right: unknown, flaw: string]>([
    ['isuers', {}, undefined, ' additionalProperties'],
    ['endpoints.0.scops', ['a'], undefined, '/endpoints/0 additionalProperties'],
    ['endpoints.0.path', 'mcp', '/other', '/endpoints/0/path pattern'],
    ['endpoints.0.scopes', 'files:read', ['files:read'], '/endpoints/0/scopes type'],
    ['endpoints.0.tools.rules.0.tol', 'x', undefined, '/endpoints/0/tools/rules/0 additionalProperties'],
    ['endpoints.0.upstream', 'ftp://10.0.0.5', 'HTTP://10.0.0.5:3000/', '/endpoints/0/upstream pattern'],
    ['endpoints.0.limits', { maxBodyBytes: 1 }, { maxBodyBytes: 1024 }, '/endpoints/0/limits/maxBodyBytes minimum'],
    ['endpoints.0.tools.default', 'alow', 'allow', '/endpoints/0/tools/default enum'],
    ['endpoints', [], good.endpoints, '/endpoints minItems'],
    ['listen', { port: '${env:PORT}' }, { port: 8080 }, '/listen/port type'],
    ['listen', { port: 65536 }, { port: 65535 }, '/listen/port maximum'],
    ['issuers.main.issuer', undefined, 'https://login.example.com', '/issuers/main required'],
    ['issuers.main.introspection.clientSecret', 'a secret', '${env:A}', '/issuers/main/introspection/clientSecret pattern'],
    ['issuers.main.algorithms', ['HS256'], ['ES256'], '/issuers/main/algorithms/0 enum'],
    ['apiKeys', { 'a b': { sha256: 'a'.repeat(64) } }, null, '/apiKeys propertyNames'],
    ['sessionKeys', ['abc'], ['${file:/run/secrets/key}'], '/sessionKeys/0 pattern'],
    ['sessionKeys', [], ['${env:A}', '${env:B}'], '/sessionKeys minItems'],
    ['publicUrl', undefined, 'https://other.example.com', ' required'],
  ])('%s: %j', (path, value, right, flaw) => {
    // JSON leaves out what is undefined.
    const json = (config: Fields): unknown => JSON.parse(JSON.stringify(config));
    expect(flaws(right === undefined ? good : json(changed(path, right)))).toEqual([]);
    expect(flaws(json(changed(path, value)))).toContain(flaw);
  });

  test('issuers are left out only where every endpoint has API keys and no issuers', () => {
    const { issuers: _issuers, ...rest } = good;
    const [endpoint = {}] = good.endpoints as Fields[];
    const { issuers: _names, ...ofKeys }: Fields = { ...endpoint, apiKeys: [{ header: 'X-Api-Key' }] };
    expect(flaws({ ...rest, endpoints: [ofKeys] })).toEqual([]);
    expect(flaws(rest)).not.toEqual([]);
    expect(flaws({ ...rest, endpoints: [ofKeys, endpoint] })).not.toEqual([]);
  });
});

test('each field has words', () => {
  const bare: string[] = [];
  const visit = (schema: unknown, path: string): void => {
    if (typeof schema !== 'object' || schema === null) return;
    const { properties, items, additionalProperties, anyOf, oneOf } = schema as Record<string, Fields & unknown[]>;
    for (const [name, field] of Object.entries(properties ?? {})) {
      if (typeof (field as Fields).description !== 'string') bare.push(`${path}.${name}`);
      visit(field, `${path}.${name}`);
    }
    for (const inner of [items, additionalProperties, ...(oneOf ?? []), ...(path === '' ? [] : (anyOf ?? []))])
      visit(inner, `${path}[]`);
  };
  visit(jsonSchema(), '');
  expect(bare).toEqual([]);
  expect(JSON.stringify(jsonSchema())).not.toContain('"secret"');
});
