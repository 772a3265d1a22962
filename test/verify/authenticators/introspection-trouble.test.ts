// What an endpoint in trouble and a flood of strangers cost: questions under way, the breaker, and what is remembered meanwhile.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type JwksIssuer, startJwksIssuer } from '../../fixtures/jwks-issuer.js';
import { rsaKey } from '../../fixtures/mint.js';
import { type Answer, answers, type RawUpstream, startRawUpstream } from '../../fixtures/raw-upstream.js';
import { until } from '../../fixtures/wait.js';
import { active, introspecting } from '../../support/introspecting.js';

const { json, status } = answers;
const MINUTE = 60_000;
let issuer: JwksIssuer;
let server: RawUpstream;
beforeAll(async () => {
  issuer = await startJwksIssuer({ keys: [rsaKey()] });
  server = await startRawUpstream(json(active()));
});
beforeEach(() => server.reset());
afterAll(() => Promise.all([issuer.stop(), server.stop()]));

const setting = () => introspecting(issuer, { url: server.url });
const UNAVAILABLE = 'introspection.unavailable';
let count = 0;
const stranger = (): string => {
  count += 1;
  return `stranger-${count}`;
};

async function inTurn(times: number, ask: () => Promise<string>): Promise<Set<string>> {
  const kinds = new Set<string>();
  for (let i = 0; i < times; i++) kinds.add(await ask());
  return kinds;
}

describe('the breaker', () => {
  test.each<[string, Answer]>([
    ['5xx', status(500)],
    ['429', status(429)],
    ['no JSON', status(200, [], '<html>')],
    ['no boolean active', json({ active: 'true' })],
    ['a redirect', status(307, [['location', '/elsewhere']])],
    ['a cut answer', ({ socket }) => void socket.destroy()],
  ])('opens after five times %s, and closes when the endpoint answers again (C-86)', async (_what, answer) => {
    const { kind, ask, clock, notices } = setting();
    server.answer(answer);
    expect(await inTurn(5, () => kind(stranger()))).toEqual(new Set([UNAVAILABLE]));
    expect([server.hits, notices.map(({ event, level }) => [event, level])]).toEqual([5, [['introspection.down', 'error']]]);
    server.answer(json(active()));
    expect(await ask(stranger())).toMatchObject({ definition: { reason: UNAVAILABLE }, retryAfterSeconds: 5 });
    clock.advance(4999);
    expect([await kind(stranger()), server.hits]).toEqual([UNAVAILABLE, 5]);
    clock.advance(1);
    expect([await kind(stranger()), await kind(stranger()), server.hits]).toEqual(['ok', 'ok', 7]);
    expect(notices.at(-1)).toMatchObject({ event: 'introspection.recovered', level: 'info' });
  });

  test.each<[string, Answer, string]>([
    ['inactive', json({ active: false }), 'token.inactive'],
    ['400', status(400), 'token.inactive'],
    ['413', status(413), UNAVAILABLE],
    ['401', status(401), 'introspection.gateway_rejected'],
    ['400 invalid_client', json({ error: 'invalid_client' }, 400), 'introspection.gateway_rejected'],
    ['another issuer', json(active({ iss: 'https://other.example' })), 'token.claims'],
  ])('does not count %s: tokens alone cannot open it', async (_what, answer, expected) => {
    const { kind } = setting();
    server.answer(answer);
    expect(await inTurn(20, () => kind(stranger()))).toEqual(new Set([expected]));
    expect(server.hits).toBe(20);
    server.answer(json(active()));
    expect(await kind(stranger())).toBe('ok');
  });

  test('lets one question through when its time is over, and no other until that is answered', async () => {
    const { kind, introspect, clock } = setting();
    server.answer(status(503));
    await inTurn(5, () => kind(stranger()));
    clock.advance(5000);
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    server.next(async (exchange) => {
      await held;
      await json(active())(exchange);
    });
    const probe = introspect('probe');
    await server.waitFor(6);
    expect(await inTurn(10, () => kind(stranger()))).toEqual(new Set([UNAVAILABLE]));
    expect(server.hits).toBe(6);
    release();
    expect(await probe).toMatchObject({ ok: true });
    server.answer(json(active()));
    expect(await kind(stranger())).toBe('ok');
  });

  test('that strangers opened is not in the way of a token that is known', async () => {
    const { kind, clock } = setting();
    expect(await kind('known')).toBe('ok');
    clock.advance(30_000);
    server.answer(status(500));
    await inTurn(5, () => kind(stranger()));
    server.answer(json(active()));
    expect([await kind(stranger()), await kind('known')]).toEqual([UNAVAILABLE, 'ok']);
  });
});

