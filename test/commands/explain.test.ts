// What `explain` says of a token is what the gateway does with it, reason by reason, and it never tells the token.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/commands/clock.js';
import { type Idp, startIdp } from '../../src/commands/demo/idp.js';
import { createExamine } from '../../src/compose.js';
import { toPlan } from '../../src/config/load.js';
import type { Notice } from '../../src/core/ports.js';
import { type Child, spawnNode } from '../fixtures/child.js';
import { modern } from '../fixtures/messages.js';
import { ecKey, type Mint, mintToken, rsaKey } from '../fixtures/mint.js';
import { ENV_SECRET, type Scene, startScene } from '../fixtures/scene.js';
import { withDeadline } from '../fixtures/wait.js';

const SECRET = 'introspection-secret-of-explain';
const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;

let scene: Scene;
let idp: Idp;
let folder: string;
let config: Record<string, unknown>;

beforeAll(async () => {
  scene = await startScene({ endpoint: { scopes: ['files:read'] } });
  idp = await startIdp({ scopes: ['files:read'] });
  folder = mkdtempSync(join(tmpdir(), 'portcullis-explain-'));
  const upstream = `${scene.upstream.url}/up`;
  config = {
    publicUrl: scene.gateway.url,
    issuers: {
      main: { issuer: scene.issuer.issuer },
      idp: { issuer: idp.issuer, introspection: { clientId: idp.clients.introspection.id, clientSecret: ENV_SECRET } },
      asked: {
        issuer: `${scene.issuer.issuer}/asked`,
        verify: 'introspection',
        introspection: { url: `${scene.issuer.issuer}/introspect`, clientId: 'portcullis', clientSecret: ENV_SECRET },
      },
    },
    endpoints: [
      { path: '/mcp', issuers: ['main'], scopes: ['files:read'], upstream },
      { path: '/idp/mcp', issuers: ['idp'], scopes: ['files:read'], upstream },
      {
        path: '/asked/mcp',
        issuers: ['asked'],
        scopes: ['files:read'],
        upstream,
        tools: {
          unlisted: 'allow',
          rules: [
            { tool: 'delete*', deny: true },
            { tool: 'write*', scopes: ['files:write'], claim: 'roles', has: 'admin' },
          ],
        },
      },
    ],
  };
  idp.addResource(`${scene.gateway.url}/idp/mcp`, 'jwt');
  writeFileSync(join(folder, 'portcullis.yaml'), JSON.stringify(config));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await Promise.all([scene.stop(), idp.stop()]);
});

const plan = () => toPlan(config, { SECRET: idp.clients.introspection.secret });

async function examine(path: string, token: string, tool: string | null = null) {
  const loaded = plan();
  const endpoint = loaded.endpoints.find((one) => one.path === path);
  if (endpoint === undefined) throw new Error('no such endpoint');
  const notices: Notice[] = [];
  const run = createExamine(loaded, endpoint, { clock: systemClock, random: () => 0.5 }, (notice) => void notices.push(notice));
  const { steps, failure } = await withDeadline('explain', run(token, tool), 10_000);
  const failed = steps.filter(({ state }) => state === 'fail');
  return { steps, failed, kind: failure?.row.kind ?? 'ok', names: steps.map(({ name }) => name), notices };
}

/** A run of the command as its users run it. */
async function command(args: string[], env: Record<string, string> = {}): Promise<{ code: number | null; output: string }> {
  const child: Child = spawnNode([MAIN, 'explain', ...args], { SECRET, ...env });
  const { code } = await withDeadline('explain ends', child.exited, 15_000);
  return { code, output: child.lines.join('\n') };
}

const configured = () => ['--config', join(folder, 'portcullis.yaml')];

type Flaw = [what: string, kind: string, step: string, mint: Partial<Mint> | ((token: string) => string)];
const claims = (changes: Record<string, unknown>): Partial<Mint> => ({ claims: changes });
const now = (): number => Math.floor(Date.now() / 1000);

