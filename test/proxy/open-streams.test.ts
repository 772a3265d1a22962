// Whichever way an event stream ends, nothing of it is looked at afterwards, and its place is free.
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
  ['the upstream breaks off', () => breakOff(), 'stream.broken: UND_ERR_SOCKET'],
  ['the caller leaves', (client) => client.destroy(), 'ok'],
  ['the gateway ends it', () => forwarding.retire(), 'ok'],
])('E-15: %s', async (_how, over, told) => {
  const { length } = forwarding.ends;
  const client = await openRaw(forwarding.port, { label: 'a subscription' });
  await client.write(requestBytes(forwarding.port, modern('subscriptions/listen')));
  await until('it is open', () => client.received().includes('held'));
  expect(forwarding.watched()).toBe(1);
  over(client);
  await until('it is over', () => forwarding.ends.length > length);
  expect([forwarding.watched(), forwarding.ends.at(-1)]).toEqual([0, told]);
  client.destroy();
});
