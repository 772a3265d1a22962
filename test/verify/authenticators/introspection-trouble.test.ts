// A failing or slow introspection endpoint: the breaker, and the recovery after an outage.
import { describe, expect, test } from 'vitest';
import type { Answer } from '../../fixtures/raw-upstream.js';
import { active, introspecting } from '../../support/introspecting.js';
import {
  inTurn,
  issuer,
  json,
  newToken,
  server,
  setting,
  startIntrospectionServer,
  status,
  UNAVAILABLE,
} from '../../support/introspection-server.js';

startIntrospectionServer();

describe('the breaker', () => {
  test.each<[string, Answer]>([
    ['5xx', status(500)],
    ['429', status(429)],
    ['not JSON', status(200, [], '<html>')],
    ['no boolean active', json({ active: 'true' })],
    ['a redirect', status(307, [['location', '/elsewhere']])],
    ['a cut connection', ({ socket }) => void socket.destroy()],
  ])('opens after %s five times, and closes when the endpoint works again (C-86)', async (_what, answer) => {
    const { reason, ask, clock, notices } = setting();
    server.answer(answer);
    expect(await inTurn(5, () => reason(newToken()))).toEqual(new Set([UNAVAILABLE]));
    expect([server.hits, notices.map(({ event, level }) => [event, level])]).toEqual([5, [['introspection.down', 'error']]]);
    server.answer(json(active()));
    expect(await ask(newToken())).toMatchObject({ definition: { reason: UNAVAILABLE }, retryAfterSeconds: 5 });
    clock.advance(4999);
    expect([await reason(newToken()), server.hits]).toEqual([UNAVAILABLE, 5]);
    clock.advance(1);
    expect([await reason(newToken()), await reason(newToken()), server.hits]).toEqual(['ok', 'ok', 7]);
    expect(notices.at(-1)).toMatchObject({ event: 'introspection.recovered', level: 'info' });
  });

  test.each<[string, Answer]>([
    ['404', status(404)],
    ['a web page', status(200, [], '<html>')],
    ['a redirect', status(307, [['location', '/elsewhere']])],
  ])('the detail names introspection.url after %s', async (_what, answer) => {
    server.answer(answer);
    const detail = expect.stringMatching(/; check introspection\.url$/);
    expect(await setting().ask(newToken())).toMatchObject({ definition: { reason: UNAVAILABLE }, detail });
  });

  test.each<[string, Answer, string]>([
    ['inactive', json({ active: false }), 'token.inactive'],
    ['400', status(400), 'token.inactive'],
    ['413', status(413), UNAVAILABLE],
    ['401', status(401), 'introspection.gateway_rejected'],
    ['400 invalid_client', json({ error: 'invalid_client' }, 400), 'introspection.gateway_rejected'],
    ['another issuer', json(active({ iss: 'https://other.example' })), 'token.claims'],
  ])('does not count %s: tokens alone cannot open it', async (_what, answer, expected) => {
    const { reason } = setting();
    server.answer(answer);
    expect(await inTurn(20, () => reason(newToken()))).toEqual(new Set([expected]));
    expect(server.hits).toBe(20);
    server.answer(json(active()));
    expect(await reason(newToken())).toBe('ok');
  });

  test('lets one request through after its time, and no other before the response', async () => {
    const { reason, introspect, clock } = setting();
    server.answer(status(503));
    await inTurn(5, () => reason(newToken()));
    clock.advance(5000);
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    server.next(async (exchange) => {
      await gate;
      await json(active())(exchange);
    });
    const probe = introspect('probe');
    await server.waitFor(6);
    expect(await inTurn(10, () => reason(newToken()))).toEqual(new Set([UNAVAILABLE]));
    expect(server.hits).toBe(6);
    release();
    expect(await probe).toMatchObject({ ok: true });
    server.answer(json(active()));
    expect(await reason(newToken())).toBe('ok');
  });

  test('for unknown tokens does not stop known tokens', async () => {
    const { reason, clock } = setting();
    expect(await reason('known')).toBe('ok');
    clock.advance(30_000);
    server.answer(status(500));
    await inTurn(5, () => reason(newToken()));
    server.answer(json(active()));
    expect([await reason(newToken()), await reason('known')]).toEqual([UNAVAILABLE, 'ok']);
  });
});

