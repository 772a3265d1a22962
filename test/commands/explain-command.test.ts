// `explain` as its users run it: what is printed, with which exit code, and never the token or a secret.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { spawnNode } from '../fixtures/child.js';
import { modern } from '../fixtures/messages.js';
import type { Mint } from '../fixtures/mint.js';
import { ENV_SECRET, type Scene, startScene } from '../fixtures/scene.js';
import { withDeadline } from '../fixtures/wait.js';

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
    { path: '/told/mcp', tools, denialResponse: 'jsonrpc' },
    { path: '/ruled/mcp', tools },
  ].map((fields) => ({ scopes: ['files:read'], ...fields }));
  scene = await startScene({ more: ruled });
  folder = mkdtempSync(join(tmpdir(), 'portcullis-explain-'));
  const { issuer } = scene.issuer;
  const introspection = { url: `${issuer}/introspect`, clientId: 'portcullis', clientSecret: ENV_SECRET };
  const endpoints = [...['/mcp', '/idp/mcp', '/asked/mcp'].map((path) => ({ path, scopes: ['files:read'] })), ...ruled].map(
    (fields) => ({ issuers: ['main'], upstream: `${scene.upstream.url}/up`, ...fields }),
  );
  const config = { publicUrl: scene.gateway.url, issuers: { main: { issuer, introspection } }, endpoints };
  writeFileSync(join(folder, 'portcullis.yaml'), JSON.stringify(config));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await scene.stop();
});

async function command(args: string[], env: Record<string, string> = {}): Promise<{ code: number | null; output: string }> {
  const child = spawnNode([MAIN, 'explain', ...args], { SECRET, ...env });
  const { code } = await withDeadline('explain ends', child.exited, 15_000);
  return { code, output: child.lines.join('\n') };
}

const configured = () => ['--config', join(folder, 'portcullis.yaml')];
const claims = (changes: Record<string, unknown>): Partial<Mint> => ({ claims: changes });
const now = (): number => Math.floor(Date.now() / 1000);

test('a good token: exit code 0, and no byte of it printed', async () => {
  const token = scene.token();
  const { code, output } = await command([...configured(), '--endpoint', '/mcp', token]);
  expect([code, output.split('\n').at(-1)]).toEqual([0, 'The gateway would let it pass.']);
  for (const part of [token, ...token.split('.')]) expect(output).not.toContain(part);
  expect(output).not.toContain(SECRET);
});

test('another audience: exit code 1, what the token has and what is wanted', async () => {
  const token = scene.token(claims({ aud: `${scene.resource}/`, exp: now() + 300 }));
  const { code, output } = await command([...configured(), '--endpoint', '/mcp'], { PORTCULLIS_TOKEN: `Bearer ${token}\n` });
  expect(code).toBe(1);
  const lines = output.split('\n');
  const at = lines.indexOf('FAIL         audience: audience.mismatch: aud is not in the list of this endpoint');
  expect(lines.slice(at + 1, at + 3)).toEqual([
    `               token:  aud ${scene.resource}/`,
    `               wanted: aud ["${scene.resource}"]`,
  ]);
  expect(lines.at(-1)).toBe('The gateway would refuse it: audience.mismatch, HTTP 401, log event authorize.audience.');
});

test('another issuer, as JSON', async () => {
  const token = scene.token(claims({ iss: 'https://elsewhere.example', sub: 'alice' }));
  const { code, output } = await command([...configured(), '--endpoint', '/mcp', '--json', token]);
  expect(code).toBe(1);
  const told = JSON.parse(output) as Record<string, unknown> & { steps: Record<string, unknown>[] };
  expect(told).toMatchObject({ endpoint: '/mcp', wouldPass: false, reason: 'token.issuer', status: 401 });
  expect(told.steps.find(({ state }) => state === 'fail')).toEqual({
    name: 'accepted issuer',
    state: 'fail',
    reason: 'token.issuer',
    detail: 'iss is not an issuer of this endpoint',
    token: { iss: 'https://elsewhere.example' },
    wanted: { iss: [scene.issuer.issuer] },
  });
});

test.each([
  ['/ruled/mcp', 'drop', 'tool.denied, HTTP 403, log event authorize.tool.', 403],
  ['/told/mcp', 'drop', 'tool.denied, HTTP 200 with the JSON-RPC error -31403, log event authorize.tool.', 200],
  ['/told/mcp', 'write_file', 'scope.insufficient, HTTP 403, log event authorize.scope.', 403],
])('A-34: at %s a call of %s is told with the status that the gateway answers', async (path, tool, says, status) => {
  const token = scene.token({ audience: scene.gateway.url + path, claims: { scope: 'files:read' } });
  const ask = (name: string) => scene.send(modern('tools/call', { path, token, params: { name, arguments: {} } }));
  expect([(await ask('read')).body.includes('-31403'), (await ask('read')).status]).toEqual([false, 200]);
  const refused = await ask(tool);
  expect([refused.status, refused.body.includes('-31403')]).toEqual([status, true]);
  const args = [...configured(), '--endpoint', path, '--tool', tool];
  const { output } = await command(args, { PORTCULLIS_TOKEN: token });
  expect(output.split('\n').at(-1)).toBe(`The gateway would refuse it: ${says}`);
  const { output: json } = await command([...args, '--json'], { PORTCULLIS_TOKEN: token });
  expect(JSON.parse(json)).toMatchObject({ wouldPass: false, status });
});

