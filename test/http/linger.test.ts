// The bytes that a client sends after its answer: dropped without a trace on a kept connection, and
// bounded on one that ends.
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createListener, type Listener } from '../../src/http/server.js';
import { ownPort } from '../fixtures/ports.js';
import { until } from '../fixtures/wait.js';

let listener: Listener | undefined;
let client: Socket | undefined;
afterEach(async () => {
  client?.destroy();
  await listener?.drain(0);
});

/** A listener that reads no body and answers each exchange with 404. */
async function started() {
  const sockets: Socket[] = [];
  const made = createListener(
    (one) => {
      one.begin(404, ['content-length', '0']);
      one.end();
    },
    () => {},
    60_000,
  );
  listener = made;
  made.server.on('connection', (socket) => sockets.push(socket));
  const { port } = await made.listen('127.0.0.1', await ownPort());
  const own = connect(port, '127.0.0.1');
  client = own;
  const received = { text: '', ended: false };
  own.on('data', (bytes) => {
    received.text += bytes;
  });
  own.on('end', () => {
    received.ended = true;
  });
  await until('the connection', () => sockets.length > 0);
  return { own, received, socket: sockets[0] as Socket };
}

const post = (body: string): string => `POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const answers = (text: string): number => text.split('HTTP/1.1 404').length - 1;

test.each([20, 70_000])('many rejections of %i bytes leave nothing on a kept connection', async (bytes) => {
  const { own, received, socket } = await started();
  const counts: number[][] = [];
  for (let n = 1; n <= 40; n++) {
    own.write(post('x'.repeat(bytes)));
    await until(`answer ${n}`, () => answers(received.text) === n);
    counts.push(['close', 'data', 'end', 'error', 'drain'].map((event) => socket.listenerCount(event)));
  }
  expect(counts.at(-1)).toEqual(counts[1]);
  expect([received.ended, socket.destroyed]).toEqual([false, false]);
});

test('bytes that cannot be read after a rejection end the connection at once', async () => {
  const { own, received } = await started();
  own.write(`${post('12345')}\0\u0001junk\r\n\r\n`);
  await until('the end', () => received.ended, 2000);
  expect(answers(received.text)).toBe(1);
});

test('a client that goes on to send them is cut within 5 s', async () => {
  const { own, received, socket } = await started();
  own.on('error', () => {});
  own.write(`${post('12345')}\0`);
  const drip = setInterval(() => own.write('x'.repeat(1000)), 50);
  try {
    await until('the cut', () => socket.destroyed, 5000);
  } finally {
    clearInterval(drip);
  }
  expect(answers(received.text)).toBe(1);
});

test('two rejections in one packet both end their wait', async () => {
  const { own, received, socket } = await started();
  own.write(post('12345') + post('67890'));
  await until('both answers', () => answers(received.text) === 2);
  const before = socket.listenerCount('close');
  own.write(post('abc'));
  await until('the third answer', () => answers(received.text) === 3);
  expect(socket.listenerCount('close')).toBe(before);
});
