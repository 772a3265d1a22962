// `portcullis explain`: its options, its exit codes, and its output without the token and without
// a secret.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { spawnNode } from '../fixtures/child.js';
import { modern } from '../fixtures/messages.js';
import type { Mint } from '../fixtures/mint.js';
import { ENV_SECRET, type Scene, startScene } from '../fixtures/scene.js';
import { withDeadline } from '../fixtures/wait.js';
import { type Run, run } from './in-process.js';

const SECRET = 'introspection-secret-of-explain';
const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;

let scene: Scene;
let folder: string;
beforeAll(async () => {
  const tools = {
    default: 'allow',
    rules: [
      { tool: 'write_file', scopes: ['files:write'] },
      { tool: 'drop', deny: true },
    ],
  };
  const ruled = [
    { path: '/jsonrpc/mcp', tools, denialResponse: 'jsonrpc' },
    { path: '/ruled/mcp', tools },
  ].map((fields) => ({ scopes: ['files:read'], ...fields }));
  scene = await startScene({ more: ruled });
  folder = mkdtempSync(join(tmpdir(), 'portcullis-explain-'));
  const { issuer } = scene.issuer;
  const introspection = { url: `${issuer}/introspect`, clientId: 'portcullis', clientSecret: ENV_SECRET };
  const endpoints = [
    ...['/mcp', '/idp/mcp', '/introspected/mcp'].map((path) => ({ path, scopes: ['files:read'] })),
    ...ruled,
  ].map((fields) => ({ issuers: ['main'], upstream: `${scene.upstream.url}/up`, ...fields }));
  const config = { publicUrl: scene.gateway.url, issuers: { main: { issuer, introspection } }, endpoints };
  writeFileSync(join(folder, 'portcullis.yaml'), JSON.stringify(config));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await scene.stop();
});

const explain = (args: string[], env: Record<string, string> = {}): Promise<Run> =>
  run(['explain', ...args], { env: { SECRET, ...env } });

const withConfig = () => ['--config', join(folder, 'portcullis.yaml')];
const claims = (changes: Record<string, unknown>): Partial<Mint> => ({ claims: changes });
const now = (): number => Math.floor(Date.now() / 1000);

test('a good token: exit code 0, and the output does not contain it', async () => {
  const token = scene.token();
  const { code, output } = await explain([...withConfig(), '--endpoint', '/mcp', token]);
  expect([code, output.split('\n').at(-1)]).toEqual([0, 'The gateway would accept the request.']);
  for (const part of [token, ...token.split('.')]) expect(output).not.toContain(part);
  expect(output).not.toContain(SECRET);
});

test('as a process: the report on standard output, and the exit code', async () => {
  const args = [MAIN, 'explain', ...withConfig(), '--endpoint', '/mcp'];
  const child = spawnNode(args, { SECRET, PORTCULLIS_TOKEN: scene.token() });
  const { code } = await withDeadline('explain ends', child.exited, 15_000);
  expect([code, child.lines.at(-1)]).toEqual([0, 'The gateway would accept the request.']);
});

test('a token on standard input', async () => {
  const args = ['explain', ...withConfig(), '--endpoint', '/mcp', '-'];
  const { code, output } = await run(args, { env: { SECRET }, stdin: [`${scene.token()}\n`] });
  expect([code, output.split('\n').at(-1)]).toEqual([0, 'The gateway would accept the request.']);
});

test('another audience: exit code 1, with the observed and the expected value', async () => {
  const token = scene.token(claims({ aud: `${scene.resource}/`, exp: now() + 300 }));
  const { code, output } = await explain([...withConfig(), '--endpoint', '/mcp'], { PORTCULLIS_TOKEN: `Bearer ${token}\n` });
  expect(code).toBe(1);
  const lines = output.split('\n');
  const text = `audience.mismatch: aud "${scene.resource}/" is not an audience of this endpoint or of the issuer`;
  const near = `it differs from "${scene.resource}" only in the slash at the end`;
  const at = lines.findIndex((line) => line.startsWith(`FAIL         audience: ${text}, and ${near}. Let the client`));
  expect(lines.slice(at + 1, at + 3)).toEqual([
    `               observed: aud ${scene.resource}/`,
    `               expected: aud ["${scene.resource}"]`,
  ]);
  expect(lines.at(-1)).toBe('The gateway would reject the request: audience.mismatch, HTTP 401, log event authorize.audience.');
});