test('A-31: of a missing scope all are told that the challenge asks for', async () => {
  const path = '/ruled/mcp';
  const token = scene.token({ audience: scene.gateway.url + path, claims: { scope: 'files:read' } });
  const refused = await scene.send(modern('tools/call', { path, token, params: { name: 'write_file', arguments: {} } }));
  expect(refused.header('www-authenticate')).toContain('scope="files:read files:write"');
  const { code, output } = await command([...configured(), '--endpoint', path, '--tool', 'write_file', token]);
  expect([code, output]).toEqual([1, expect.stringContaining('scopes ["files:read","files:write"]')]);
});

test.each([
  ['expired', { exp: 1_700_000_000 }],
  ['of another audience', { aud: 'https://elsewhere.example/mcp' }],
])('keys that a token that is %s never asks for are no outage', async (_what, flaw) => {
  const wanted = async (token: string): Promise<string | undefined> =>
    (await command([...configured(), '--endpoint', '/mcp', token])).output
      .split('\n')
      .find((line) => line.includes('published keys'));
  expect(await wanted(scene.token())).toMatch(/wanted: published keys \[".+ \(RS256\)"/);
  expect(await wanted(scene.token(claims(flaw)))).toBe('               wanted: published keys not asked for');
});

test('a claim cannot write to the terminal, and a token in a claim is masked', async () => {
  const other = scene.token();
  const { output } = await command([
    ...configured(),
    '--endpoint',
    '/mcp',
    scene.token(claims({ sub: `\u001b[2Jx${other}`, aud: '\u009b2J' })),
  ]);
  expect(output).toContain('\\u001b[2Jx[token]');
  expect(output).not.toContain(other);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  expect(output).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
});

test.each<[string, string[], Record<string, string>, string]>([
  ['no token', ['--endpoint', '/mcp'], {}, 'There is no token'],
  [
    'several endpoints and none named',
    ['x'],
    {},
    'write --endpoint with one of /mcp, /idp/mcp, /asked/mcp, /told/mcp, /ruled/mcp',
  ],
  ['an endpoint that is not there', ['--endpoint', '/nope', 'x'], {}, 'No endpoint has this path'],
  ['two tokens', ['--endpoint', '/mcp', 'x', 'y'], {}, 'One token, please'],
  ['another scheme', ['--endpoint', '/mcp', 'Token abc'], {}, 'A legacy credential (Authorization: Token) cannot be explained'],
  ['its whole header', ['--endpoint', '/mcp', 'Authorization: Token abc'], {}, 'cannot be explained'],
  ['a header of a key', ['--endpoint', '/mcp', 'X-Api-Key: abc'], {}, 'cannot be explained'],
  ['an unknown flag', ['--verbose'], {}, "Unknown option '--verbose'"],
  ['a configuration that is not there', ['--config', '/nowhere.yaml', 'x'], {}, 'cannot be read'],
])('%s: exit code 2', async (_what, args, env, says) => {
  const { code, output } = await command([...(args.includes('--config') ? [] : configured()), ...args], env);
  expect([code, output]).toEqual([2, expect.stringContaining(says)]);
});

test('--help', async () => {
  const { code, output } = await command(['--help']);
  expect([code, output]).toEqual([0, expect.stringContaining('PORTCULLIS_TOKEN')]);
  expect(readFileSync(join(folder, 'portcullis.yaml'), 'utf8')).not.toContain(SECRET);
});

test('what happened on the way is noted: that keys cannot be had', async () => {
  await scene.issuer.setMode('500');
  try {
    const args = [...configured(), '--endpoint', '/mcp'];
    const { code, output } = await command(args, { PORTCULLIS_TOKEN: scene.token() });
    expect([code, output]).toEqual([1, expect.stringMatching(/^note: keys\.load_failed: /m)]);
    expect(output).toContain('wanted: published keys none to be had');
    const told = JSON.parse((await command([...args, '--json'], { PORTCULLIS_TOKEN: scene.token() })).output);
    expect(told).toMatchObject({ reason: 'keys.unavailable', status: 503, notes: [{ event: 'keys.load_failed' }] });
  } finally {
    await scene.issuer.setMode('ok');
  }
  const { code, output } = await command([...configured(), '--endpoint', '/mcp'], { PORTCULLIS_TOKEN: scene.token() });
  expect([code, output]).toEqual([0, expect.not.stringContaining('note: ')]);
});
