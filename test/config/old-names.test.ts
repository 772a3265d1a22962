// For an old name the message gives the new one. Every other problem is reported beside it.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse as parseText } from 'yaml';
import { loadEnvironment, readConfig } from '../../src/config/load.js';
import { RENAMED_FIELDS, RENAMED_VARIABLES, UNUSABLE_FIELDS } from '../../src/config/old-names.js';
import { pathText } from '../../src/config/problems.js';
import { NEEDED, prefixed } from '../support/variables.js';

type Fields = Readonly<Record<string, unknown>>;

const FULL = parseText(readFileSync(new URL('./golden/full.yaml', import.meta.url), 'utf8')) as Fields;

const problemsOf = (raw: unknown): string[] =>
  readConfig(raw, {}).problems.map(({ path, message }) => `${pathText(path)}: ${message}`);

/** A small configuration with one more value at a path. Numbers are places in a list. */
function withValue(path: string, value: unknown): Fields {
  const raw = {
    publicUrl: 'https://mcp.example.com',
    issuers: { acme: { issuer: 'https://auth.example.com' } },
    endpoints: [{ path: '/mcp', issuers: ['acme'], upstream: { url: 'http://10.0.0.5:3000/mcp' } }],
  };
  const parts = path.split('.');
  let here: Record<string, unknown> = raw as Record<string, unknown>;
  for (const [i, part] of parts.entries()) {
    if (i === parts.length - 1) here[part] = value;
    else here[part] ??= /^\d+$/.test(parts[i + 1] as string) ? [] : {};
    here = here[part] as Record<string, unknown>;
  }
  return raw;
}

/** The pattern of the table as a path: `issuers.acme.keys`, `endpoints.0.passThrough.0.mode`. */
const pathFor = (pattern: string): string => pattern.replace('issuers.*', 'issuers.acme').replaceAll('*', '0');
const asText = (path: string): string => path.replaceAll(/\.(\d+)/g, '[$1]');

describe('each renamed field', () => {
  test.each(Object.entries(RENAMED_FIELDS))('%s is now %s', (pattern, newName) => {
    const path = pathFor(pattern);
    expect(problemsOf(withValue(path, {}))).toContain(`${asText(path)}: this field is now called ${newName}`);
    // The new name leads to a field of the schema.
    const renamed = path.replace(/[^.]+$/, newName);
    const texts = problemsOf(withValue(renamed, {}));
    expect(texts.filter((text) => text.includes('unknown field'))).toEqual([]);
  });

  test('has one message, which does not call it unknown', () => {
    for (const pattern of Object.keys(RENAMED_FIELDS)) {
      const path = asText(pathFor(pattern));
      const texts = problemsOf(withValue(pathFor(pattern), {}));
      expect(texts.filter((text) => text.startsWith(`${path}:`))).toHaveLength(1);
    }
  });
});

test.each(Object.entries(UNUSABLE_FIELDS))('%s: %s', (pattern, message) => {
  const path = pathFor(pattern);
  expect(problemsOf(withValue(path, 'pass-through'))).toContain(`${asText(path)}: ${message}`);
});

test('an old name within an old name is reported with the path in the file', () => {
  const raw = withValue('endpoints.0.legacy', [{ scheme: 'Token', mode: 'pass-through', upstreamVerifies: true }]);
  expect(problemsOf(raw)).toEqual([
    'endpoints[0].legacy: this field is now called passThrough',
    'endpoints[0].legacy[0].mode: this field no longer exists; remove it',
  ]);
});

test('a field that is required under its new name is not reported as missing', () => {
  expect(problemsOf(withValue('endpoints.0.tools.unlisted', 'deny'))).toEqual([
    'endpoints[0].tools.unlisted: this field is now called default',
  ]);
});

test('beside the new name, the old one is reported all the same', () => {
  const raw = withValue('endpoints.0.denial', 'x') as { endpoints: [Record<string, unknown>] };
  raw.endpoints[0].denialResponse = 'jsonrpc';
  expect(problemsOf(raw)).toEqual(['endpoints[0].denial: this field is now called denialResponse']);
});

test('the same names elsewhere are not old names', () => {
  for (const path of ['keys', 'mirror', 'endpoints.0.upstream.legacy', 'issuers.acme.denial'])
    expect(problemsOf(withValue(path, {})).join()).toMatch(/unknown field/);
});

describe('a configuration with every old name', () => {
  const old: Readonly<Record<string, string>> = Object.fromEntries(
    Object.entries(RENAMED_FIELDS).map(([pattern, newName]) => [newName, pattern.split('.').at(-1) as string]),
  );
  /** These fields never had an old name; a field of `upstream` with the same name had one. */
  const isNew = (name: string, parent: string): boolean =>
    name === 'maxConcurrentRequests' && ['introspection', 'credential', 'facade'].includes(parent);
  /** With the old name of each field. */
  const aged = (value: unknown, parent = ''): unknown => {
    if (Array.isArray(value)) return value.map((one) => aged(one));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [isNew(name, parent) ? name : (old[name] ?? name), aged(one, name)]),
    );
  };

  test('gets one problem for each, and no other', () => {
    const fresh = problemsOf(FULL);
    const texts = problemsOf(aged(FULL));
    const about = texts.filter((text) => text.includes('this field is now called'));
    expect(new Set(about.map((text) => text.split(' called ')[1]))).toEqual(new Set(Object.values(RENAMED_FIELDS)));
    expect(texts.filter((text) => !about.includes(text))).toEqual(fresh);
  });

  test('gets every other problem too', () => {
    const { endpoints, ...root } = aged(FULL) as { endpoints: Fields[] };
    const [first, ...others] = endpoints;
    const broken = { ...root, logLevel: 'loud', endpoints: [{ ...first, denial: 404, paht: '/x' }, ...others] };
    const texts = problemsOf(broken);
    expect(texts).toContain('logLevel: write debug, info, warn or error');
    expect(texts).toContain('endpoints[0].denialResponse: write 403 or jsonrpc');
    expect(texts).toContain('endpoints[0].paht: unknown field; did you mean path?');
    expect(texts).toContain('endpoints[0].denial: this field is now called denialResponse');
  });
});

describe('each renamed variable', () => {
  const messageOf = (variables: Record<string, string>): string => {
    try {
      loadEnvironment(prefixed({ ...NEEDED, ...variables }));
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };

  test.each(Object.entries(RENAMED_VARIABLES))('%s is now %s', (old, name) => {
    expect(messageOf({ PASS_THROUGH_SCHEME: 'Token', [old]: 'x' })).toBe(
      `1 problem in the configuration\n  PORTCULLIS_${old}: this variable is now called PORTCULLIS_${name}`,
    );
  });

  test('has its value checked, and no new name is called missing', () => {
    expect(messageOf({ LEGACY_SCHEME: 'Token', LEGACY_SCOPES: 'a', SCOPES: 'a b' }).split('\n').slice(1)).toEqual([
      '  PORTCULLIS_LEGACY_SCHEME: this variable is now called PORTCULLIS_PASS_THROUGH_SCHEME',
      '  PORTCULLIS_LEGACY_SCOPES: this variable is now called PORTCULLIS_PASS_THROUGH_SCOPES',
      '  PORTCULLIS_PASS_THROUGH_SCOPES: these callers could never pass: the endpoint requires b; ' +
        'write PORTCULLIS_PASS_THROUGH_SCOPES="a, b" to grant them, or remove PORTCULLIS_PASS_THROUGH_SCHEME',
    ]);
  });
});
