// A client that reads slowly slows the upstream down, and the gateway buffers little of the answer.
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { modern } from '../fixtures/messages.js';
import { type GatewayProcess, residentMib } from '../fixtures/process.js';
import { requestBytes } from '../fixtures/raw-client.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until, withDeadline } from '../fixtures/wait.js';

const MIB = 1 << 20;

let scene: Scene<GatewayProcess>;
beforeAll(async () => {
  scene = await startScene({ process: true });
});
afterAll(() => scene.stop());
beforeEach(async () => {
  scene.upstream.reset();
  await scene.passes();
  scene.upstream.reset();
});

test('B-79: a client that does not read stops the upstream, and gets everything once it reads', async () => {
  const total = 96 * MIB;
  const block = Buffer.from(`data: ${'x'.repeat(MIB - 8)}\n\n`);
  let accepted = 0;
  scene.upstream.answer(async ({ req, res }) => {
    req.resume();
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    for (let sent = 0; sent < total; sent += block.length) {
      if (!res.write(block)) await new Promise((resolve) => res.once('drain', resolve));
      accepted += block.length;
    }
    res.end();
  });
  const before = residentMib(scene.gateway.pid);
  const socket = connect(scene.gateway.port, '127.0.0.1');
  socket.write(requestBytes(scene.gateway.port, modern('tools/call', { params: { name: 'slow' }, token: scene.token() })));
  socket.pause();
  let last = -1;
  await until('the upstream has to wait', async () => {
    const still = accepted === last && accepted > 0;
    last = accepted;
    await sleep(250);
    return still && accepted === last;
  });
  // Two pairs of socket buffers, and a small buffer of the gateway.
  expect(accepted).toBeLessThan(total / 2);
  expect(residentMib(scene.gateway.pid) - before).toBeLessThan(64);

  let received = 0;
  let tail = '';
  const whole = new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      received += chunk.length;
      tail = (tail + chunk.subarray(-16).toString('latin1')).slice(-16);
      if (tail.endsWith('0\r\n\r\n')) resolve();
    });
  });
  socket.resume();
  await withDeadline('the rest arrives', whole, 15_000);
  socket.destroy();
  expect(received).toBeGreaterThanOrEqual(total);
});

test('B-79: an endless stream to a slow client: the bytes between upstream and client stay bounded', async () => {
  const block = Buffer.from(`data: ${'x'.repeat(MIB - 8)}\n\n`);
  let accepted = 0;
  scene.upstream.answer(async ({ req, res }) => {
    req.resume();
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    while (!res.destroyed) {
      if (!res.write(block)) await new Promise((resolve) => res.once('drain', resolve));
      accepted += block.length;
    }
  });
  const before = residentMib(scene.gateway.pid);
  const socket = connect(scene.gateway.port, '127.0.0.1');
  socket.write(requestBytes(scene.gateway.port, modern('tools/call', { params: { name: 'slow' }, token: scene.token() })));
  let received = 0;
  let underWay = 0;
  let resident = 0;
  const step = 4 * MIB;
  socket.on('data', (chunk) => {
    received += chunk.length;
    underWay = Math.max(underWay, accepted - received);
    if (Math.floor(received / step) === Math.floor((received - chunk.length) / step)) return;
    resident = Math.max(resident, residentMib(scene.gateway.pid));
    socket.pause();
    setTimeout(() => socket.resume(), 20);
  });
  await until('256 MiB were read, 4 at a time', () => received >= 256 * MIB, 20_000);
  socket.destroy();
  expect(underWay).toBeGreaterThan(0);
  // Two pairs of socket buffers, and a small buffer of the gateway.
  expect(underWay).toBeLessThan(48 * MIB);
  expect(resident - before).toBeLessThan(64);
});
