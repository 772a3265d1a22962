// A failing introspection endpoint opens the breaker, and clients of one issuer share nothing.
import { describe, expect, test } from 'vitest';
import type { Answer } from '../../fixtures/raw-upstream.js';
import { active, introspecting } from '../../support/introspecting.js';
import {
  inTurn,
  issuer,
  json,
  MINUTE,
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

test('two clients of one issuer share nothing (C-87, S9)', async () => {
  const one = setting();
  const other = setting();
  expect([await one.reason('t'), await one.reason('t'), server.hits]).toEqual(['ok', 'ok', 1]);
  server.answer(json({ active: false }));
  expect([await other.reason('t'), server.hits]).toEqual(['token.inactive', 2]);
});

test('the dates of a cache hit are checked again (C-84)', async () => {
  const { reason, clock } = setting();
  server.answer(json(active({ nbf: Math.floor(clock.wallMs() / 1000) })));
  expect(await reason('t')).toBe('ok');
  clock.setWall(clock.wallMs() - 10 * MINUTE);
  expect([await reason('t'), server.hits]).toEqual(['token.not_yet_valid', 1]);
});

test('bound-to-client is logged at the start, and marks the access token', async () => {
  expect(setting().notices).toEqual([]);
  const bound = introspecting(issuer, { url: server.url, audience: 'bound-to-client' });
  expect(bound.notices).toMatchObject([{ event: 'introspection.audience_not_required', level: 'warn', issuer: issuer.issuer }]);
  expect(await bound.ask('t')).toMatchObject({ ok: true, value: { boundToClient: true } });
  expect(await setting().ask('t')).toMatchObject({ ok: true, value: { boundToClient: false } });
});
