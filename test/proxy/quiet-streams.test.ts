// A stream that is quiet for longer than undici waits by itself (five minutes), on real sockets, with timers that the test moves.
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
  // For the whole file: undici keeps one timer for all that it waits for, which may run already.
  resetUndiciTimers();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
});
afterAll(async () => {
  vi.useRealTimers();
  await upstream.stop();
});

/** What became of a stream that was quiet for ten minutes in the middle. */
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

test.each(['short', 'held'])('B-72: %s: ten quiet minutes are no reason to end it', async (lane) => {
  const pool = createPool({ ...endpoint().upstream, origin: upstream.url });
  const slot = pool.take(lane === 'held');
  expect(await quietly(slot?.dispatcher as Dispatcher)).toBe('data: first\n\ndata: last\n\n');
  await pool.close();
});

test('B-72: to undici left alone they are', async () => {
  const client = new Client(upstream.url);
  expect(await quietly(client)).toBe('UND_ERR_BODY_TIMEOUT');
  await client.destroy();
});
