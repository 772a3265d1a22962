// A named pipe as the audit file of a gateway with workers, and reloads that workers refuse: all of
// them, or one.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { modern } from '../fixtures/messages.js';
import { startProcess } from '../fixtures/process.js';
import type { RawResponse } from '../fixtures/raw-client.js';
import { configuredText } from '../fixtures/scene.js';
import { until, withDeadline } from '../fixtures/wait.js';
import { auditFile, recordsIn } from '../support/audit-scene.js';
import { sampleOf, startWorkersScene, untilReady, type WorkersScene, workerOf, workerPids } from '../support/workers.js';

// Three processes start in each test.
vi.setConfig({ testTimeout: 60_000 });

let scene: WorkersScene;
let readers: ChildProcess[] = [];
afterEach(async () => {
  for (const reader of readers) reader.kill('SIGKILL');
  readers = [];
  await scene.gateway.stop('SIGKILL');
  await Promise.all([scene.issuer.stop(), scene.upstream.stop()]);
});

const lines = (event: string) => scene.gateway.logs().filter((line) => line.event === event);
const many = (count: number, path = '/mcp'): Promise<RawResponse[]> => {
  const token = scene.token({ audience: `${scene.gateway.url}${path}` });
  const call = () => scene.send(modern('tools/call', { path, token, params: { name: 'read' } }), { ms: 15_000 });
  return Promise.all(Array.from({ length: count }, call));
};
/** The status of each worker at this path. */
const eachWorker = async (path: string): Promise<number[]> => [
  ...new Map((await many(8, path)).map((one) => [workerOf(one), one.status])).values(),
];
const config = (paths: string[], root: object = {}): string =>
  configuredText({
    workers: 2,
    issuers: { main: { issuer: scene.issuer.issuer, sharedAudience: true } },
    endpoints: paths.map((path) => ({
      path,
      issuers: ['main'],
      scopes: ['files:read'],
      upstream: `${scene.upstream.url}/up`,
    })),
    ...root,
  });

/** A named pipe, and a program that copies it to a file until its writers have closed it. */
function pipe(): { path: string; copy: string; read(): ChildProcess } {
  const path = auditFile();
  const copy = `${path}.copy`;
  execFileSync('mkfifo', [path]);
  return {
    path,
    copy,
    read() {
      const reader = spawn('sh', ['-c', `exec cat ${path} > ${copy}`], { stdio: 'ignore' });
      readers.push(reader);
      return reader;
    },
  };
}
const noReader = (path: string): string =>
  `audit.file: the gateway cannot append to ${path}: this is a named pipe that has no reader; start the reader first`;

test('a named pipe: its reader gets whole records of both workers, also after a reload and while it is full', async () => {
  const { path, copy, read } = pipe();
  const reader = read();
  scene = await startWorkersScene({ root: { audit: { file: path } } });
  const records = () => (existsSync(copy) ? recordsIn(readFileSync(copy, 'utf8')) : []);
  const answered = await many(100);
  await scene.gateway.reload();
  reader.kill('SIGSTOP');
  for (let i = 0; i < 6; i++) answered.push(...(await many(100)));
  reader.kill('SIGCONT');
  expect(new Set(answered.map((one) => `${workerOf(one)} ${one.status}`)).size).toBe(2);
  await until('the records', () => records().length >= answered.length, 20_000);
  const ids = answered.map((one) => one.header('x-request-id')).sort();
  expect(
    records()
      .map(({ requestId }) => requestId)
      .sort(),
  ).toEqual(ids);
  expect(reader.exitCode).toBe(null);
  expect(lines('worker.died')).toEqual([]);
});

test('a named pipe without a reader: the words of one process, exit code 1, and a reload changes nothing', async () => {
  scene = await startWorkersScene();
  const { path } = pipe();
  const refused = await startProcess({ config: config(['/mcp'], { audit: { file: path } }), ready: false });
  const exit = await withDeadline('the gateway ends', refused.exited, 30_000).finally(() => refused.stop('SIGKILL'));
  expect(exit).toEqual({ code: 1, signal: null });
  expect(refused.output()).toContain(noReader(path));
  expect(refused.logs().filter(({ event }) => event === 'worker.died')).toEqual([]);

  await scene.gateway.reload(config(['/mcp']));
  const hash = sampleOf(await scene.gateway.metrics(), 'portcullis_config_hash');
  await scene.gateway.reload(config(['/mcp', '/new'], { audit: { file: path } }));
  expect(lines('config.reload_failed').map(({ detail }) => detail)).toEqual([
    `${noReader(path)}. The gateway keeps the configuration that it runs with`,
  ]);
  expect([lines('config.reloaded').length, lines('worker.reload_failed').length]).toEqual([1, 0]);
  const metrics = await scene.gateway.metrics();
  expect(sampleOf(metrics, 'portcullis_config_hash')).toBe(hash);
  expect(sampleOf(metrics, 'portcullis_reload_up{part="config"}')).toBe(0);
  expect([await eachWorker('/mcp'), await eachWorker('/new')]).toEqual([
    [200, 200],
    [404, 404],
  ]);
});

test('a reload that one worker does not take: the gateway replaces it, and both serve the new state', async () => {
  scene = await startWorkersScene();
  const [hung = 0] = workerPids(scene);
  process.kill(hung, 'SIGSTOP');
  const reloaded = scene.gateway.reload(config(['/mcp', '/new']));
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(lines('config.reloaded')).toEqual([]);
  process.kill(hung, 'SIGKILL');
  await reloaded;
  await untilReady(scene);
  expect(lines('worker.reload_failed')).toMatchObject([{ detail: expect.stringMatching(/^worker \d: it has ended\. The gate/) }]);
  expect([lines('config.reloaded').length, lines('config.reload_failed').length]).toEqual([1, 0]);
  expect(await eachWorker('/new')).toEqual([200, 200]);
});
