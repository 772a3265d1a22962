// The line of a rejection names who was rejected: a few claims of a rejected JWT, as unverified. It
// has issuer and subject where the issuer vouched for the token, and never the token.
import { describe, expect, test } from 'vitest';
import { ok } from '../../src/core/result.js';
import type { Mint } from '../fixtures/mint.js';
import { mint, OTHER, opaque, otherKey, setting } from '../support/bearer-setting.js';
import { accessToken, endpoint, ISSUER, RESOURCE } from '../support/endpoint.js';
import { exchange } from '../support/exchange.js';
import { lineOf } from '../support/log-line.js';
import { type Line, logging } from '../support/logging.js';
import { outcome, TOKEN } from '../support/outcome.js';

const AWAY = 'https://elsewhere.example.com/mcp';
const AGENT = 'python-httpx/0.27.0';

type World = ReturnType<typeof setting>;

/** The line of this token, which the endpoint rejects. */
async function lineFor(token: string, world: World = setting(), at = endpoint()): Promise<Line> {
  const failure = await world.authenticate(token, at);
  if (failure.ok) throw new Error('the token was accepted');
  const lines = [['User-Agent', AGENT] as const, ['Authorization', `Bearer ${token}`] as const];
  const line = lineOf({ exchange: exchange({ lines }), endpoint: at, caller: null, message: null, failure, status: 401 });
  const text = JSON.stringify(line);
  for (const part of token.split('.').filter(({ length }) => length > 11)) expect(text).not.toContain(part.slice(0, 12));
  return line;
}

const unverifiedOf = (line: Line) => Object.fromEntries(Object.entries(line).filter(([name]) => name.startsWith('unverified.')));

describe('a rejected JWT', () => {
  const usual = { 'unverified.iss': ISSUER, 'unverified.aud': RESOURCE, 'unverified.sub': 'alice' };
  const client = { 'unverified.client_id': 'test-client' };
  test.each<[string, Partial<Mint>, object]>([
    ['token.expired', { claims: { exp: 1 } }, {}],
    ['token.signature', { signature: Buffer.alloc(256) }, {}],
    ['token.key_unknown', { header: { kid: 'unpublished' } }, {}],
    ['token.algorithm', { header: { alg: 'HS256' } }, {}],
    ['token.type', { header: { typ: 'logout+jwt' } }, {}],
    ['token.claims', { claims: { exp: null } }, {}],
    ['token.not_yet_valid', { claims: { nbf: 4_000_000_000 } }, {}],
    ['token.malformed', { header: { crit: ['x'] } }, {}],
    ['token.issuer', { claims: { iss: `${ISSUER}/` } }, { 'unverified.iss': `${ISSUER}/` }],
    ['audience.mismatch', { audience: AWAY }, { 'unverified.aud': AWAY }],
  ])('%s: the line has its claims, marked unverified, and the user agent', async (reason, changes, other) => {
    const line = await lineFor(mint(changes));
    expect(line).toMatchObject({ reason, 'user_agent.original': AGENT });
    expect(unverifiedOf(line)).toEqual({ ...usual, ...client, ...other });
    // No field looks verified.
    for (const name of ['issuer', 'subject', 'clientId', 'credential', 'audience']) expect(line).not.toHaveProperty(name);
  });

  test('keys.unavailable: the line has them, too', async () => {
    const world = setting();
    world.mine.fails = 'down';
    const line = await lineFor(mint(), world);
    expect(line).toMatchObject({ reason: 'keys.unavailable', 'unverified.sub': expect.any(String) });
  });

  test('audience.mismatch: the line has the audience that came and those accepted', async () => {
    const at = endpoint({ issuerAudience: new Map([[ISSUER, ['of-issuer']]]) });
    const line = await lineFor(mint({ audience: [AWAY, 'b'] }), setting(), at);
    expect(line).toMatchObject({ 'unverified.aud': [AWAY, 'b'], acceptedAudience: [RESOURCE, 'of-issuer'] });
  });

  test('the client has the name that this issuer writes; azp counts', async () => {
    expect(unverifiedOf(await lineFor(mint({ claims: { client_id: undefined, azp: 'by-azp', exp: 1 } })))).toMatchObject({
      'unverified.client_id': 'by-azp',
    });
  });

  test.each<[string, Mint['claims'], object]>([
    ['absent claims', { sub: undefined, aud: undefined, client_id: null }, { 'unverified.iss': ISSUER }],
    ['a nested object', { sub: { a: { b: TOKEN } } }, { 'unverified.sub': '(an object)' }],
    ['a list', { sub: [TOKEN] }, { 'unverified.sub': '(a list)' }],
    ['a huge number', { sub: 1e308 }, { 'unverified.sub': '1e+308' }],
    ['a boolean', { sub: true }, { 'unverified.sub': 'true' }],
    ['a long text', { sub: 's'.repeat(20_000) }, { 'unverified.sub': 's'.repeat(200) }],
    ['a JWT', { sub: TOKEN }, { 'unverified.sub': '[token]' }],
    ['an audience that is a header line', { aud: `Bearer ${TOKEN}` }, { 'unverified.aud': 'Bearer [token]' }],
    ['a JWT among the audiences', { aud: ['a', TOKEN] }, { 'unverified.aud': ['a', '[token]'] }],
    ['bidi and control characters', { sub: '\u202e\u0000\n\u2028"' }, { 'unverified.sub': '\u202e\u0000\n\u2028"' }],
    [
      '10,000 audiences',
      { aud: Array.from({ length: 10_000 }, (_, i) => `a${i}`) },
      { 'unverified.aud': ['a0', 'a1', 'a2', 'a3', 'a4', '(and 9995 more)'] },
    ],
    [
      'audiences of other types',
      { aud: [null, { a: 1 }, ['x'], 5] },
      { 'unverified.aud': ['(null)', '(an object)', '(a list)', '5'] },
    ],
    ['long audiences', { aud: ['x'.repeat(999)] }, { 'unverified.aud': ['x'.repeat(200)] }],
  ])('with %s: the line is bounded and readable', async (_what, claims, expected) => {
    const line = await lineFor(mint({ claims: { exp: 1, ...claims } }));
    expect(unverifiedOf(line)).toMatchObject(expected);
    expect(Object.keys(unverifiedOf(line)).length).toBeLessThanOrEqual(4);
    expect(JSON.stringify(line).length).toBeLessThan(3_500);
  });

  test('an issuer that is a token is masked in the detail, too', async () => {
    const line = await lineFor(mint({ claims: { iss: TOKEN } }));
    expect(line).toMatchObject({ reason: 'token.issuer', 'unverified.iss': '[token]' });
    expect(JSON.stringify(line)).not.toContain('eyJ');
  });

  test('the line is ASCII, so that no character can change how a terminal shows it', async () => {
    const failure = await setting().authenticate(mint({ claims: { exp: 1, sub: '\u202e\u0007\u009b31m\u{1f600}' } }));
    const { log, written } = logging();
    const lines = [['User-Agent', 'a\u009bb'] as const];
    log.request(outcome({ exchange: exchange({ lines }), caller: null, failure: failure.ok ? null : failure, status: 401 }));
    expect(written().join('')).toMatch(/^[\x20-\x7e]+\n$/);
  });
});

