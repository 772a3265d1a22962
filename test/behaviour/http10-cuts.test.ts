// HTTP/1.0 callers: an answer without a length ends with its connection, so a cut one ends with a
// reset. A whole answer ends cleanly.
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createListener } from '../../src/http/server.js';
import { secretHeaders } from '../fixtures/ledger.js';
import { type Ask, legacy, modern } from '../fixtures/messages.js';
import { ownPort } from '../fixtures/ports.js';
import type { RawRequest } from '../fixtures/raw-client.js';
import { type Answer, answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until, withDeadline } from '../fixtures/wait.js';
import { answer, BODY, CHUNKED, chunk, TYPE } from '../support/upstream-rows.js';

let scene: Scene;
beforeAll(async () => {
  scene = await startScene({ endpoint: { streams: { maxSeconds: 1 } } });
});
afterAll(() => scene.stop());
beforeEach(async () => {
  scene.upstream.reset();
  await scene.passes();
  scene.upstream.reset();
});

interface Ended {
  readonly body: string;
  readonly end: 'closed' | 'reset';
}

/** Sends a request in HTTP/1.0, and `more` once the answer has begun. */
async function ask(
  port: number,
  { method = 'POST', path = '/mcp', headers = [], body = '' }: RawRequest,
  more = '',
): Promise<Ended> {
  secretHeaders(port, headers);
  const lines = [['Host', `127.0.0.1:${port}`], ['Content-Length', String(Buffer.byteLength(body))], ...headers];
  const socket = connect({ port, host: '127.0.0.1' });
  let text = '';
  socket.on('data', (bytes) => {
    if (text === '' && more !== '') socket.write(more);
    text += bytes;
  });
  const ended = new Promise<Ended['end']>((resolve) => {
    socket.on('error', () => resolve('reset'));
    socket.on('close', () => resolve('closed'));
  });
  socket.write(`${method} ${path} HTTP/1.0\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`);
  const end = await withDeadline('the end of an answer in HTTP/1.0', ended, 5000);
  socket.destroy();
  return { body: text.slice(text.indexOf('\r\n\r\n') + 4), end };
}

const call = (ask: Ask = {}): RawRequest => modern('tools/call', { id: 7, params: { name: 'x' }, token: scene.token(), ...ask });
const get = (): RawRequest => legacy('', { method: 'GET', token: scene.token() });

const EVENTS = 'Content-Type: text/event-stream';
const HALF = '{"half":';
/** A head and a first piece in their own packet, and then these bytes and the end. */
const pieces = (type: string, text: string, last = ''): Answer =>
  answers.raw([answer('200 OK', [type, CHUNKED, 'Connection: close'], chunk(text)), last], { everyMs: 30 });

describe('C-145: an answer in HTTP/1.0', () => {
  test.each<[string, () => RawRequest, Answer, string]>([
    ['JSON in chunks', call, pieces(TYPE, HALF), HALF],
    ['JSON with an invalid chunk', call, pieces(TYPE, HALF, 'zz\r\n'), HALF],
    ['JSON with a length', call, answers.cut({ body: HALF }), HALF],
    ['an event stream within an event', call, pieces(EVENTS, 'data: {"a"'), ':\ndata: {"a"'],
    ['an event stream after an event id', call, pieces(EVENTS, 'id: 1\ndata: 1\n\n'), ':\nid: 1\ndata: 1\n\n'],
    ['a GET stream', get, pieces(EVENTS, 'data: 1\n\n'), ':\ndata: 1\n\n'],
    [
      'a stream within an event, at its time limit',
      get,
      answers.raw(answer('200 OK', [EVENTS], 'data: 1'), { keep: true }),
      ':\ndata: 1',
    ],
  ])('that is cut ends with a reset: %s', async (_what, request, cut, text) => {
    scene.upstream.answer(cut);
    expect(await ask(scene.gateway.port, request())).toEqual({ body: text, end: 'reset' });
  });

  test.each<[string, () => RawRequest, Answer, string]>([
    ['JSON in chunks', call, pieces(TYPE, BODY, '0\r\n\r\n'), BODY],
    ['JSON to the end of the connection', call, answers.raw(answer('200 OK', [TYPE])), BODY],
    ['JSON with a length', call, answers.json(JSON.parse(BODY)), BODY],
    ['an event stream', call, answers.sse([{ data: 1 }]), ':\ndata: 1\n\n'],
    ['a GET stream', get, answers.sse([{ data: 1 }]), ':\ndata: 1\n\n'],
  ])('that is whole ends cleanly: %s', async (_what, request, whole, text) => {
    scene.upstream.answer(whole);
    expect(await ask(scene.gateway.port, request())).toEqual({ body: text, end: 'closed' });
  });

  test('that is cut by bytes behind its request ends with a reset', async () => {
    scene.upstream.answer(answers.sse([{ data: 1 }], { end: false }));
    expect((await ask(scene.gateway.port, call(), '\x00\x01')).end).toBe('reset');
  });

  test('that the end of a drain cuts ends with a reset (E-11)', async () => {
    const listener = createListener(
      (exchange) => {
        exchange.begin(200, ['content-type', 'text/event-stream']);
        exchange.write([Buffer.alloc(0)]);
      },
      () => {},
      60_000,
    );
    const { port } = await listener.listen('127.0.0.1', await ownPort());
    let isOver = false;
    const ended = ask(port, { method: 'GET', path: '/' }).finally(() => {
      isOver = true;
    });
    await sleep(100);
    expect(isOver).toBe(false);
    const cut = await listener.drain(50);
    expect([cut, (await ended).end]).toEqual([1, 'reset']);
    await until('the answer ended', () => isOver);
  });
});