describe('after an outage known tokens are not rejected longer than unknown ones', () => {
  /** Both breakers are open: that of known tokens for 30 s, the other for 5 s. */
  async function outage() {
    const all = setting();
    const known = Array.from({ length: 5 }, (_, i) => `known-${i}`);
    for (const token of known) expect(await all.reason(token)).toBe('ok');
    all.clock.advance(30_000);
    server.answer(status(503));
    expect(await inTurn(5, () => all.reason(newToken()))).toEqual(new Set([UNAVAILABLE]));
    server.answer(status(503, [['retry-after', '30']]));
    for (const token of known) expect(await all.reason(token)).toBe(UNAVAILABLE);
    all.clock.advance(5000);
    server.answer(json(active()));
    return { ...all, known };
  }

  test('an active unknown token lets all of them through at once', async () => {
    const { reason, known, notices } = await outage();
    expect(await reason('known-0')).toBe(UNAVAILABLE);
    expect(await reason(newToken())).toBe('ok');
    expect(await Promise.all(known.map((token) => reason(token)))).toEqual(known.map(() => 'ok'));
    expect(notices.filter(({ event }) => event === 'introspection.recovered')).toHaveLength(2);
  });

  test('an inactive unknown token lets one through, which shows that the endpoint works', async () => {
    const { reason } = await outage();
    server.next(json({ active: false }));
    expect(await reason(newToken())).toBe('token.inactive');
    expect([await reason('known-0'), await reason('known-1')]).toEqual(['ok', 'ok']);
  });

  test.each<[string, Answer]>([
    ['one that fails', status(500)],
    ['one that cannot be read', json({})],
  ])('%s lets none through', async (_what, answer) => {
    const { reason } = await outage();
    server.next(answer);
    expect([await reason(newToken()), await reason('known-0')]).toEqual([UNAVAILABLE, UNAVAILABLE]);
  });

  test('a known token does not open the way for unknown ones', async () => {
    const { reason, clock } = setting();
    expect(await reason('known')).toBe('ok');
    clock.advance(30_000);
    server.answer(status(500));
    await inTurn(5, () => reason(newToken()));
    server.answer(json(active()));
    expect([await reason('known'), await reason(newToken())]).toEqual(['ok', UNAVAILABLE]);
  });
});

describe('a slow endpoint, which answers one request after another', () => {
  /** As one that hashes the secret of the gateway at each request. */
  function oneByOne(milliseconds: number) {
    let last = Promise.resolve();
    server.answer((exchange) => {
      last = last.then(() => new Promise<void>((resolve) => void setTimeout(resolve, milliseconds)));
      return last.then(() => json(active())(exchange));
    });
  }
  const eight = (ask: (token: string) => Promise<string>): Promise<string[]> =>
    Promise.all(Array.from({ length: 8 }, () => ask(newToken())));
  const ALL = Array.from({ length: 8 }, () => 'ok');

  test.each([
    ['a longer timeoutMs', { timeoutMs: 4000 }],
    ['few requests at once', { timeoutMs: 4000, maxConcurrentRequests: 2 }],
  ])('answers eight new tokens at once with %s, and the breaker stays closed', async (_what, changes) => {
    oneByOne(60);
    const short = introspecting(issuer, { url: server.url, timeoutMs: 100 });
    expect(await eight(short.reason)).not.toEqual(ALL);
    oneByOne(60);
    const { reason, notices } = introspecting(issuer, { url: server.url, ...changes });
    expect([await eight(reason), notices]).toEqual([ALL, []]);
  });

  test('timeoutMs ends a request', async () => {
    server.answer(() => new Promise(() => {}));
    const { ask } = introspecting(issuer, { url: server.url, timeoutMs: 150 });
    expect(await ask()).toMatchObject({ definition: { reason: UNAVAILABLE }, detail: 'no answer within 150 ms' });
  });
});
