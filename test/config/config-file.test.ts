// The configuration file that a variable names, and the variables that the gateway does not read
// beside it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { adminAddress } from '../../src/config/admin-address.js';
import { configFile } from '../../src/config/config-file.js';
import { VARIABLES } from '../../src/config/environment-variables.js';
import { loadFile } from '../../src/config/load.js';
import { keyText } from '../support/sealing-key.js';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

const PLAIN = `publicUrl: https://mcp.example.com
issuers: { main: { issuer: https://auth.example.com } }
endpoints: [{ path: /mcp, issuers: [main], upstream: http://10.0.0.5:3000/mcp }]
`;
const LISTENING = `listen: { host: 0.0.0.0 }\n${PLAIN}`;

/** The lines of the message after its first. */
function problems(load: () => unknown): string[] {
  try {
    load();
    return [];
  } catch (error) {
    return (error as Error).message.split('\n').slice(1);
  }
}

function fileWith(text: string): string {
  const file = join(folder, `${Math.random()}.yaml`);
  writeFileSync(file, text);
  return file;
}

test.each<[string | undefined, string | undefined, ReturnType<typeof configFile>]>([
  [undefined, undefined, null],
  [undefined, '', null],
  [undefined, ' ', null],
  [undefined, ' a.yaml\n', { path: 'a.yaml', from: 'PORTCULLIS_CONFIG' }],
  ['b.yaml', 'a.yaml', { path: 'b.yaml', from: '--config' }],
  ['b.yaml', undefined, { path: 'b.yaml', from: '--config' }],
])('--config %j and PORTCULLIS_CONFIG=%j: %j', (option, variable, file) => {
  expect(configFile(option, { PORTCULLIS_CONFIG: variable })).toEqual(file);
});

describe('beside PORTCULLIS_CONFIG', () => {
  const load = (text: string, env: Record<string, string>) => loadFile(fileWith(text), env, 'PORTCULLIS_CONFIG');

  test('each variable of a single server is a problem that names both', () => {
    for (const name of Object.keys(VARIABLES).filter((one) => one !== 'LISTEN'))
      expect(problems(() => load(LISTENING, { [`PORTCULLIS_${name}`]: 'x' }))).toEqual([
        expect.stringMatching(
          new RegExp(`^  PORTCULLIS_${name}: is set, and so is PORTCULLIS_CONFIG, .* remove PORTCULLIS_${name} and write `),
        ),
      ]);
  });

  test('an old name of a variable is such a problem too', () => {
    const [problem] = problems(() => load(LISTENING, { PORTCULLIS_LEGACY_SCHEME: 'Token' }));
    expect(problem).toContain('PORTCULLIS_LEGACY_SCHEME: is set, and so is PORTCULLIS_CONFIG');
    expect(problem).toContain('write endpoints[0].passThrough[0].scheme into the file');
  });

  test('these problems come with those of the file', () => {
    const found = problems(() => load(`${LISTENING}colour: red\n`, { PORTCULLIS_ISSUER: 'https://a.example' }));
    expect(found).toEqual([expect.stringContaining('PORTCULLIS_ISSUER'), expect.stringContaining('colour')]);
  });

  test.each<[string, string, Record<string, string>]>([
    ['an empty variable', LISTENING, { PORTCULLIS_UPSTREAM: '' }],
    ['a variable that the file refers to', `${LISTENING}sessionKeys: ["\${env:PORTCULLIS_SESSION_KEYS}"]\n`, {}],
    ['other variables', LISTENING, { PORTCULLIS_MY_SECRET: 'x', PORTCULLIS_TOKEN: 'x', PORTCULLIS_PORT: 'tcp://10.0.0.1:80' }],
    ['the address that the image sets', LISTENING, { PORTCULLIS_LISTEN: '0.0.0.0:8080' }],
  ])('no problem: %s', (_what, text, env) => {
    const key = keyText();
    const own = text.includes('sessionKeys') ? { PORTCULLIS_SESSION_KEYS: key } : {};
    expect(load(text, { ...own, ...env }).publicUrl).toBe('https://mcp.example.com');
  });

  test('the address that the image sets needs a listen field in the file', () => {
    expect(problems(() => load(PLAIN, { PORTCULLIS_LISTEN: '0.0.0.0:8080' }))).toEqual([
      '  PORTCULLIS_LISTEN: is not read, because PORTCULLIS_CONFIG names a file; write the address into the file, such as listen: { host: 0.0.0.0, port: 8080 }',
    ]);
  });

  test('a value is never shown', () => {
    expect(problems(() => load(LISTENING, { PORTCULLIS_UPSTREAM_AUTHORIZATION: 's3cret' })).join()).not.toContain('s3cret');
  });

  test('with --config the variables have no effect, as before', () => {
    const env = { PORTCULLIS_UPSTREAM: 'http://10.0.0.9/mcp', PORTCULLIS_LISTEN: '0.0.0.0:8080' };
    expect(loadFile(fileWith(PLAIN), env).listen).toEqual({ host: '127.0.0.1', port: 8080 });
  });
});

