// The exchange of tokens over real sockets: each caller reaches the upstream with a token of its
// own.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { legacy, modern } from '../fixtures/messages.js';
import { openRaw, type RawResponse, requestBytes } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { until } from '../fixtures/wait.js';
import { type ExchangeScene, exchangingAnswer, presentedTo, startExchangeScene } from '../support/exchange-scene.js';
import { BACKEND } from '../support/exchanging.js';

let scene: ExchangeScene;
beforeAll(async () => {
  scene = await startExchangeScene();
});
afterAll(() => scene.stop());
beforeEach(() => {
  scene.server.reset();
  scene.upstream.reset();
});

let count = 0;
const newUser = (): string => {
  count += 1;
  return `user-${count}`;
};
const tokenOf = (sub: string, ttl = 300): string => scene.token({ claims: { sub }, ttl });
const call = (token: string, path = '/mcp'): Promise<RawResponse> => scene.send(modern('tools/list', { token, path }));

test('A-42, A-43: the upstream gets the issued token, and never that of the caller', async () => {
  const token = tokenOf('alice');
  expect((await call(token)).status).toBe(200);
  expect(presentedTo(scene.upstream)).toMatchObject({ who: 'alice', aud: BACKEND });
  const [, claims = '', signature = ''] = token.split('.');
  const seen = JSON.stringify([scene.upstream.last?.rawHeaders, scene.upstream.last?.body.toString()]);
  expect([seen.includes(claims), seen.includes(signature)]).toEqual([false, false]);
  expect(scene.server.last?.target).toBe('/token');
});

test('E-07: two users have two tokens, and each token is exchanged once', async () => {
  const [first, second] = [newUser(), newUser()];
  const tokens = [tokenOf(first), tokenOf(second)];
  for (const token of [...tokens, ...tokens]) expect((await call(token)).status).toBe(200);
  expect([0, 1, 2, 3].map((at) => presentedTo(scene.upstream, at)?.who)).toEqual([first, second, first, second]);
  expect(scene.exchanged()).toEqual([first, second]);
});

test('50 calls at once are one exchange', async () => {
  const user = newUser();
  const token = tokenOf(user);
  const responses = await Promise.all(Array.from({ length: 50 }, () => call(token)));
  expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
  expect([scene.exchanged(), scene.upstream.hits]).toEqual([[user], 50]);
});

test('a caller that disconnects does not cancel the exchange of the others', async () => {
  const user = newUser();
  const token = tokenOf(user);
  scene.server.next(answers.delayed(400, exchangingAnswer()));
  const gone = await openRaw(scene.gateway.port);
  await gone.write(requestBytes(scene.gateway.port, modern('tools/list', { token })));
  await until('the exchange', () => scene.server.hits === 1);
  const stays = call(token);
  gone.destroy();
  expect((await stays).status).toBe(200);
  expect(scene.exchanged()).toEqual([user]);
});

test('C-128: the issued token is not used past the end of the token of the caller', async () => {
  const token = tokenOf(newUser(), 8);
  expect((await call(token)).status).toBe(200);
  expect((await call(token)).status).toBe(200);
  expect(scene.server.hits).toBe(1);
  // Five seconds before its end.
  await until('a second exchange', async () => (await call(token)).status === 200 && scene.server.hits === 2, 6_000);
});

test('a token is renewed ahead, and no call fails while the server is down', async () => {
  const token = tokenOf(newUser());
  scene.server.next(exchangingAnswer({ expires_in: 10 }));
  expect((await call(token)).status).toBe(200);
  scene.server.answer(answers.status(500));
  // Five seconds of use, of which the last one renews.
  await until('a failed renewal', async () => (await call(token)).status === 200 && scene.server.hits === 2, 5_000);
  scene.server.answer(exchangingAnswer());
  const statuses = new Set<number>();
  await until(
    'a renewal',
    async () => {
      statuses.add((await call(token)).status);
      return scene.server.hits === 3;
    },
    5_000,
  );
  expect(statuses).toEqual(new Set([200]));
});

describe('the upstream answers 401 to the issued token', () => {
  test('the call is 502, and the next one has a new token, once within five seconds', async () => {
    const token = tokenOf(newUser());
    expect((await call(token)).status).toBe(200);
    scene.upstream.next(answers.status(401, [['www-authenticate', 'Bearer error="invalid_token"']]));
    const rejected = await call(token);
    expect([rejected.status, (await scene.logOf(rejected)).reason]).toEqual([502, 'upstream.gateway_rejected']);
    expect(rejected.header('www-authenticate')).toBeUndefined();
    expect([(await call(token)).status, scene.server.hits]).toEqual([200, 2]);
    scene.upstream.next(answers.status(401, [['www-authenticate', 'Bearer']]));
    expect([(await call(token)).status, (await call(token)).status, scene.server.hits]).toEqual([502, 200, 2]);
  });
  test('a 403 is about the rights of the user, and keeps the token', async () => {
    const token = tokenOf(newUser());
    await call(token);
    scene.upstream.next(answers.status(403));
    expect([(await call(token)).status, (await call(token)).status, scene.server.hits]).toEqual([502, 200, 1]);
  });
  test('without a challenge in a session, the session and the token begin anew', async () => {
    const token = tokenOf(newUser());
    scene.upstream.next(answers.rpc({ protocolVersion: '2025-11-25', capabilities: {} }, [['mcp-session-id', 'one']]));
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } };
    const opened = await scene.send(legacy('initialize', { token, params }));
    expect(opened.status).toBe(200);
    scene.upstream.next(answers.status(401));
    const headers: [string, string][] = [['Mcp-Session-Id', String(opened.header('mcp-session-id'))]];
    expect((await scene.send(legacy('tools/list', { token, headers }))).status).toBe(404);
    expect([(await call(token)).status, scene.server.hits]).toEqual([200, 2]);
  });
});

test('a reload of the same configuration keeps the issued tokens', async () => {
  const token = tokenOf(newUser());
  expect((await call(token)).status).toBe(200);
  await scene.gateway.reload();
  expect([(await call(token)).status, scene.server.hits]).toEqual([200, 1]);
});

test('a call that a policy or a scope rejects causes no exchange', async () => {
  const response = await call(scene.token({ claims: { sub: newUser(), scope: 'other' } }));
  expect([response.status, scene.server.hits]).toEqual([403, 0]);
});
