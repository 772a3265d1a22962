// A reload ends the streams of callers that the new configuration does not accept, and no other
// stream notices it.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { HeaderLine } from '../fixtures/messages.js';
import { type RawConnection, rawRequest } from '../fixtures/raw-client.js';
import { type Answer, answers } from '../fixtures/raw-upstream.js';
import { until } from '../fixtures/wait.js';
import { ENTRY_A, ENTRY_B, KEY_A, KEY_B, keyHeader, type ReloadScene, startReloadScene } from '../support/reload-scene.js';
import { AT_ONCE, call, FIRST, LAST, messages, openStream, subscription, writes } from '../support/stream-calls.js';

let scene: ReloadScene;
/** The open streams of the upstream. */
let held: Parameters<Answer>[0][] = [];
const LATER = 'data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","data":2}}\n\n';
beforeAll(async () => {
  scene = await startReloadScene();
});
afterAll(() => scene.stop());
beforeEach(async () => {
  scene.upstream.reset();
  scene.upstream.answer(answers.rpc());
  await scene.reload();
  held = [];
  scene.upstream.answer(async (exchange) => {
    held.push(exchange);
    await writes([FIRST])(exchange);
  });
});

const OLD: HeaderLine = ['Authorization', 'Old some-legacy-secret'];
const TOKEN_A: HeaderLine = ['Authorization', `Token ${KEY_A}`];
const onlyB = { apiKeys: { 'partner-b': ENTRY_B } };

/** The whole answer of a stream that the gateway has ended, within this time. */
async function ended(connection: RawConnection, ms = 1_000) {
  const response = await connection.response({ label: 'the end of a stream', ms });
  connection.destroy();
  return response;
}

/** The streams are open, and the next event of the upstream reaches their clients. */
async function goOn(...connections: RawConnection[]): Promise<void> {
  for (const { res } of held) if (!res.destroyed) res.write(LATER);
  for (const one of connections) {
    await until('the next event', () => one.received().includes(LATER));
    expect(one.received().indexOf(LATER)).toBe(one.received().lastIndexOf(LATER));
    one.destroy();
  }
}

describe('a GET stream', () => {
  const A = keyHeader(KEY_A);
  const B = keyHeader(KEY_B);
  const cases: [string, HeaderLine, Parameters<ReloadScene['reload']>, string, () => [HeaderLine, string]][] = [
    ['its key is gone', A, [onlyB], '/mcp', () => [B, '/mcp']],
    [
      'the entry of its key has other scopes',
      A,
      [{ apiKeys: { 'partner-a': { ...ENTRY_A, scopes: [] }, 'partner-b': ENTRY_B } }],
      '/mcp',
      () => [B, '/mcp'],
    ],
    ['its key has another name', A, [{ apiKeys: { renamed: ENTRY_A, 'partner-b': ENTRY_B } }], '/mcp', () => [B, '/mcp']],
    [
      'its key is for other endpoints now',
      A,
      [{ apiKeys: { 'partner-a': { ...ENTRY_A, endpoints: ['/other'] }, 'partner-b': ENTRY_B } }],
      '/mcp',
      () => [B, '/mcp'],
    ],
    ['the scheme of its key is gone', TOKEN_A, [{}, { apiKeys: [{ header: 'X-Api-Key' }] }], '/mcp', () => [A, '/mcp']],
    ['the pass-through scheme is gone', OLD, [{}, { passThrough: [] }], '/mcp', () => [A, '/mcp']],
    [
      'its issuer is not accepted there any more',
      ['token', ''],
      [{}, { issuers: ['other'] }],
      '/mcp',
      () => [scene.token('/other'), '/other'],
    ],
    ['its endpoint has another path', ['token', ''], [{}, { path: '/moved' }], '/mcp', () => [scene.token('/other'), '/other']],
  ];
  test.each(cases)('ends where %s, and another stays', async (_why, line, reload, path, other) => {
    const leaves = await scene.listen(line[0] === 'token' ? scene.token() : line, path);
    const stays = await scene.listen(...other());
    await scene.reload(...reload);
    const response = await ended(leaves);
    expect([response.status, response.complete, response.body.includes(FIRST)]).toEqual([200, true, true]);
    // Without a session, a pass-through caller cannot be recognized when it comes back.
    expect(response.body.endsWith(line === OLD ? FIRST : FIRST + AT_ONCE)).toBe(true);
    await until('the log line', () => scene.lines('proxy.stream_revoked').length > 0);
    await goOn(stays);
  });

  test('of every kind goes on at a reload without a change', async () => {
    const streams = await Promise.all([A, TOKEN_A, OLD, scene.token()].map((line) => scene.listen(line)));
    await scene.reload({ logLevel: 'info' });
    await scene.reload({}, { upstream: { url: `${scene.upstream.url}/elsewhere` } });
    await goOn(...streams);
  });
});

test('a subscription ends with its completion, and a running call with an error for its id', async () => {
  const line = keyHeader(KEY_A);
  const [listening, running] = await Promise.all(
    [subscription, call].map((make) => openStream(scene.gateway.port, make({ headers: [line] }))),
  );
  for (const one of [listening, running]) await until('the first event', () => one?.received().includes('notifications/message'));
  await scene.reload(onlyB);
  const [completed, cut] = await Promise.all([ended(listening as RawConnection), ended(running as RawConnection)]);
  expect(messages(completed).at(-1)).toMatchObject({ id: 'sub-1', result: { resultType: 'complete' } });
  expect(messages(cut).at(-1)).toMatchObject({
    id: 'call-7',
    error: { code: -31401, message: 'The access of this stream has ended' },
  });
  await until('the upstream sees both ends', () => scene.upstream.requests.every(({ closedAt }) => closedAt !== undefined));
});

test('a stream whose head comes after the reload is rejected, and a JSON answer may finish', async () => {
  let release = (): void => {};
  const kept = new Promise<void>((resolve) => {
    release = resolve;
  });
  const line = keyHeader(KEY_A);
  scene.upstream.answer(async (exchange) => {
    await kept;
    await (exchange.request.header('mcp-name') === 'json' ? answers.rpc()(exchange) : writes([FIRST, LAST])(exchange));
  });
  const asks = ['sse', 'json'].map((name) => call({ params: { name }, headers: [line] }));
  const both = asks.map((ask) => rawRequest(scene.gateway.port, ask));
  await until('both are forwarded', () => scene.upstream.hits === 2);
  await scene.reload(onlyB);
  release();
  const [stream, json] = await Promise.all(both);
  expect([stream?.status, json?.status]).toEqual([401, 200]);
  expect(stream?.body).not.toContain('notifications/message');
});
