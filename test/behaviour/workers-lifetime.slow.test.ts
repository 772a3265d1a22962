// Workers that die, and the end of a gateway with workers: nothing outlives the primary, and a dead
// worker costs only its own calls.
import { afterEach, expect, test, vi } from 'vitest';
import { modern } from '../fixtures/messages.js';
import { openRaw, type RawConnection, type RawResponse, requestBytes } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { until, withDeadline } from '../fixtures/wait.js';
import {
  isRunning,
  sampleOf,
  startWorkersScene,
  untilReady,
  type WorkersScene,
  workerOf,
  workerPids,
} from '../support/workers.js';

// Three processes start in each test.
vi.setConfig({ testTimeout: 60_000 });

let scene: WorkersScene;
afterEach(async () => {
  await scene.gateway.stop('SIGKILL');
  await Promise.all([scene.issuer.stop(), scene.upstream.stop()]);
});
const call = (): Promise<RawResponse> => scene.send(modern('tools/list', { token: scene.token() }), { ms: 15_000 });
const ended = () => withDeadline('the gateway ends', scene.gateway.exited, 20_000);
const lines = (event: string) => scene.gateway.logs().filter((line) => line.event === event);
const noneRuns = (pids: number[]) => until('no worker runs', () => !pids.some(isRunning), 20_000);

async function open(): Promise<RawConnection> {
  const connection = await openRaw(scene.gateway.port, { label: 'a running call', ms: 15_000 });
  await connection.write(
    requestBytes(scene.gateway.port, modern('tools/call', { params: { name: 'slow' }, token: scene.token() })),
  );
  return connection;
}

test('a killed worker costs its own calls, is replaced, and no counter goes back', async () => {
  scene = await startWorkersScene();
  scene.upstream.answer(answers.delayed(1500, answers.rpc()));
  const before = workerPids(scene);
  expect(before).toHaveLength(2);
  const running = await Promise.all(Array.from({ length: 8 }, open));
  await scene.upstream.waitFor(8);
  const ok = 'portcullis_http_requests_total{endpoint="/mcp",reason="ok",status="2xx"}';
  process.kill(before[0] as number, 'SIGKILL');
  const outcomes = await Promise.all(running.map((one) => one.response({ label: 'the answer' })));
  // In turn: each worker had four of them. A connection that ends without an answer has no status.
  expect(outcomes.map(({ status }) => status).sort()).toEqual([0, 0, 0, 0, 200, 200, 200, 200]);
  scene.upstream.answer(answers.rpc());
  const counted = sampleOf(await scene.gateway.metrics(), ok);
  await untilReady(scene);
  expect(workerPids(scene)).toHaveLength(2);
  const answered = await Promise.all(Array.from({ length: 8 }, call));
  expect(answered.map(({ status }) => status)).toEqual(Array(8).fill(200));
  expect(new Set(answered.map(workerOf)).size).toBe(2);
  expect(sampleOf(await scene.gateway.metrics(), ok) - counted).toBe(8);
  const [died] = lines('worker.died');
  expect(died).toMatchObject({ level: 'error', pid: before[0], detail: expect.stringContaining('by SIGKILL') });

  // The counts of the worker that is killed now were in the last scrape.
  process.kill(workerPids(scene)[1] as number, 'SIGKILL');
  await until('it is replaced', () => lines('worker.died').length === 2);
  expect(sampleOf(await scene.gateway.metrics(), ok) - counted).toBe(8);
});

test('a worker that hangs delays the metrics by a second at most, and when it is killed, no call is lost', async () => {
  scene = await startWorkersScene();
  await Promise.all(Array.from({ length: 4 }, call));
  await until('their lines', () => lines('forwarded').length === 4);
  const before = await scene.gateway.metrics();
  const [hung = 0] = workerPids(scene);
  process.kill(hung, 'SIGSTOP');
  try {
    const start = performance.now();
    const metrics = await scene.gateway.metrics();
    expect(performance.now() - start).toBeLessThan(4000);
    const ok = 'portcullis_http_requests_total{endpoint="/mcp",reason="ok",status="2xx"}';
    expect(sampleOf(metrics, ok)).toBe(sampleOf(before, ok));
    // Half of the connections go to it. Once it is dead, the other worker serves them.
    const calls = Array.from({ length: 8 }, call);
    await until('four answers', () => lines('forwarded').length >= 8);
    process.kill(hung, 'SIGKILL');
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(8).fill(200));
  } finally {
    if (isRunning(hung)) process.kill(hung, 'SIGKILL');
  }
});

