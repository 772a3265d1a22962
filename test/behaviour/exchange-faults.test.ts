// A token endpoint that is slow, dead or lying: each has its row of the failure table, nothing is
// forwarded, other endpoints work, and the gateway recovers without a restart.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { modern } from '../fixtures/messages.js';
import type { RawResponse } from '../fixtures/raw-client.js';
import { type Answer, answers } from '../fixtures/raw-upstream.js';
import { until } from '../fixtures/wait.js';
import { type ExchangeScene, exchangingAnswer, startExchangeScene } from '../support/exchange-scene.js';
import { issuedAnswer, issuedJwt } from '../support/exchanging.js';

const { json, status } = answers;
const UNAVAILABLE = 'exchange.unavailable';
let scene: ExchangeScene;
beforeAll(async () => {
  scene = await startExchangeScene({ timeoutMs: 1_000, maxConcurrentRequests: 4 });
});
afterAll(() => scene.stop());

let count = 0;
const newToken = (): string => {
  count += 1;
  return scene.token({ claims: { sub: `user-${count}` } });
};
const call = (token: string, path = '/mcp'): Promise<RawResponse> => scene.send(modern('tools/list', { token, path }));
const plain = (): Promise<RawResponse> => call(scene.token({ audience: `${scene.gateway.url}/plain/mcp` }), '/plain/mcp');

beforeEach(async () => {
  scene.server.reset();
  expect((await call(newToken())).status).toBe(200);
  scene.upstream.reset();
});

/** Where an answer is good enough for another rule, it has a good token. */
const lying = (changes: Record<string, unknown>): Answer => json(issuedAnswer(changes));

describe('a call is rejected, and nothing is forwarded (C-128)', () => {
  test.each<[string, Answer, number, string]>([
    ['slow', answers.stall(), 503, UNAVAILABLE],
    [
      'an answer in drops',
      answers.raw(['HTTP/1.1 200 OK\r\n', 'content-length: 9\r\n\r\n', '{'], { keep: true }),
      503,
      UNAVAILABLE,
    ],
    ['dead', answers.hangUp(), 503, UNAVAILABLE],
    ['reset', answers.hangUp(true), 503, UNAVAILABLE],
    ['cut', answers.cut(), 503, UNAVAILABLE],
    ['500', status(500), 503, UNAVAILABLE],
    ['503', status(503, [['retry-after', '7']]), 503, UNAVAILABLE],
    ['429', status(429), 503, UNAVAILABLE],
    ['307', status(307, [['location', '/elsewhere']]), 503, UNAVAILABLE],
    ['404', status(404), 503, UNAVAILABLE],
    ['HTML', status(200, [['content-type', 'text/html']], '<title>sign in</title>'), 503, UNAVAILABLE],
    ['200 without a token', lying({ access_token: undefined }), 503, UNAVAILABLE],
    ['gzip', json(issuedAnswer(), 200, [['content-encoding', 'gzip']]), 503, UNAVAILABLE],
    ['a large answer', lying({ padding: 'x'.repeat(70_000) }), 503, UNAVAILABLE],
    ['another audience', lying({ access_token: issuedJwt({ aud: 'other' }) }), 503, UNAVAILABLE],
    ['a refresh token', lying({ issued_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }), 503, UNAVAILABLE],
    ['token_type N_A', lying({ token_type: 'N_A' }), 503, UNAVAILABLE],
    ['two headers in the token', lying({ access_token: 'a\r\nx-admin: 1' }), 503, UNAVAILABLE],
    ['an expired token', lying({ expires_in: 0 }), 503, UNAVAILABLE],
    ['invalid_grant', json({ error: 'invalid_grant' }, 400), 403, 'exchange.refused'],
    ['access_denied', json({ error: 'access_denied' }, 403), 403, 'exchange.refused'],
    ['our secret is wrong', json({ error: 'unauthorized_client' }, 401), 503, 'exchange.gateway_rejected'],
  ])('%s', async (_what, answer, code, reason) => {
    const token = newToken();
    scene.server.reset();
    scene.server.answer(answer);
    const response = await call(token);
    const line = await scene.logOf(response);
    expect([response.status, line.reason, scene.upstream.hits]).toEqual([code, reason, 0]);
    expect(response.headers('www-authenticate')).toEqual([]);
    expect(scene.server.requests.map(({ target }) => target)).toEqual(['/token']);
    if (code === 503) expect(response.header('retry-after')).toMatch(/^([1-9]|[12]\d|30)$/);
    expect((await plain()).status).toBe(200);
    scene.server.reset();
    // A rejected token is remembered for five seconds, so another one shows the recovery.
    expect((await call(reason === UNAVAILABLE ? token : newToken())).status).toBe(200);
  });

  test('the connection is refused', async () => {
    const token = newToken();
    await scene.server.stop();
    const response = await call(token);
    expect([response.status, (await scene.logOf(response)).reason, scene.upstream.hits]).toEqual([503, UNAVAILABLE, 0]);
    expect((await plain()).status).toBe(200);
    await scene.server.start();
    expect((await call(token)).status).toBe(200);
  });
});

