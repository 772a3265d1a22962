// A POST is sent once, whatever happens to the upstream connection: no second copy arrives, because
// the upstream may have executed the first one (C-140).
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { modern } from '../fixtures/messages.js';
import type { RawResponse } from '../fixtures/raw-client.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { type Moment, type SocketUpstream, startSocketUpstream } from '../fixtures/socket-upstream.js';

let scene: Scene;
let upstream: SocketUpstream;
beforeAll(async () => {
  upstream = await startSocketUpstream();
  scene = await startScene({ upstream: { url: upstream.url } });
});
afterAll(async () => {
  await scene.stop();
  await upstream.stop();
});

const call = (id: string, text = ''): Promise<RawResponse> =>
  scene.send(modern('tools/call', { id, token: scene.token(), params: { name: 'pay', arguments: { text } } }), {
    label: `call ${id}`,
  });
const ids = (): string[] => upstream.bodies.map((body) => (JSON.parse(body) as { id: string }).id);

beforeEach(async () => {
  upstream.script = () => false;
  // Afterwards an idle connection is open, which the next request uses.
  expect((await call('before')).status).toBe(200);
  upstream.bodies.length = 0;
  upstream.connections = 0;
});

const LARGE = 'x'.repeat(900_000);
/** Acts on the first request only: a copy of it would succeed and be noticed. */
const once = (wanted: Moment['at'], act: (moment: Moment) => void): SocketUpstream['script'] => {
  let done = false;
  return (moment) => {
    if (done || moment.at !== wanted) return false;
    done = true;
    act(moment);
    return true;
  };
};
const reset = ({ socket }: Moment): void => void socket.resetAndDestroy();
const close = ({ socket }: Moment): void => void socket.destroy();
const end = ({ socket }: Moment): void => void socket.end();
const half = ({ socket }: Moment): void => void socket.write('HTTP/1.1 200 OK\r\nContent-Le', () => socket.destroy());
const refuse = ({ socket }: Moment): void =>
  void socket.end('HTTP/1.1 503 Busy\r\nContent-Length: 2\r\nConnection: close\r\nRetry-After: 0\r\n\r\nno');

describe('C-140: an idle connection that ends while a POST is written to it', () => {
  test.each<[string, Moment['at'], (moment: Moment) => void, string, number]>([
    ['closed at its first bytes', 'first', close, '', 502],
    ['reset at its first bytes', 'first', reset, '', 502],
    ['ended at its first bytes', 'first', end, '', 502],
    ['closed after its head', 'head', close, LARGE, 502],
    ['reset after its head', 'head', reset, LARGE, 502],
    ['closed after its body', 'body', close, '', 502],
    ['reset after its body', 'body', reset, '', 502],
    ['ended after its body', 'body', end, '', 502],
    ['reset after a large body', 'body', reset, LARGE, 502],
    ['closed in the middle of the answer', 'body', half, '', 502],
    ['rejected with 503 and Retry-After: 0', 'body', refuse, '', 503],
  ])('%s', async (_name, at, act, text, status) => {
    upstream.script = once(at, act);
    const response = await call('once', text);
    expect([response.status, response.complete]).toEqual([status, true]);
    if (status === 502) expect((await scene.logOf(response)).reason).toBe('upstream.broken');
    // The gateway used the open connection, and no other one.
    expect(upstream.connections).toBe(0);
    // A copy that waited for a connection would go out before, with or after the next call.
    expect((await call('next')).status).toBe(200);
    await sleep(50);
    expect(ids()).toEqual(at === 'body' ? ['once', 'next'] : ['next']);
  });
});

test('C-140: in a hundred races between the end of an idle connection and a POST, no POST arrives twice', async () => {
  let raced = 0;
  for (let i = 0; i < 100; i += 1) {
    // The upstream ends the connection at about the time of the next call.
    const lateMs = i % 4;
    upstream.script = (moment) => {
      if (moment.at !== 'body') return false;
      const { socket } = moment;
      setTimeout(() => (i % 2 === 0 ? socket.destroy() : socket.resetAndDestroy()), lateMs);
      return false;
    };
    const first = await call(`first ${i}`);
    upstream.script = () => false;
    const second = await call(`second ${i}`);
    for (const { status } of [first, second]) expect([200, 502]).toContain(status);
    if (second.status === 502) raced += 1;
    // A successful call was executed once, and a failed one at most once.
    const seen = ids().filter((id) => id === `second ${i}`).length;
    expect(second.status === 200 ? seen === 1 : seen <= 1).toBe(true);
  }
  expect(new Set(ids()).size).toBe(ids().length);
  expect(raced).toBeLessThan(100);
});
