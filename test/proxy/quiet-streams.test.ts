// Streams that are quiet longer than the default timeout of undici (five minutes). The sockets are
// real, and the test moves the timers.
import { Client, type Dispatcher } from 'undici';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createPool } from '../../src/proxy/pool.js';
import { type Exchange, sse } from '../fixtures/raw-answers.js';
import { type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { endpoint } from '../support/endpoint.js';
import { resetUndiciTimers } from '../support/undici-timers.js';

let upstream: RawUpstream;
let goOn: () => void;
beforeAll(async () => {
  upstream = await startRawUpstream(async (exchange: Exchange) => {
    await sse([{ data: 'first' }], { end: false })(exchange);
    goOn = () => void exchange.res.end('data: last\n\n');
  });
  // For the whole file, because undici has one timer for all its timeouts. It may run already.
  resetUndiciTimers();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
});
afterAll(async () => {
  vi.useRealTimers();
  await upstream.stop();
});

/** Returns the bytes of a stream with a quiet time of ten minutes, or the error. */
async function quietly(dispatcher: Dispatcher): Promise<string> {
  let text = '';
  let began = (): void => {};
  const first = new Promise<void>((resolve) => {
    began = resolve;
  });
  const over = new Promise<string>((resolve) => {
    dispatcher.dispatch(
      { path: '/', method: 'GET' },
      {
        onRequestStart: () => {},
        onResponseStart: () => {},
        onResponseData(_controller, chunk) {
          text += String(chunk);
          began();
        },
        onResponseEnd: () => resolve(text),
        onResponseError: (_controller, error) => resolve((error as NodeJS.ErrnoException).code ?? String(error)),
      },
    );
  });
  await first;
  await vi.advanceTimersByTimeAsync(600_000);
  goOn();
  return over;
}

test.each(['short', 'held'])('B-72: a %s stream stays open for ten quiet minutes', async (kind) => {
  const pool = createPool({ ...endpoint().upstream, origin: upstream.url });
  const slot = pool.take(kind === 'held');
  expect(await quietly(slot?.dispatcher as Dispatcher)).toBe('data: first\n\ndata: last\n\n');
  await pool.close();
});

test('B-72: undici with its default timeouts ends the stream', async () => {
  const client = new Client(upstream.url);
  expect(await quietly(client)).toBe('UND_ERR_BODY_TIMEOUT');
  await client.destroy();
});