describe('a token for which its issuer vouched', () => {
  const answered = (audience: string[], claims = {}) =>
    ok({ ...accessToken({ subject: 'bob', method: 'introspection', client: 'web', issuer: OTHER, claims }), audience });

  test('an opaque one for another audience: issuer, subject and audience of the answer', async () => {
    const line = await lineFor('opaque-token-1234567', setting({ answer: answered([AWAY], opaque.principal.claims) }));
    expect(line).toMatchObject({
      reason: 'audience.mismatch',
      credential: 'introspection',
      issuer: OTHER,
      subject: 'bob',
      clientId: 'web',
      audience: [AWAY],
      acceptedAudience: [RESOURCE],
    });
    expect(unverifiedOf(line)).toEqual({});
  });

  test('an opaque one of another kind: the same, without audiences', async () => {
    const line = await lineFor('opaque-token-1234567', setting({ answer: answered([RESOURCE]) }));
    expect(line).toMatchObject({ reason: 'token.type', issuer: OTHER, subject: 'bob' });
    for (const name of ['audience', 'acceptedAudience']) expect(line).not.toHaveProperty(name);
  });

  test('a cached JWT at another endpoint: the verified names', async () => {
    const world = setting();
    const token = mint({ issuer: OTHER, key: otherKey });
    expect(await world.reason(token)).toBe('ok');
    const line = await lineFor(token, world, endpoint({ audience: [AWAY] }));
    expect(line).toMatchObject({ credential: 'jwt', issuer: OTHER, audience: [RESOURCE], acceptedAudience: [AWAY] });
    expect(unverifiedOf(line)).toEqual({});
  });
});

describe('nothing is logged', () => {
  test.each([
    ['of an opaque token', 'opaque-secret-1234567'],
    ['of an encrypted token', `${TOKEN.split('.', 1)[0]}.aaaaaaaaaaaa.bbbbbbbbbbbb.cccccccccccc.dddddddddddd`],
    ['of a JWT with text around it', `x.${mint()}`],
    ['of claims that are not an object', mint({ claimsText: '["secret-claim"]' })],
  ])('%s', async (_what, token) => {
    expect(unverifiedOf(await lineFor(token, setting({ introspects: false })))).toEqual({});
  });

  test('of a token that was accepted, nor of its user agent', () => {
    const line = lineOf({ exchange: exchange({ lines: [['User-Agent', AGENT]] }) });
    expect(JSON.stringify(line)).not.toMatch(/unverified|user_agent/);
  });

  test('of two user agents, or below the level', async () => {
    const lines = [['User-Agent', 'a'] as const, ['User-Agent', 'b'] as const];
    const failure = await setting().authenticate(mint({ claims: { exp: 1 } }));
    const summary = outcome({ exchange: exchange({ lines }), failure: failure.ok ? null : failure, status: 401 });
    expect(lineOf(summary)).not.toHaveProperty('user_agent.original');
    const { log, written } = logging('warn');
    log.request(summary);
    expect(written()).toEqual(['']);
  });
});
