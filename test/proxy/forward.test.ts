// A caller that disconnects before a connection to the upstream exists, and a bug before it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DisconnectListener } from '../../src/core/exchange.js';
import type { Failure } from '../../src/core/failure.js';
import type { Message } from '../../src/core/message.js';
import { createOpenStream } from '../../src/proxy/event-stream.js';
import { createTransport } from '../../src/proxy/forward.js';
import { createPool, type UpstreamPool } from '../../src/proxy/pool.js';
import { createStreamTicker } from '../../src/proxy/stream-ticker.js';
import { type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { until } from '../fixtures/wait.js';
import { testClock } from '../support/clock.js';
import { admission, endpoint, principal } from '../support/endpoint.js';
import { exchange } from '../support/exchange.js';

let upstream: RawUpstream;
const pools: UpstreamPool[] = [];
beforeAll(async () => {
  upstream = await startRawUpstream();
});
afterAll(async () => {
  for (const pool of pools) await pool.close();
  await upstream.stop();
});

/** Forwards calls to an upstream with a limit of one connection, which is not open yet. */
function forwarder(listView: () => null = () => null): (name: string, disconnects: boolean) => Promise<string> {
  const { port, url } = upstream;
  const at = endpoint({
    upstream: { ...endpoint().upstream, url, origin: `http://127.0.0.1:${port}`, target: '/', maxConcurrentRequests: 1 },
  });
  const pool = createPool(at.upstream);
  pools.push(pool);
  const clock = testClock();
  const openStream = createOpenStream(at, createStreamTicker(clock), clock);
  const noSession = (): never => {
    throw new Error('a modern call has no session');
  };
  const pseudonym = 'portcullis-test';
  const transport = createTransport({
    endpoint: at,
    pool,
    openStream,
    openSession: noSession,
    listView,
    pseudonym,
    clock,
    admission,
  });
  return async (name, disconnects) => {
    const message: Message = { era: 'modern', calls: [{ method: 'tools/call', name, idText: '1' }], body: Buffer.from(name) };
    const call = exchange();
    let listener: DisconnectListener | undefined;
    call.onDisconnect = (added) => {
      listener = added;
    };
    let end: Failure | null | undefined;
    transport.forward(call, principal(), message, [], {
      onResponseEnd(result) {
        end = result;
      },
    });
    if (disconnects) {
      call.disconnected = true;
      listener?.onDisconnect();
    }
    await until('the exchange is over', () => end !== undefined);
    return end?.definition.reason ?? 'ok';
  };
}

test('the call never reaches the upstream, and the connection is free again (B-74, C-140)', async () => {
  const call = forwarder();
  expect(await call('leaves', true)).toBe('client.disconnected');
  expect(await call('stays', false)).toBe('ok');
  expect(upstream.requests.map(({ body }) => body.toString())).toEqual(['stays']);
});

test('a step that throws before the call is sent takes no connection away', async () => {
  let throws = true;
  const call = forwarder(() => {
    if (throws) throw new Error('a bug');
    return null;
  });
  await expect(call('throws', false)).rejects.toThrow('a bug');
  throws = false;
  expect(await call('passes', false)).toBe('ok');
});
