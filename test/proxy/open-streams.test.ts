// However an event stream ends, the gateway stops its ticks and releases its connection.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Forwarding, startForwarding } from '../fixtures/forwarding.js';
import { modern } from '../fixtures/messages.js';
import { openRaw, type RawConnection, requestBytes } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { until } from '../fixtures/wait.js';

let upstream: RawUpstream;
let forwarding: Forwarding;
beforeAll(async () => {
  upstream = await startRawUpstream(async (exchange) => {
    await answers.sse([{ data: 'held' }], { end: false })(exchange);
    end = () => exchange.res.end();
    breakOff = () => exchange.socket.destroy();
  });
  forwarding = await startForwarding(upstream.url, () => null, { maxStreams: 1 });
});
afterAll(async () => {
  await forwarding.stop();
  await upstream.stop();
});

let end: () => void;
let breakOff: () => void;

test.each<[string, (client: RawConnection) => void, string]>([
  ['the upstream ends it', () => end(), 'ok'],
  ['the upstream breaks the connection', () => breakOff(), 'stream.broken: UND_ERR_SOCKET'],
  ['the caller disconnects', (client) => client.destroy(), 'ok'],
  ['the gateway ends it', () => forwarding.retire(), 'ok'],
])('E-15: %s', async (_how, endStream, recorded) => {
  const { length } = forwarding.ends;
  const client = await openRaw(forwarding.port, { label: 'a subscription' });
  await client.write(requestBytes(forwarding.port, modern('subscriptions/listen')));
  await until('the stream is open', () => client.received().includes('held'));
  expect(forwarding.watched()).toBe(1);
  endStream(client);
  await until('the stream ended', () => forwarding.ends.length > length);
  expect([forwarding.watched(), forwarding.ends.at(-1)]).toEqual([0, recorded]);
  client.destroy();
});