describe('the address of the admin listener', () => {
  const DEFAULT = { host: '127.0.0.1', port: 9090, doubt: null };
  test.each<[string, object]>([
    [PLAIN, DEFAULT],
    [`admin: { port: 9191 }\n${PLAIN}`, { ...DEFAULT, port: 9191 }],
    [`admin: { port: 0 }\n${PLAIN}`, { ...DEFAULT, port: 0 }],
    ['admin: { host: 0.0.0.0, port: 9191 }', { ...DEFAULT, port: 9191 }],
    ['admin: { host: "::" }', { ...DEFAULT, host: '::1' }],
    ['admin: { host: "0:0:0:0:0:0:0:0" }', { ...DEFAULT, host: '::1' }],
    ['admin: { host: 10.0.0.7 }', { ...DEFAULT, host: '10.0.0.7' }],
    ['admin: { host: "::1" }', { ...DEFAULT, host: '::1' }],
    // Mistakes of a later edit.
    ['admin: { port: 9191 }\ncolour: red\n', { ...DEFAULT, port: 9191 }],
    ['admin: { port: 9191 }\nendpoints: [\n', { ...DEFAULT, port: 9191 }],
    ['admin: { port: 9191 }\nissuers: &a { x: *a }\nmore: *nothing\n', { ...DEFAULT, port: 9191 }],
    ['admin: { port: many, host: 7 }', DEFAULT],
    ['admin: 9191', DEFAULT],
  ])('of the file %j', (text, address) => {
    expect(adminAddress(fileWith(text), {})).toEqual(address);
  });

  test.each<[string | undefined, object]>([
    [undefined, DEFAULT],
    ['', DEFAULT],
    ['9191', { ...DEFAULT, port: 9191 }],
    ['0.0.0.0:9191', { ...DEFAULT, port: 9191 }],
    ['[::]:9191', { ...DEFAULT, host: '::1', port: 9191 }],
    ['[fd00::7]:9191', { ...DEFAULT, host: 'fd00::7', port: 9191 }],
    ['nonsense', DEFAULT],
    ['127.0.0.1:99999', DEFAULT],
  ])('of PORTCULLIS_ADMIN=%j', (value, address) => {
    expect(adminAddress(undefined, { PORTCULLIS_ADMIN: value })).toEqual(address);
  });

  test('a file that cannot be read leaves the default, and says so', () => {
    expect(adminAddress(undefined, { PORTCULLIS_CONFIG: '/no/such.yaml', PORTCULLIS_ADMIN: '9191' })).toEqual({
      ...DEFAULT,
      doubt: '/no/such.yaml does not exist; correct the path in PORTCULLIS_CONFIG',
    });
    expect(adminAddress(fileWith('just text'), {}).doubt).toContain('is not a configuration');
  });
});