test('another issuer, as JSON', async () => {
  const token = scene.token(claims({ iss: 'https://elsewhere.example', sub: 'alice' }));
  const { code, output } = await explain([...withConfig(), '--endpoint', '/mcp', '--json', token]);
  expect(code).toBe(1);
  const report = JSON.parse(output) as Record<string, unknown> & { steps: Record<string, unknown>[] };
  expect(report).toMatchObject({ endpoint: '/mcp', wouldPass: false, reason: 'token.issuer', status: 401 });
  expect(report.steps.find(({ state }) => state === 'fail')).toEqual({
    name: 'accepted issuer',
    state: 'fail',
    reason: 'token.issuer',
    detail: 'iss "https://elsewhere.example" is not an issuer of this endpoint',
    observed: { iss: 'https://elsewhere.example' },
    expected: { iss: [scene.issuer.issuer] },
  });
});

test.each([
  ['/ruled/mcp', 'drop', 'tool.denied, HTTP 403, log event authorize.tool.', 403],
  ['/jsonrpc/mcp', 'drop', 'tool.denied, HTTP 200 with the JSON-RPC error -31403, log event authorize.tool.', 200],
  ['/jsonrpc/mcp', 'write_file', 'scope.insufficient, HTTP 403, log event authorize.scope.', 403],
])('A-34: at %s a call of %s has the status of the response of the gateway', async (path, tool, conclusion, status) => {
  const token = scene.token({ audience: scene.gateway.url + path, claims: { scope: 'files:read' } });
  const ask = (name: string) => scene.send(modern('tools/call', { path, token, params: { name, arguments: {} } }));
  expect([(await ask('read')).body.includes('-31403'), (await ask('read')).status]).toEqual([false, 200]);
  const rejected = await ask(tool);
  expect([rejected.status, rejected.body.includes('-31403')]).toEqual([status, true]);
  const args = [...withConfig(), '--endpoint', path, '--tool', tool];
  const { output } = await explain(args, { PORTCULLIS_TOKEN: token });
  expect(output.split('\n').at(-1)).toBe(`The gateway would reject the request: ${conclusion}`);
  const { output: json } = await explain([...args, '--json'], { PORTCULLIS_TOKEN: token });
  expect(JSON.parse(json)).toMatchObject({ wouldPass: false, status });
});

test('A-31: for a missing scope the output has all scopes of the challenge', async () => {
  const path = '/ruled/mcp';
  const token = scene.token({ audience: scene.gateway.url + path, claims: { scope: 'files:read' } });
  const rejected = await scene.send(modern('tools/call', { path, token, params: { name: 'write_file', arguments: {} } }));
  expect(rejected.header('www-authenticate')).toContain('scope="files:read files:write"');
  const { code, output } = await explain([...withConfig(), '--endpoint', path, '--tool', 'write_file', token]);
  expect([code, output]).toEqual([1, expect.stringContaining('scopes ["files:read","files:write"]')]);
});

