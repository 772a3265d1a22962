// The recorded end of a response that a shutdown cuts differs from that of a broken upstream.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Forwarding, startForwarding } from '../fixtures/forwarding.js';
import { modern } from '../fixtures/messages.js';
import { sse } from '../fixtures/raw-answers.js';
import { openRaw, type RawConnection, requestBytes } from '../fixtures/raw-client.js';
import { type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { until } from '../fixtures/wait.js';

let upstream: RawUpstream;
let gateway: Forwarding;
let call: RawConnection;
beforeEach(async () => {
  upstream = await startRawUpstream(sse([{ data: 'first' }], { end: false }));
  gateway = await startForwarding(`${upstream.url}/up`, () => null);
  call = await openRaw(gateway.port, { label: 'a call' });
  await call.write(requestBytes(gateway.port, modern('tools/call', { params: { name: 'slow' } })));
  await until('the response began', () => call.received().includes('first'));
});
afterEach(async () => {
  call.destroy();
  await gateway.stop();
  await upstream.stop();
});

test('E-11: the shutdown cut the response', async () => {
  await gateway.closePool();
  await until('the response ended', () => gateway.ends.length > 0);
  expect(gateway.ends).toEqual(['stream.broken: cut by the shutdown']);
});

test('D-31: the upstream broke the response', async () => {
  await upstream.stop();
  await until('the response ended', () => gateway.ends.length > 0);
  expect(gateway.ends.join()).toMatch(/^stream\.broken: (ECONNRESET|UND_ERR_SOCKET)$/);
  await upstream.start();
});