test('a longer life than that of the caller does not lengthen the access', async () => {
  const token = scene.token({ claims: { sub: 'short' }, ttl: 7 });
  scene.server.answer(exchangingAnswer({ expires_in: 86_400 }, { exp: Math.floor(Date.now() / 1000) + 86_400 }));
  scene.server.requests.length = 0;
  expect([(await call(token)).status, (await call(token)).status, scene.server.hits]).toEqual([200, 200, 1]);
  scene.server.answer(json({ error: 'invalid_grant' }, 400));
  await until('the end', async () => (await call(token)).status === 403, 6_000);
});

test('an outage opens the breaker: one alarm, no requests, other endpoints unharmed, then the recovery', async () => {
  const known = newToken();
  expect((await call(known)).status).toBe(200);
  const events = () => scene.gateway.logs().filter(({ event }) => event === 'exchange.down' || event === 'exchange.recovered');
  const before = events().length;
  scene.server.answer(status(500));
  for (let i = 0; i < 6; i += 1) expect((await call(newToken())).status).toBe(503);
  const hits = scene.server.hits;
  const stopped = await call(newToken());
  expect([stopped.status, scene.server.hits, Number(stopped.header('retry-after')) > 1]).toEqual([503, hits, true]);
  // The gateway still uses a cached token.
  expect([(await call(known)).status, (await plain()).status]).toEqual([200, 200]);
  scene.server.reset();
  await until('the recovery', async () => (await call(newToken())).status === 200, 8_000);
  await until('both lines', () => events().length === before + 2);
  expect(events().slice(before)).toMatchObject([
    { event: 'exchange.down', level: 'error', endpoint: '/mcp', issuer: scene.issuer.issuer },
    { event: 'exchange.recovered', level: 'info', endpoint: '/mcp' },
  ]);
});

test('C-91: a flood of rejected tokens does not stop known callers', async () => {
  // Its token ends soon, so each of its calls needs a new token.
  const known = scene.token({ claims: { sub: 'known' }, ttl: 4 });
  expect((await call(known)).status).toBe(200);
  scene.server.answer(async (exchange) => {
    const body = await answers.bodyOf(exchange);
    const isKnown = body.includes(encodeURIComponent(known));
    await (isKnown ? exchangingAnswer() : answers.delayed(800, json({ error: 'invalid_grant' }, 400)))(exchange);
  });
  const flood = Array.from({ length: 40 }, () => call(newToken()));
  await until('the flood', () => scene.server.hits > 2);
  const startedAt = performance.now();
  expect((await call(known)).status).toBe(200);
  expect(performance.now() - startedAt).toBeLessThan(700);
  const statuses = new Set((await Promise.all(flood)).map((response) => response.status));
  expect([...statuses].every((code) => code === 403 || code === 503)).toBe(true);
});