test.each([
  ['an expired token', { exp: 1_700_000_000 }],
  ['a token of another audience', { aud: 'https://elsewhere.example/mcp' }],
])('%s needs no keys, and the output does not report an outage', async (_title, flaw) => {
  const expectedKeys = async (token: string): Promise<string | undefined> =>
    (await explain([...withConfig(), '--endpoint', '/mcp', token])).output
      .split('\n')
      .find((line) => line.includes('published keys'));
  expect(await expectedKeys(scene.token())).toMatch(/expected: published keys \[".+ \(RS256\)"/);
  expect(await expectedKeys(scene.token(claims(flaw)))).toBe('               expected: published keys not requested');
});

test('the output escapes control characters in a claim, and masks a token in a claim', async () => {
  const other = scene.token();
  const { output } = await explain([
    ...withConfig(),
    '--endpoint',
    '/mcp',
    scene.token(claims({ sub: `\u001b[2Jx${other}`, aud: '\u009b2J' })),
  ]);
  expect(output).toContain('\\u001b[2Jx[token]');
  expect(output).not.toContain(other);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the output must not contain them
  expect(output).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
});

test.each<[string, string[], Record<string, string>, string]>([
  ['no token', ['--endpoint', '/mcp'], {}, 'There is no token'],
  [
    'several endpoints without --endpoint',
    ['x'],
    {},
    'write --endpoint with one of /mcp, /idp/mcp, /introspected/mcp, /jsonrpc/mcp, /ruled/mcp',
  ],
  ['an unknown endpoint', ['--endpoint', '/nope', 'x'], {}, 'No endpoint has this name or resource'],
  ['two tokens', ['--endpoint', '/mcp', 'x', 'y'], {}, 'Give one token only'],
  [
    'another scheme',
    ['--endpoint', '/mcp', 'Token abc'],
    {},
    'The command cannot explain a pass-through credential (Authorization: Token)',
  ],
  ['its whole header', ['--endpoint', '/mcp', 'Authorization: Token abc'], {}, 'cannot explain'],
  ['the header of an API key', ['--endpoint', '/mcp', 'X-Api-Key: abc'], {}, 'cannot explain'],
  ['an unknown option', ['--verbose'], {}, "Unknown option '--verbose'"],
  ['a missing configuration file', ['--config', '/nowhere.yaml', 'x'], {}, 'does not exist'],
])('%s: exit code 2', async (_title, args, env, message) => {
  const all = [...(args.includes('--config') ? [] : withConfig()), ...args];
  expect(await explain(all, env)).toEqual({ code: 2, output: '', errors: expect.stringContaining(message) });
});

test.each<[string, (token: string) => string, string]>([
  ['in double quotes', (token) => `"${token}"`, 'the token is in quotes'],
  ['in single quotes', (token) => `'${token}'`, 'the token is in quotes'],
  ['with its whole header in quotes', (token) => `"Authorization: Bearer ${token}"`, 'the token is in quotes'],
  [
    'in the JSON of a token response',
    (token) => JSON.stringify({ access_token: token, token_type: 'Bearer' }, null, 2),
    'this is the JSON of a token response: give its access_token',
  ],
  ['in other JSON', (token) => JSON.stringify({ id_token: token }), 'this is JSON, not a token'],
])('a token %s: the reason says so', async (_what, wrapped, detail) => {
  const token = scene.token();
  const { code, output } = await explain([...withConfig(), '--endpoint', '/mcp'], { PORTCULLIS_TOKEN: wrapped(token) });
  expect([code, output]).toEqual([1, expect.stringContaining(`credential.malformed: ${detail}`)]);
  expect(output).not.toContain(token);
});

test('--help', async () => {
  const { code, output } = await explain(['--help']);
  expect([code, output]).toEqual([0, expect.stringContaining('PORTCULLIS_TOKEN')]);
  expect(readFileSync(join(folder, 'portcullis.yaml'), 'utf8')).not.toContain(SECRET);
});

test('a note says that the keys could not be loaded', async () => {
  await scene.issuer.setMode('500');
  try {
    const args = [...withConfig(), '--endpoint', '/mcp'];
    const { code, output } = await explain(args, { PORTCULLIS_TOKEN: scene.token() });
    expect([code, output]).toEqual([1, expect.stringMatching(/^note: keys\.load_failed: /m)]);
    expect(output).toContain('expected: published keys unavailable');
    const report = JSON.parse((await explain([...args, '--json'], { PORTCULLIS_TOKEN: scene.token() })).output);
    expect(report).toMatchObject({ reason: 'keys.unavailable', status: 503, notes: [{ event: 'keys.load_failed' }] });
  } finally {
    await scene.issuer.setMode('ok');
  }
  const { code, output } = await explain([...withConfig(), '--endpoint', '/mcp'], { PORTCULLIS_TOKEN: scene.token() });
  expect([code, output]).toEqual([0, expect.not.stringContaining('note: ')]);
});
