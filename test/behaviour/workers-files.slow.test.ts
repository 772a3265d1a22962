// The files of a gateway with workers: a changed configuration is in force at all of them, and a
// rotated audit file loses no record. The log output has whole lines.
import { renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { logLines } from '../fixtures/gateway.js';
import { modern } from '../fixtures/messages.js';
import type { RawResponse } from '../fixtures/raw-client.js';
import { configuredText } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';
import { auditFile, recordsOf } from '../support/audit-scene.js';
import { startWorkersScene, type WorkersScene, workerOf } from '../support/workers.js';

// Three processes start in each test.
vi.setConfig({ testTimeout: 60_000 });

let scene: WorkersScene;
afterEach(async () => {
  await scene.gateway.stop('SIGKILL');
  await Promise.all([scene.issuer.stop(), scene.upstream.stop()]);
});

const lines = (event: string) => scene.gateway.logs().filter((line) => line.event === event);
const call = (tool = 'read', path = '/mcp'): Promise<RawResponse> => {
  const token = scene.token({ audience: `${scene.gateway.url}${path}` });
  return scene.send(modern('tools/call', { path, token, params: { name: tool } }), { ms: 15_000 });
};
const many = (count: number, tool?: string, path?: string): Promise<RawResponse[]> =>
  Promise.all(Array.from({ length: count }, () => call(tool, path)));
const idsOf = (responses: RawResponse[]) => responses.map((response) => response.header('x-request-id'));
const sortedIds = (records: Record<string, unknown>[]) => records.map(({ requestId }) => requestId).sort();

/** The status of each worker at this path. */
const eachWorker = async (path: string): Promise<number[]> => [
  ...new Map((await many(8, 'read', path)).map((one) => [workerOf(one), one.status])).values(),
];

/** Each of the callers calls again and again, until `stop`, which resolves to all responses. */
function load(callers: number): { stop(): Promise<RawResponse[]> } {
  const answered: RawResponse[] = [];
  let goesOn = true;
  const caller = async (): Promise<void> => {
    while (goesOn) answered.push(await call());
  };
  const running = Array.from({ length: callers }, caller);
  return {
    async stop() {
      goesOn = false;
      await Promise.all(running);
      return answered;
    },
  };
}

test('--watch: a changed file is in force at both workers, a broken one changes nothing at any', async () => {
  scene = await startWorkersScene({ args: ['--watch'] });
  const endpoint = { issuers: ['main'], scopes: ['files:read'], upstream: `${scene.upstream.url}/up` };
  const text = (...paths: string[]): string =>
    configuredText({
      workers: 2,
      issuers: { main: { issuer: scene.issuer.issuer, sharedAudience: true } },
      endpoints: paths.map((path) => ({ path, ...endpoint })),
    });
  await until('it watches', () => lines('config.watching').length === 1);
  expect([await eachWorker('/mcp'), await eachWorker('/new')]).toEqual([
    [200, 200],
    [404, 404],
  ]);
  await scene.gateway.write(text('/mcp', '/new'));
  await until('the reload', () => lines('config.reloaded').length === 1, 10_000);
  expect(await eachWorker('/new')).toEqual([200, 200]);
  await scene.gateway.write(`${text('/mcp')}\n]`);
  await until('the line', () => lines('config.reload_failed').length === 1, 10_000);
  expect(await eachWorker('/new')).toEqual([200, 200]);
  await scene.gateway.write(text('/mcp'));
  await until('the next reload', () => lines('config.reloaded').length === 2, 10_000);
  expect([await eachWorker('/mcp'), await eachWorker('/new')]).toEqual([
    [200, 200],
    [404, 404],
  ]);
  expect([lines('config.reload_failed'), lines('worker.reload_failed')].map(({ length }) => length)).toEqual([1, 0]);
});

test('SIGHUP after a rename: both workers use the new audit file, and no record is lost', async () => {
  const file = auditFile();
  const rotated = join(dirname(file), 'audit.jsonl.1');
  scene = await startWorkersScene({ root: { audit: { file, onFailure: 'reject' } } });
  const under = load(8);
  await until('records', () => recordsOf(file).length > 50);
  renameSync(file, rotated);
  await scene.gateway.reload();
  // Each worker looked at the name a moment ago, and looks again after a second or at a reload.
  const later = await many(16);
  expect(new Set(later.map(workerOf)).size).toBe(2);
  const answered = [...(await under.stop()), ...later];
  expect(new Set(answered.map(({ status }) => status))).toEqual(new Set([200]));
  await until('all records', () => recordsOf(file).length + recordsOf(rotated).length >= answered.length);
  const [before, after] = [recordsOf(rotated), recordsOf(file)];
  expect(sortedIds([...before, ...after])).toEqual(idsOf(answered).sort());
  expect(after.map(({ requestId }) => requestId)).toEqual(expect.arrayContaining(idsOf(later)));
});

test('audit and log on one output: each line is whole, and none is lost, also at the end', async () => {
  scene = await startWorkersScene({ root: { audit: { stdout: true } } });
  // Longer than what the system keeps together.
  const long = await many(60, 'x'.repeat(6_000));
  const under = load(16);
  await until('records', () => lines('forwarded').length > 300, 20_000);
  const answered = [...long, ...(await under.stop())];
  expect(new Set(answered.map(workerOf)).size).toBe(2);
  expect(await scene.gateway.stop()).toBe(0);
  const output = scene.gateway.output().split('\n');
  for (const line of output) expect(() => JSON.parse(line)).not.toThrow();
  const ids = idsOf(answered).sort();
  expect(sortedIds(logLines(output).filter(({ audit }) => audit === 1))).toEqual(ids);
  expect(sortedIds(lines('forwarded'))).toEqual(ids);
});
