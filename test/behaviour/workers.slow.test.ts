// A gateway of two workers is one gateway from outside: one port, one session key, one page of
// metrics, one reload, one log.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { legacy, modern } from '../fixtures/messages.js';
import type { RawResponse } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { until } from '../fixtures/wait.js';
import { sampleOf, startWorkersScene, type WorkersScene, workerOf } from '../support/workers.js';

const ENDPOINT = { path: '/mcp', issuers: ['main'], scopes: ['files:read'] };

let scene: WorkersScene;
let config: (changes?: object) => string;
beforeAll(async () => {
  scene = await startWorkersScene();
  const upstream = `${scene.upstream.url}/up`;
  config = (changes = {}) =>
    JSON.stringify({
      publicUrl: scene.gateway.url,
      listen: { host: '127.0.0.1', port: scene.gateway.port },
      admin: { host: '127.0.0.1', port: scene.gateway.adminPort },
      workers: 2,
      issuers: { main: { issuer: scene.issuer.issuer, sharedAudience: true } },
      endpoints: [{ ...ENDPOINT, upstream }],
      ...changes,
    });
}, 60_000);
afterAll(async () => {
  expect(await scene.gateway.stop()).toBe(0);
  await Promise.all([scene.issuer.stop(), scene.upstream.stop()]);
}, 60_000);
beforeEach(() => {
  scene.upstream.reset();
  scene.upstream.answer(answers.rpc());
});

/** One call on a connection of its own. */
const call = (path = '/mcp', token = scene.token()): Promise<RawResponse> =>
  scene.send(modern('tools/list', { path, token }), { ms: 15_000 });
const calls = (count: number): Promise<RawResponse[]> => Promise.all(Array.from({ length: count }, () => call()));
const eachWorker = async (path: string): Promise<Map<string, number>> => {
  const answered = await Promise.all(Array.from({ length: 8 }, () => call(path)));
  return new Map(answered.map((response) => [workerOf(response), response.status]));
};
const lines = (event: string) => scene.gateway.logs().filter((line) => line.event === event);

test('both workers serve the port, half of the connections each, and the metrics are their sum', async () => {
  const ok = 'portcullis_http_requests_total{endpoint="/mcp",reason="ok",status="2xx"}';
  const before = sampleOf(await scene.gateway.metrics(), ok) || 0;
  const answered = await calls(40);
  expect(answered.map(({ status }) => status)).toEqual(Array(40).fill(200));
  const counts = new Map<string, number>();
  for (const response of answered) counts.set(workerOf(response), (counts.get(workerOf(response)) ?? 0) + 1);
  expect(counts.size).toBe(2);
  expect((await scene.logOf(answered[0] as RawResponse)).clientAddress).toBe('127.0.0.1');
  expect([...counts.values()]).toEqual([20, 20]);
  const metrics = await scene.gateway.metrics();
  expect(sampleOf(metrics, ok) - before).toBe(40);
  expect(metrics.match(/^process_resident_memory_bytes\{worker="[012]"\}/gm)).toHaveLength(3);
  expect(sampleOf(metrics, 'portcullis_upstream_limit{endpoint="/mcp",kind="requests"}')).toBe(256);
  // Each answer has its line, and no line is torn.
  await until('a line for each call', () => lines('forwarded').length >= 40 + before);
  for (const line of scene.gateway.output().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
});

test('no token is the same 401 from each worker', async () => {
  const rejected = await Promise.all(Array.from({ length: 8 }, () => scene.send(modern('tools/list', {}))));
  expect(new Set(rejected.map(workerOf)).size).toBe(2);
  expect(new Set(rejected.map((one) => `${one.status} ${one.header('www-authenticate')}`)).size).toBe(1);
});

test('a session that one worker opened serves at the other one, without configured keys', async () => {
  scene.upstream.answer(answers.rpc({}, [['Mcp-Session-Id', 'the-session-of-the-upstream']]));
  const token = scene.token();
  const opened = await scene.send(legacy('tools/list', { token }));
  const headers: [string, string][] = [['Mcp-Session-Id', opened.header('mcp-session-id') ?? '']];
  const used = await Promise.all(Array.from({ length: 8 }, () => scene.send(legacy('tools/list', { token, headers }))));
  expect(used.map(({ status }) => status)).toEqual(Array(8).fill(200));
  expect(new Set(used.map(workerOf)).size).toBe(2);
  const forged: [string, string][] = [['Mcp-Session-Id', 'x'.repeat(100)]];
  expect((await scene.send(legacy('tools/list', { token, headers: forged }))).status).toBe(404);
});

test('a reload reaches both workers before its one line, and a bad file changes nothing', async () => {
  const upstream = `${scene.upstream.url}/up`;
  const second = { ...ENDPOINT, path: '/second' };
  expect([...(await eachWorker('/second')).values()]).toEqual([404, 404]);
  const endpoints = [
    { ...ENDPOINT, upstream },
    { ...second, upstream, audience: [`${scene.gateway.url}/mcp`] },
  ];
  const before = lines('config.reloaded').length;
  await scene.gateway.reload(config({ endpoints }));
  expect([...(await eachWorker('/second')).values()]).toEqual([200, 200]);
  expect(lines('config.reloaded').length - before).toBe(1);
  await scene.gateway.reload(config({ endpoints: [] }));
  await scene.gateway.reload(config({ endpoints, workers: 3 }));
  expect(lines('config.reload_failed').map(({ detail }) => detail)).toEqual([
    expect.stringContaining('endpoints'),
    expect.stringContaining('workers is 2 and would be 3'),
  ]);
  expect([...(await eachWorker('/second')).values()]).toEqual([200, 200]);
  const metrics = await scene.gateway.metrics();
  expect(sampleOf(metrics, 'portcullis_reload_up{part="config"}')).toBe(0);
  expect(sampleOf(metrics, 'portcullis_reloads_total{part="config",result="success"}')).toBe(before + 1);
  await scene.gateway.reload(config());
  expect([...(await eachWorker('/second')).values()]).toEqual([404, 404]);
});

test('long log lines stay whole, from both workers at once', async () => {
  const name = 'x'.repeat(6_000);
  const token = scene.token();
  const long = () => scene.send(modern('tools/call', { token, params: { name } }), { ms: 15_000 });
  const answered = await Promise.all(Array.from({ length: 60 }, long));
  expect(new Set(answered.map(workerOf)).size).toBe(2);
  for (const response of answered) await scene.logOf(response);
  for (const line of scene.gateway.output().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
});

test('the words of the start are there once: one line about the listeners, one about the keys', () => {
  expect(lines('gateway.listening')).toHaveLength(1);
  expect(lines('session.key_drawn')).toHaveLength(1);
  expect(lines('keys.loaded')).toHaveLength(1);
});