const FLAWS: Flaw[] = [
  ['two words', 'credential.malformed', 'one token', (token) => `${token} x`],
  ['a second credential', 'credential.two', 'one token', (token) => `${token}, Bearer x`],
  ['an encrypted one', 'token.malformed', 'kind of token', (token) => `${token}.a.b`],
  ['an opaque one where none is asked about', 'token.malformed', 'kind of token', () => 'opaque'],
  ['another issuer', 'token.issuer', 'accepted issuer', claims({ iss: 'https://elsewhere.example' })],
  ['another algorithm', 'token.algorithm', 'algorithm', { header: { alg: 'HS256' } }],
  ['a critical header', 'token.malformed', 'critical headers', { header: { crit: ['x'] } }],
  ['a kid that is no text', 'token.malformed', 'kid', { header: { kid: 7 } }],
  ['another typ', 'token.type', 'typ', { header: { typ: 'dpop+jwt' } }],
  ['an ID token', 'token.type', 'other kinds of token', claims({ nonce: 'n-0S6_WzA2Mj' })],
  ['an expired one', 'token.expired', 'dates', { claims: { exp: 1_700_000_000 } }],
  ['one from the future', 'token.early', 'dates', { claims: { nbf: 3_900_000_000 } }],
  ['no exp', 'token.claims', 'dates', claims({ exp: undefined })],
  ['no subject', 'token.claims', 'claims', claims({ sub: undefined })],
  ['one bound to a key', 'token.claims', 'claims', claims({ cnf: { jkt: 'x' } })],
  ['another audience', 'audience.mismatch', 'audience', claims({ aud: 'https://elsewhere.example/mcp' })],
  ['no audience', 'audience.mismatch', 'audience', claims({ aud: undefined })],
  ['an unknown key', 'token.key_unknown', 'key', { key: rsaKey() }],
  ['a forged signature', 'token.signature', 'signature', { signature: Buffer.alloc(256, 1) }],
  ['a scope less', 'scope.insufficient', 'scope', claims({ scope: 'openid' })],
];

describe('a token that is good', () => {
  test('passes every check', async () => {
    const { steps, kind, names } = await examine('/mcp', scene.token());
    expect(kind).toBe('ok');
    expect(steps.map(({ state }) => state)).toEqual(names.map(() => 'pass'));
    expect(names).toEqual([
      'credential',
      'one token',
      'kind of token',
      'accepted issuer',
      'issuer',
      'algorithm',
      'critical headers',
      'kid',
      'typ',
      'other kinds of token',
      'marks of an access token',
      'dates',
      'claims',
      'audience',
      'key',
      'signature',
      'scope',
    ]);
  });

  test('of a real identity provider, as JWT and as opaque token', async () => {
    const resource = `${scene.gateway.url}/idp/mcp`;
    const jwt = await idp.token({ resource, scope: 'files:read' });
    expect(await examine('/idp/mcp', jwt)).toMatchObject({ kind: 'ok', failed: [] });
    idp.addResource(resource, 'opaque');
    const opaque = await idp.token({ resource, scope: 'files:read' });
    idp.addResource(resource, 'jwt');
    const examined = await examine('/idp/mcp', opaque);
    expect(examined).toMatchObject({ kind: 'ok', failed: [] });
    expect(examined.names.slice(-3)).toEqual(['introspection', 'audience of the answer', 'scope']);
    const { kind, failed } = await examine('/idp/mcp', 'unknown-to-it');
    expect([kind, failed.map(({ name }) => name)]).toEqual(['token.inactive', ['introspection']]);
  });

  test('nothing is sent to the upstream', async () => {
    const before = scene.upstream.requests.length;
    expect((await examine('/mcp', scene.token())).kind).toBe('ok');
    expect(scene.upstream.requests.length).toBe(before);
  });
});

