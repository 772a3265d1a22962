// `explain` gives a token with a flaw the reason that the gateway logs and counts.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { modern } from '../fixtures/messages.js';
import { ecKey, type Mint, mintToken, rsaKey } from '../fixtures/mint.js';
import { countOf } from '../support/counted.js';
import { claims, type ExplainScene, startExplainScene } from './explain-scene.js';

let setting: ExplainScene;
beforeAll(async () => {
  setting = await startExplainScene();
});
afterAll(() => setting.stop());

const explain: ExplainScene['explain'] = (...args) => setting.explain(...args);

type Flaw = [title: string, reason: string, step: string, mint: Partial<Mint> | ((token: string) => string)];

const FLAWS: Flaw[] = [
  ['two words in the header', 'credential.malformed', 'one token', (token) => `${token} x`],
  ['a second credential', 'credential.multiple', 'one token', (token) => `${token}, Bearer x`],
  ['an encrypted token', 'token.malformed', 'kind of token', (token) => `${token}.a.b`],
  ['an opaque token without introspection', 'token.malformed', 'kind of token', () => 'opaque'],
  ['another issuer', 'token.issuer', 'accepted issuer', claims({ iss: 'https://elsewhere.example' })],
  ['another algorithm', 'token.algorithm', 'algorithm', { header: { alg: 'HS256' } }],
  ['a critical header', 'token.malformed', 'critical headers', { header: { crit: ['x'] } }],
  ['a kid that is not a string', 'token.malformed', 'kid', { header: { kid: 7 } }],
  ['another typ', 'token.type', 'typ', { header: { typ: 'dpop+jwt' } }],
  ['an ID token', 'token.type', 'other kinds of token', claims({ at_hash: 'n-0S6_WzA2Mj' })],
  ['an expired token', 'token.expired', 'dates', { claims: { exp: 1_700_000_000 } }],
  ['a token from the future', 'token.not_yet_valid', 'dates', { claims: { nbf: 3_900_000_000 } }],
  ['no exp', 'token.claims', 'dates', claims({ exp: undefined })],
  ['no subject', 'token.claims', 'claims', claims({ sub: undefined })],
  ['a token bound to a key', 'token.claims', 'claims', claims({ cnf: { jkt: 'x' } })],
  ['another audience', 'audience.mismatch', 'audience', claims({ aud: 'https://elsewhere.example/mcp' })],
  ['no audience', 'audience.mismatch', 'audience', claims({ aud: undefined })],
  ['an unknown key', 'token.key_unknown', 'key', { key: rsaKey() }],
  ['a forged signature', 'token.signature', 'signature', { signature: Buffer.alloc(256, 1) }],
  ['a missing scope', 'scope.insufficient', 'scope', claims({ scope: 'openid' })],
];

describe('a flaw has the reason that the gateway logs and counts, at the check that rejects the token', () => {
  test.each(FLAWS)('%s: %s', async (_title, reason, step, flaw) => {
    const { scene } = setting;
    await scene.passes();
    const token = typeof flaw === 'function' ? flaw(scene.token()) : scene.token(flaw);
    const counted = async (): Promise<number> =>
      countOf(await scene.gateway.metrics(), 'portcullis_http_requests_total', '/mcp', reason);
    const before = await counted();
    const response = await scene.send(modern('tools/list', { token }));
    expect((await scene.logOf(response)).reason).toBe(reason);
    expect(await counted()).toBe(before + 1);
    const explained = await explain('/mcp', token);
    expect([explained.reason, explained.failed.map(({ name }) => name)]).toEqual([reason, [step]]);
    const at = explained.names.indexOf(step);
    expect(explained.steps.slice(0, at).every(({ state }) => state === 'pass')).toBe(true);
    expect(explained.steps.slice(at + 1).every(({ state }) => state === 'not reached')).toBe(true);
  });

  test('a check that was not reached has the result of the unverified claims', async () => {
    const { scene } = setting;
    const { steps } = await explain('/mcp', scene.token(claims({ exp: 1_700_000_000, aud: 'https://elsewhere.example' })));
    const hints = Object.fromEntries(
      steps
        .filter(({ state }) => state === 'not reached')
        .map((step) => [step.name, step.failure?.definition.reason ?? step.wouldPass]),
    );
    expect(hints).toEqual({
      claims: true,
      audience: 'audience.mismatch',
      key: false,
      signature: false,
      scope: true,
      upstream: true,
    });
  });

  test('an issuer that is down: no keys, and no introspection', async () => {
    const { scene } = setting;
    expect((await explain('/mcp', scene.token())).reason).toBe('ok');
    await scene.issuer.setMode('500');
    try {
      const { reason, failed, notices } = await explain('/mcp', scene.token());
      expect([reason, failed.map(({ name }) => name)]).toEqual(['keys.unavailable', ['key']]);
      expect(notices.map(({ event }) => event)).toContain('keys.load_failed');
      const introspected = await explain(
        '/introspected/mcp',
        scene.token(claims({ iss: `${scene.issuer.issuer}/introspected`, aud: `${scene.gateway.url}/introspected/mcp` })),
      );
      expect([introspected.reason, introspected.failed.map(({ name }) => name)]).toEqual([
        'introspection.unavailable',
        ['introspection'],
      ]);
    } finally {
      await scene.issuer.setMode('ok');
    }
  });

  test('a JWT that its issuer verifies by introspection, and the rules for a tool', async () => {
    const { scene } = setting;
    const aud = `${scene.gateway.url}/introspected/mcp`;
    const token = scene.token(claims({ iss: `${scene.issuer.issuer}/introspected`, aud }));
    const answer = { active: true, sub: 'alice', aud, scope: 'files:read' };
    scene.issuer.introspect = () => answer;
    expect((await explain('/introspected/mcp', token)).reason).toBe('ok');
    expect((await explain('/introspected/mcp', token, 'read_file')).reason).toBe('ok');
    const denied = await explain('/introspected/mcp', token, 'delete_file');
    expect([denied.reason, denied.failed[0]?.expected.denied]).toEqual(['tool.denied', 'rule delete*']);
    const writing = await explain('/introspected/mcp', token, 'write_file');
    expect(writing.reason).toBe('tool.denied');
    expect(writing.failed).toMatchObject([
      {
        name: 'scope and policy of the call',
        observed: { scopes: ['files:read'], 'claim roles': 'absent', lacks: ['scope files:write', 'claim roles admin'] },
        expected: { tool: 'write_file', scopes: ['files:read', 'files:write'], 'claim roles': 'admin' },
      },
    ]);
    scene.issuer.introspect = () => ({ ...answer, aud: 'https://elsewhere.example' });
    const { reason, failed } = await explain('/introspected/mcp', token);
    expect([reason, failed.map(({ name }) => name)]).toEqual(['audience.mismatch', ['audience of the answer']]);
    const narrowed = scene.token(claims({ iss: `${scene.issuer.issuer}/introspected` }));
    const early = await explain('/introspected/mcp', narrowed);
    expect([early.reason, early.failed.map(({ name }) => name)]).toEqual(['audience.mismatch', ['audience of the token']]);
    const unsigned = mintToken({
      issuer: `${scene.issuer.issuer}/introspected`,
      audience: 'x',
      key: ecKey(),
      header: { alg: 'none' },
    });
    expect((await explain('/introspected/mcp', unsigned)).reason).toBe('token.algorithm');
  });
});
