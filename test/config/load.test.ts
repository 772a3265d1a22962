// A file becomes a frozen configuration with its secrets, or one error with every problem.
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadFile, parseYaml, readConfig, resolveConfig } from '../../src/config/load.js';
import { ConfigError, pathText } from '../../src/config/problems.js';
import { unreadableText } from '../../src/config/unreadable.js';
import { secretOf } from '../support/plans.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-config-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const yaml = (secret: string): string => `
publicUrl: https://mcp.example.com
issuers:
  acme: { issuer: https://auth.example.com, introspection: { clientId: a, clientSecret: "${secret}" } }
endpoints:
  - { path: /mcp, issuers: [acme], upstream: http://10.0.0.5:3000/mcp }
`;
const GOOD = yaml('$' + '{env:SECRET}');

test('offline_access is never required, and published only where the operator wrote it (A-33, no offline_access)', () => {
  const configWith = (fields: string) => parseYaml(GOOD.replace('path: /mcp,', `path: /mcp, ${fields},`), { SECRET: 'x' });
  expect(configWith('scopes: [offline]').endpoints[0]?.scopesSupported).toEqual(['offline']);
  const published = configWith('scopes: [a], scopesSupported: [a, offline_access]').endpoints[0];
  expect([published?.scopes, published?.scopesSupported]).toEqual([['a'], ['a', 'offline_access']]);
  for (const [place, fields] of [
    ['scopes[0]', 'scopes: [offline_access]'],
    ['scopeImplies.all[0]', 'scopeImplies: { all: [offline_access] }'],
    ['scopeImplies.offline_access', 'scopeImplies: { offline_access: [a] }'],
    ['tools.rules[0].scopes[0]', 'tools: { default: allow, rules: [{ tool: x, scopes: [offline_access] }] }'],
    ['passThrough[0].scopes[0]', 'passThrough: [{ scheme: Token, upstreamVerifies: true, scopes: [offline_access] }]'],
  ])
    expect(() => configWith(String(fields))).toThrow(`endpoints[0].${place}: `);
});

test('pass-through callers that could never pass are a problem (F-02, pass-through)', () => {
  const configWith = (granted: string) => {
    const passThrough = `[{ scheme: Token, upstreamVerifies: true, scopes: ${granted} }]`;
    return parseYaml(GOOD.replace('path: /mcp,', `path: /mcp, scopes: [a], passThrough: ${passThrough},`), { SECRET: 'x' });
  };
  expect(configWith('[a]').endpoints[0]?.passThrough).toHaveLength(1);
  expect(() => configWith('[]')).toThrow('endpoints[0].passThrough[0].scopes: these callers could never pass');
});

test('a name that is a map is a problem, and no library warns of it (C-153, no secret shown)', async () => {
  const warnings: string[] = [];
  const listen = (warning: Error): void => void warnings.push(warning.message);
  process.on('warning', listen);
  try {
    process.emitWarning('from the test');
    expect(() => parseYaml(GOOD.replace(/clientSecret: .*? \}/, 'clientSecret: {{s3cret}} }'), {})).toThrow('line 4, column');
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual(['from the test']);
  } finally {
    process.off('warning', listen);
  }
});

describe('a secret (C-153, F-03, references only)', () => {
  const reveal = (reference: string, environment = {}): string | undefined =>
    secretOf(parseYaml(yaml(reference), environment).issuers[0]);

  test('comes from a variable, unchanged', () => {
    expect(reveal('$' + '{env:SECRET}', { SECRET: ' a b\n' })).toBe(' a b\n');
  });

  test.each([
    ['unchanged', 'a:b%+', 'a:b%+'],
    ['without its line end', 's3cret\n', 's3cret'],
    ['without its line end of Windows', 's3cret\r\n', 's3cret'],
    ['with all other white space', ' s3cret \n\n', ' s3cret \n'],
  ])('comes from a file, %s', (_how, content, secret) => {
    const file = join(folder, 'secret');
    writeFileSync(file, content);
    expect(reveal(`\${file:${file}}`)).toBe(secret);
  });

  test('from an empty file is a problem', () => {
    const file = join(folder, 'empty');
    writeFileSync(file, '\n');
    expect(() => reveal(`\${file:${file}}`)).toThrow(`the file ${file} is empty`);
  });

  test('is not shown by its configuration', () => {
    const config = parseYaml(GOOD, { SECRET: 's3cret' });
    expect(JSON.stringify(config)).toContain('"clientSecret":"[secret]"');
    expect(JSON.stringify(config)).not.toContain('s3cret');
  });
});

describe('a configuration', () => {
  test('is frozen at every depth', () => {
    const config = parseYaml(GOOD, { SECRET: 'x' });
    const loose: string[] = [];
    const walk = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null) return;
      if (!Object.isFrozen(value)) loose.push(path);
      for (const [name, inner] of value instanceof Map ? value : Object.entries(value)) walk(inner, `${path}.${name}`);
    };
    walk(config, 'config');
    expect(loose).toEqual([]);
    expect(() => (config.issuers as unknown[]).push({})).toThrow(TypeError);
  });

  test('is independent of its raw value', () => {
    const raw = {
      publicUrl: 'https://mcp.example.com',
      issuers: { a: { issuer: 'https://a.example' } },
      endpoints: [{ path: '/a', issuers: ['a'], upstream: 'http://h' }],
    };
    const config = resolveConfig(raw, {});
    raw.publicUrl = 'https://evil.example';
    expect(config.publicUrl).toBe('https://mcp.example.com');
  });
});

describe('a file', () => {
  test('is read', () => {
    const file = join(folder, 'good.yaml');
    writeFileSync(file, GOOD);
    expect(loadFile(file, { SECRET: 'x' }).publicUrl).toBe('https://mcp.example.com');
  });

  test.each([
    ['nothing-here.yaml', 'does not exist; correct the path given to --config'],
    ['.', 'is a folder; give --config the file in it'],
    ['plain/config.yaml', 'has a file where its path needs a folder; correct the path given to --config'],
    ['loop', 'is a link that leads to itself; correct the link'],
    ['x'.repeat(300), 'is longer than a path can be; correct the path given to --config'],
  ])('that cannot be read is a problem: %s', (name, words) => {
    const file = join(folder, name);
    writeFileSync(join(folder, 'plain'), '');
    if (name === 'loop') symlinkSync(file, file);
    expect(() => loadFile(file, {})).toThrow(`1 problem in the configuration\n  (file): ${file} ${words}`);
  });

  test('that this user may not read, or that fails in another way: the words for its code', () => {
    expect(unreadableText('a.yaml', 'EACCES')).toBe(
      'a.yaml may not be read by this user; change the permissions of the file and its folders',
    );
    expect(unreadableText('a.yaml', 'EIO')).toBe('a.yaml cannot be read (EIO); give --config a file that this user can read');
  });

  test('may be JSON, because JSON is YAML', () => {
    expect(
      parseYaml(
        JSON.stringify({
          publicUrl: 'https://mcp.example.com',
          issuers: { a: { issuer: 'https://a.example' } },
          endpoints: [{ path: '/a', issuers: ['a'], upstream: 'http://h' }],
        }),
        {},
      ).endpoints,
    ).toHaveLength(1);
  });
});

describe('problems', () => {
  test('are listed in one error, with their paths', () => {
    const problem = { path: ['endpoints', 0, 'path'], message: 'write x' };
    expect(new ConfigError([problem]).message).toBe('1 problem in the configuration\n  endpoints[0].path: write x');
    expect(new ConfigError([problem, { path: [], message: 'y' }]).message).toBe(
      '2 problems in the configuration\n  endpoints[0].path: write x\n  (file): y',
    );
    expect(new ConfigError([problem]).problems).toEqual([problem]);
  });

  test.each([
    [[], '(file)'],
    [['publicUrl'], 'publicUrl'],
    [['issuers', 'acme', 'introspection', 'clientSecret'], 'issuers.acme.introspection.clientSecret'],
    [['endpoints', 2, 'passThrough', 0], 'endpoints[2].passThrough[0]'],
  ])('have the path %j as the text %s', (path, text) => expect(pathText(path)).toBe(text));

  test('name an unknown issuer, also with the name of an object member', () => {
    const raw = {
      publicUrl: 'https://mcp.example.com',
      issuers: {},
      endpoints: [{ path: '/a', issuers: ['constructor', 'toString'], upstream: 'http://h' }],
    };
    expect(() => resolveConfig(raw, {})).toThrow('no issuer is called constructor; add it under issuers');
  });
});

test('a relative apiKeysFile begins at the folder of the configuration file', () => {
  const text = (path: string) => `
publicUrl: https://mcp.example.com
apiKeysFile: ${path}
endpoints: [{ path: /mcp, apiKeys: [{ header: X-Api-Key }], upstream: http://10.0.0.5:3000/mcp }]
`;
  const file = join(folder, 'with-keys.yaml');
  const fileOf = (path: string): string | null => {
    writeFileSync(file, text(path));
    return loadFile(file, {}).apiKeysFile;
  };
  expect(fileOf('keys.jsonl')).toBe(join(folder, 'keys.jsonl'));
  expect(fileOf('../keys/all.jsonl')).toBe(join(folder, '..', 'keys', 'all.jsonl'));
  expect(fileOf('/etc/keys.jsonl')).toBe('/etc/keys.jsonl');
  expect(parseYaml(text('keys.jsonl'), {}).apiKeysFile).toBe(join(process.cwd(), 'keys.jsonl'));
});

test('a list of a program with a hole gives a problem, and no exception', () => {
  const endpoint = { path: '/mcp', issuers: ['main'], upstream: 'http://10.0.0.5:3000/mcp' };
  const root = { publicUrl: 'https://mcp.example.com', issuers: { main: { issuer: 'https://auth.example.com' } } };
  expect(readConfig({ ...root, endpoints: [endpoint] }, {}).problems).toEqual([]);
  const endpoints: unknown[] = [];
  endpoints[1] = endpoint;
  const { config, problems } = readConfig({ ...root, endpoints }, {});
  expect([config, problems.map(({ path }) => path.slice(0, 2).join('.'))]).toEqual([
    null,
    expect.arrayContaining(['endpoints.0']),
  ]);
});