describe('a flaw is told by the reason that the gateway logs, at the check that refuses', () => {
  test.each(FLAWS)('%s: %s', async (_what, kind, step, flaw) => {
    await scene.passes();
    const token = typeof flaw === 'function' ? flaw(scene.token()) : scene.token(flaw);
    const response = await scene.send(modern('tools/list', { token }));
    expect((await scene.logOf(response)).reason).toBe(kind);
    const examined = await examine('/mcp', token);
    expect([examined.kind, examined.failed.map(({ name }) => name)]).toEqual([kind, [step]]);
    const at = examined.names.indexOf(step);
    expect(examined.steps.slice(0, at).every(({ state }) => state === 'pass')).toBe(true);
    expect(examined.steps.slice(at + 1).every(({ state }) => state === 'not reached')).toBe(true);
  });

  test('what was not reached is told as far as unverified claims say it', async () => {
    const { steps } = await examine('/mcp', scene.token(claims({ exp: 1_700_000_000, aud: 'https://elsewhere.example' })));
    const hints = Object.fromEntries(
      steps.filter(({ state }) => state === 'not reached').map((step) => [step.name, step.failure?.row.kind ?? step.wouldPass]),
    );
    expect(hints).toEqual({ claims: true, audience: 'audience.mismatch', key: false, signature: false, scope: true });
  });

  test('keys that cannot be had, and an issuer that does not answer an introspection', async () => {
    expect((await examine('/mcp', scene.token())).kind).toBe('ok');
    await scene.issuer.setMode('500');
    try {
      const { kind, failed, notices } = await examine('/mcp', scene.token());
      expect([kind, failed.map(({ name }) => name)]).toEqual(['keys.unavailable', ['key']]);
      expect(notices.map(({ event }) => event)).toContain('keys.load_failed');
      const asked = await examine('/asked/mcp', scene.token(claims({ iss: `${scene.issuer.issuer}/asked` })));
      expect([asked.kind, asked.failed.map(({ name }) => name)]).toEqual(['introspection.unavailable', ['introspection']]);
    } finally {
      await scene.issuer.setMode('ok');
    }
  });

  test('a JWT that its issuer judges: the answer counts, and the policy of a tool', async () => {
    const token = scene.token(claims({ iss: `${scene.issuer.issuer}/asked` }));
    const answer = { active: true, sub: 'alice', aud: `${scene.gateway.url}/asked/mcp`, scope: 'files:read' };
    scene.issuer.introspect = () => answer;
    expect((await examine('/asked/mcp', token)).kind).toBe('ok');
    expect((await examine('/asked/mcp', token, 'read_file')).kind).toBe('ok');
    const denied = await examine('/asked/mcp', token, 'delete_file');
    expect([denied.kind, denied.failed[0]?.wants['nobody may use it']]).toEqual(['tool.denied', 'rule delete*']);
    const writing = await examine('/asked/mcp', token, 'write_file');
    expect(writing.kind).toBe('tool.denied');
    expect(writing.failed).toMatchObject([
      {
        name: 'scope and policy of the call',
        has: { scopes: ['files:read'], 'claim roles': 'absent', lacks: ['scope files:write', 'claim roles admin'] },
        wants: { tool: 'write_file', scopes: ['files:read', 'files:write'], 'claim roles': 'admin' },
      },
    ]);
    scene.issuer.introspect = () => ({ ...answer, aud: 'https://elsewhere.example' });
    const { kind, failed } = await examine('/asked/mcp', token);
    expect([kind, failed.map(({ name }) => name)]).toEqual(['audience.mismatch', ['audience of the answer']]);
    const unsigned = mintToken({ issuer: `${scene.issuer.issuer}/asked`, audience: 'x', key: ecKey(), header: { alg: 'none' } });
    expect((await examine('/asked/mcp', unsigned)).kind).toBe('token.algorithm');
  });
});

describe('jwt-then-introspection', () => {
  test('asks after an unknown key, and not after another audience', async () => {
    const issuer = scene.issuer.issuer;
    const introspection = { url: `${issuer}/introspect`, clientId: 'portcullis', clientSecret: ENV_SECRET };
    const raw = {
      ...config,
      issuers: { main: { issuer, verify: 'jwt-then-introspection', introspection } },
      endpoints: [{ path: '/mcp', issuers: ['main'], scopes: ['files:read'], upstream: `${scene.upstream.url}/up` }],
    };
    const loaded = toPlan(raw, { SECRET });
    const [endpoint] = loaded.endpoints;
    if (endpoint === undefined) throw new Error('no endpoint');
    const run = createExamine(loaded, endpoint, { clock: systemClock, random: () => 0.5 }, () => {});
    const told = async (token: string) => {
      const { steps, failure } = await withDeadline('explain', run(token, null), 10_000);
      return [failure?.row.kind ?? 'ok', steps.find(({ state }) => state === 'fail')?.name ?? null];
    };
    scene.issuer.introspect = () => ({ active: true, sub: 'alice', aud: scene.resource, scope: 'files:read' });
    expect(await told(scene.token())).toEqual(['ok', null]);
    expect(await told(scene.token({ key: rsaKey() }))).toEqual(['ok', null]);
    scene.issuer.introspect = () => ({ active: false });
    expect(await told(scene.token({ key: rsaKey() }))).toEqual(['token.inactive', 'key and signature, else introspection']);
    expect(await told(scene.token(claims({ aud: 'https://elsewhere.example' })))).toEqual(['audience.mismatch', 'audience']);
  });
});

describe('the command', () => {
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
    ['several endpoints and none named', ['x'], {}, 'write --endpoint with one of /mcp, /idp/mcp, /asked/mcp'],
    ['an endpoint that is not there', ['--endpoint', '/nope', 'x'], {}, 'No endpoint has this path'],
    ['two tokens', ['--endpoint', '/mcp', 'x', 'y'], {}, 'One token, please'],
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
});
