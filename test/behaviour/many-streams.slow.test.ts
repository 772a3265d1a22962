// A thousand open streams at once: one more is rejected, calls go on, and all slots are released.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { legacy, modern } from '../fixtures/messages.js';
import { type GatewayProcess, residentMib } from '../fixtures/process.js';
import { openRaw, type RawConnection, requestBytes } from '../fixtures/raw-client.js';
import { type Answer, answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';

const STREAMS = 1000;
/** The memory that one stream with its two sockets may use. */
const KIB_EACH = 128;

let scene: Scene<GatewayProcess>;
let held = 0;
beforeAll(async () => {
  scene = await startScene({ process: true, upstream: { maxStreams: STREAMS } });
});
afterAll(() => scene.stop());

/** Streams get one event and stay open. Calls get an answer. */
const holding: Answer = (call) => {
  const { req, res } = call;
  if (req.method !== 'GET') return answers.rpc()(call);
  held += 1;
  res.once('close', () => (held -= 1));
  res.writeHead(200, { 'content-type': 'text/event-stream' });
  res.write('data: here\n\n');
};

async function open(token: string): Promise<RawConnection> {
  const connection = await openRaw(scene.gateway.port, { label: 'one of many streams', ms: 60_000 });
  await connection.write(requestBytes(scene.gateway.port, legacy('', { method: 'GET', token })));
  return connection;
}

async function openAll(token: string): Promise<RawConnection[]> {
  const all: RawConnection[] = [];
  for (let n = 0; n < STREAMS; n += 50) all.push(...(await Promise.all(Array.from({ length: 50 }, () => open(token)))));
  await until('each has its event', () => all.every((one) => one.received().includes('data: here')), 30_000);
  return all;
}

test('B-73, B-78: one more than the limit gets 503, calls pass, and disconnects release the slots', async () => {
  scene.upstream.answer(holding);
  await scene.passes();
  const before = residentMib(scene.gateway.pid);
  const all = await openAll(scene.token());
  expect(held).toBe(STREAMS);
  const kib = ((residentMib(scene.gateway.pid) - before) * 1024) / STREAMS;
  if (before > 0) expect(kib).toBeLessThan(KIB_EACH);

  const beyond = await open(scene.token());
  expect((await beyond.response()).status).toBe(503);
  beyond.destroy();
  for (let n = 0; n < 20; n += 1) await scene.passes();

  for (const one of all) one.destroy();
  await until('all streams to the upstream are closed', () => held === 0, 30_000);
  const again = await open(scene.token());
  await until('a slot is free', () => again.received().includes('data: here'));
  again.destroy();
  await until('the last stream is closed, too', () => held === 0);
}, 90_000);

test('B-78: all end with their token, complete, and leave nothing behind', async () => {
  scene.upstream.answer(holding);
  const seconds = 16;
  const exp = Math.floor(Date.now() / 1000) + seconds;
  const all = await openAll(scene.token({ claims: { exp } }));
  expect(all.filter((one) => one.received().includes('\r\n0\r\n'))).toEqual([]);
  const ended = await Promise.all(all.map((one) => one.response({ ms: (seconds + 10) * 1000, label: 'a stream that ends' })));
  expect(ended.filter(({ complete }) => !complete)).toEqual([]);
  for (const one of all) one.destroy();
  await until('all streams to the upstream are closed', () => held === 0);
  const call = await scene.send(modern('tools/list', { token: scene.token() }));
  expect(call.status).toBe(200);
}, 90_000);
