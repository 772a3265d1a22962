// The head of an event stream leaves at once, with a comment: many proxies hold a head until a byte
// of the body follows (measured: nginx with HTTP/2, h2o, Node proxies).
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { legacy, modern } from '../fixtures/messages.js';
import { openRaw, type RawConnection, type RawRequest, requestBytes } from '../fixtures/raw-client.js';
import { type Answer, answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';

/** A keep-alive comment would come later. */
const WITHIN_MS = 2500;

let scene: Scene;
beforeAll(async () => {
  scene = await startScene();
});
afterAll(() => scene.stop());
beforeEach(async () => {
  scene.upstream.reset();
  await scene.passes();
  scene.upstream.reset();
});

async function open(request: RawRequest): Promise<RawConnection> {
  const connection = await openRaw(scene.gateway.port, { label: 'a quiet stream' });
  await connection.write(requestBytes(scene.gateway.port, request));
  return connection;
}

/** The bytes after the head: no event, and no end. */
async function quiet(request: RawRequest, answer: Answer): Promise<string> {
  scene.upstream.answer(answer);
  const connection = await open(request);
  await until('the head', () => connection.received().includes('\r\n\r\n'), WITHIN_MS);
  // The head and its comment are one write, so nothing is on its way any more.
  const [, body] = connection.received().split('\r\n\r\n');
  connection.destroy();
  return body ?? '';
}

const call = (): RawRequest => modern('tools/call', { params: { name: 'x' }, token: scene.token() });
const old = (): RawRequest => legacy('tools/call', { params: { name: 'x' }, token: scene.token() });
const list = (): RawRequest => modern('tools/list', { token: scene.token() });
const subscription = (): RawRequest => modern('subscriptions/listen', { token: scene.token() });
const stream = (): RawRequest => legacy('', { method: 'GET', token: scene.token() });

const head =
  (status: number, headers: Record<string, string>): Answer =>
  ({ req, res }) => {
    req.resume();
    res.writeHead(status, headers);
    res.flushHeaders();
  };
const EVENTS = { 'content-type': 'text/event-stream; charset=utf-8' };
/** One chunk of HTTP/1.1. */
const COMMENT = '2\r\n:\n\r\n';

test.each<[string, () => RawRequest]>([
  ['a modern call', call],
  ['a legacy call', old],
  ['a list', list],
  ['a subscription', subscription],
  ['a GET stream', stream],
])('B-70: %s whose upstream is quiet gets the head and a comment at once', async (_what, make) => {
  expect(await quiet(make(), head(200, EVENTS))).toBe(COMMENT);
});

test('B-70: a GET stream whose upstream sends no head gets both from the gateway', async () => {
  expect(await quiet(stream(), answers.stall())).toBe(COMMENT);
});

test.each<[string, number, Record<string, string>]>([
  ['is compressed', 200, { ...EVENTS, 'content-encoding': 'gzip' }],
  ['is an error', 500, EVENTS],
  ['is JSON', 200, { 'content-type': 'application/json' }],
])('C-137: an answer that %s gets no comment', async (_what, status, headers) => {
  expect(await quiet(call(), head(status, headers))).toBe('');
});

test('C-137: an event stream with a length gets no comment', async () => {
  const text = 'data: {"jsonrpc":"2.0","id":1,"result":{}}\n\n';
  const headers = [
    ['content-type', 'text/event-stream'],
    ['content-length', String(text.length)],
  ] as [string, string][];
  scene.upstream.answer(answers.status(200, headers, text));
  expect((await scene.send(call())).body).toBe(text);
});