describe('slots (C-91)', () => {
  /** Holds every answer until `release`; counts those under way. */
  function holding(answer: (token: string) => unknown = () => active()) {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const seen = { now: 0, most: 0 };
    server.answer(async (exchange) => {
      seen.now += 1;
      seen.most = Math.max(seen.most, seen.now);
      const form = new URLSearchParams(String(await answers.bodyOf(exchange)));
      await held;
      seen.now -= 1;
      await json(answer(form.get('token') ?? ''))(exchange);
    });
    return { seen, release };
  }
  const many = (n: number, one: () => Promise<string>): Promise<string>[] => Array.from({ length: n }, one);
  const tally = (kinds: string[], kind: string): number => kinds.filter((one) => one === kind).length;

  test('of strangers are 32, and 256 wait; above that it is 503 with Retry-After', async () => {
    const { kind, ask } = setting();
    const { seen, release } = holding();
    const asked = many(32 + 256, () => kind(stranger()));
    await until('32 are under way', () => seen.now === 32);
    expect(await ask(stranger())).toMatchObject({ definition: { reason: UNAVAILABLE }, retryAfterSeconds: 1 });
    release();
    expect([tally(await Promise.all(asked), 'ok'), seen.most]).toEqual([288, 32]);
  });

  test('are kept for tokens that were seen active in the last ten minutes', async () => {
    const { kind, clock } = setting();
    const known = Array.from({ length: 32 }, (_, i) => `known-${i}`);
    for (const token of known) expect(await kind(token)).toBe('ok');
    clock.advance(10 * MINUTE - 1);
    const { seen, release } = holding();
    const strangers = many(100, () => kind(stranger()));
    await until('32 strangers are under way', () => seen.now === 32);
    const again = known.map((token) => kind(token));
    await until('all 64 are under way', () => seen.now === 64);
    release();
    expect(tally(await Promise.all(again), 'ok')).toBe(32);
    expect([tally(await Promise.all(strangers), 'ok'), seen.most]).toEqual([100, 64]);
  });

  test.each([
    ['longer than that', 10 * MINUTE, false],
    ['for a token that was inactive since', MINUTE, true],
  ])('are not kept %s', async (_what, laterMs, revoked) => {
    const { kind, clock } = setting();
    expect([await kind('once'), await kind('still')]).toEqual(['ok', 'ok']);
    clock.advance(laterMs - 30_000);
    expect(await kind('still')).toBe('ok');
    if (revoked) {
      server.next(json({ active: false }));
      expect(await kind('once')).toBe('token.inactive');
    }
    clock.advance(30_000);
    const { seen, release } = holding();
    const strangers = many(32, () => kind(stranger()));
    await until('32 strangers are under way', () => seen.now === 32);
    const late = [kind('once'), kind('still')];
    await until('the one that is still known is under way', () => seen.now === 33);
    release();
    expect([tally(await Promise.all([...strangers, ...late]), 'ok'), seen.most]).toEqual([34, 33]);
  });
});

describe('what is remembered is bounded (E-02, C-86)', () => {
  test('ten thousand inactive tokens; a flood beyond pushes out its own, not what is active', async () => {
    const { kind } = setting();
    expect(await kind('known')).toBe('ok');
    server.answer(json({ active: false }));
    expect([await kind('first'), await kind('first'), server.hits]).toEqual(['token.inactive', 'token.inactive', 2]);
    for (let i = 0; i < 100; i++) {
      const kinds = await Promise.all(Array.from({ length: 100 }, () => kind(stranger())));
      expect(new Set(kinds)).toEqual(new Set(['token.inactive']));
    }
    const before = server.hits;
    expect([await kind('first'), server.hits]).toEqual(['token.inactive', before + 1]);
    expect([await kind('known'), server.hits]).toEqual(['ok', before + 1]);
  }, 60_000);

  test('sixteen MiB of active answers, however large each is', async () => {
    const { kind } = setting();
    server.answer(json(active({ padding: 'x'.repeat(60_000) })));
    const tokens = Array.from({ length: 300 }, (_, i) => `large-${i}`);
    for (const token of tokens) expect(await kind(token)).toBe('ok');
    expect(server.hits).toBe(300);
    // 279 of 60 kB fit: the youngest are there, the oldest are asked about again.
    for (const token of tokens.slice(-270)) expect(await kind(token)).toBe('ok');
    expect(server.hits).toBe(300);
    expect([await kind('large-0'), server.hits]).toEqual(['ok', 301]);
  });

  test('nothing of the token, also where the endpoint repeats it (C-87)', async () => {
    const { ask } = setting();
    const token = 'a-token-that-is-repeated';
    server.answer(json(active({ token, access_token: token, roles: ['admin'] })));
    const said = await ask(token);
    expect(said).toMatchObject({ ok: true, value: { principal: { subject: 'alice', claims: { roles: ['admin'] } } } });
    expect(JSON.stringify(said)).not.toContain(token);
    expect(JSON.stringify(await ask(token))).not.toContain(token);
  });
});

test('two clients of one issuer share nothing (C-87, S9)', async () => {
  const one = setting();
  const other = setting();
  expect([await one.kind('t'), await one.kind('t'), server.hits]).toEqual(['ok', 'ok', 1]);
  server.answer(json({ active: false }));
  expect([await other.kind('t'), server.hits]).toEqual(['token.inactive', 2]);
});

test('a hit is judged anew: dates that have come to be wrong (C-84)', async () => {
  const { kind, clock } = setting();
  server.answer(json(active({ nbf: Math.floor(clock.wallMs() / 1000) })));
  expect(await kind('t')).toBe('ok');
  clock.setWall(clock.wallMs() - 10 * MINUTE);
  expect([await kind('t'), server.hits]).toEqual(['token.not_yet_valid', 1]);
});

test('a client that stands for the audience is told at the start, and said on the principal', async () => {
  expect(setting().notices).toEqual([]);
  const bound = introspecting(issuer, { url: server.url, audience: 'bound-to-client' });
  expect(bound.notices).toMatchObject([{ event: 'introspection.audience_not_required', level: 'warn', issuer: issuer.issuer }]);
  expect(await bound.ask('t')).toMatchObject({ ok: true, value: { boundToClient: true } });
  expect(await setting().ask('t')).toMatchObject({ ok: true, value: { boundToClient: false } });
});