test.each<NodeJS.Signals>(['SIGTERM', 'SIGINT'])(
  '%s at the whole group drains once: running calls finish, exit code 0',
  async (signal) => {
    scene = await startWorkersScene();
    scene.upstream.answer(answers.delayed(1000, answers.rpc()));
    const pids = workerPids(scene);
    const running = await Promise.all(Array.from({ length: 4 }, open));
    await scene.upstream.waitFor(4);
    // As a terminal does at Ctrl-C.
    for (const pid of [...pids, scene.gateway.pid]) process.kill(pid, signal);
    const answered = await Promise.all(running.map((one) => one.response({ label: 'the answer' })));
    expect(answered.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(await ended()).toEqual({ code: 0, signal: null });
    await noneRuns(pids);
    expect(lines('gateway.stopping')).toHaveLength(1);
    expect(scene.gateway.logs().at(-1)).toMatchObject({ event: 'gateway.stopped', cut: 0 });
    expect(lines('forwarded')).toHaveLength(4);
    expect(lines('worker.died')).toEqual([]);
  },
);

test('while it announces its end, it serves on, and /readyz is 503 at each worker', async () => {
  scene = await startWorkersScene({ root: { drain: { delaySeconds: 2 } } });
  const readyz = () => scene.send({ method: 'GET', path: '/readyz' });
  expect((await readyz()).status).toBe(200);
  process.kill(scene.gateway.pid, 'SIGTERM');
  await until('it announces', async () => (await readyz()).status === 503);
  const ready = await Promise.all(Array.from({ length: 6 }, readyz));
  expect(ready.map(({ status }) => status)).toEqual(Array(6).fill(503));
  const answered = await Promise.all(Array.from({ length: 6 }, call));
  expect(answered.map((one) => [one.status, one.header('connection')])).toEqual(Array(6).fill([200, 'close']));
  expect(new Set(answered.map(workerOf)).size).toBe(2);
  expect(await ended()).toEqual({ code: 0, signal: null });
});

test('a second signal ends all processes at once', async () => {
  scene = await startWorkersScene();
  scene.upstream.answer(answers.stall());
  const pids = workerPids(scene);
  await Promise.all(Array.from({ length: 4 }, open));
  await scene.upstream.waitFor(4);
  process.kill(scene.gateway.pid, 'SIGTERM');
  await until('the drain', () => lines('gateway.stopping').length === 1);
  process.kill(scene.gateway.pid, 'SIGTERM');
  expect(await ended()).toEqual({ code: 1, signal: null });
  await noneRuns(pids);
});

test('workers whose primary is killed finish their calls and end', async () => {
  scene = await startWorkersScene();
  scene.upstream.answer(answers.delayed(1500, answers.rpc()));
  const pids = workerPids(scene);
  const running = await Promise.all(Array.from({ length: 4 }, open));
  await scene.upstream.waitFor(4);
  process.kill(scene.gateway.pid, 'SIGKILL');
  const answered = await Promise.all(running.map((one) => one.response({ label: 'the answer' })));
  expect(answered.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  await noneRuns(pids);
});

test('after a good start, the gateway replaces workers however often they die', async () => {
  scene = await startWorkersScene();
  for (let round = 1; round <= 3; round++) {
    for (const pid of workerPids(scene)) process.kill(pid, 'SIGKILL');
    await until('both died', () => lines('worker.died').length === 2 * round);
    await untilReady(scene);
  }
  expect((await call()).status).toBe(200);
});
