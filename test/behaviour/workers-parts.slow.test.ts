// The workers of one gateway share counts of limits, the state for operators and the audit file.
// Another worker serves the calls beside a stream.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GatewayStatus } from '../../src/core/status.js';
import { legacy, modern } from '../fixtures/messages.js';
import { openRaw, type RawResponse, requestBytes } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { until } from '../fixtures/wait.js';
import { auditFile, recordsOf } from '../support/audit-scene.js';
import { sampleOf, startWorkersScene, type WorkersScene, workerOf } from '../support/workers.js';

const file = auditFile();
let scene: WorkersScene;
beforeAll(async () => {
  scene = await startWorkersScene({
    more: [{ path: '/few', scopes: ['files:read'], limits: { perPrincipal: { ratePerMinute: 6 } } }],
    root: { audit: { file, onFailure: 'reject' } },
  });
}, 60_000);
afterAll(async () => {
  expect(await scene.gateway.stop()).toBe(0);
  await Promise.all([scene.issuer.stop(), scene.upstream.stop()]);
}, 60_000);

const call = (path = '/mcp'): Promise<RawResponse> => {
  const token = scene.token({ audience: `${scene.gateway.url}${path}` });
  return scene.send(modern('tools/list', { path, token }), { ms: 15_000 });
};
const many = (count: number, path?: string) => Promise.all(Array.from({ length: count }, () => call(path)));
const status = async (): Promise<GatewayStatus> =>
  (await (await fetch(`http://127.0.0.1:${scene.gateway.adminPort}/status`)).json()) as GatewayStatus;

test('a limit counts once for both workers', async () => {
  const answered = await many(10, '/few');
  expect(new Set(answered.map(workerOf)).size).toBe(2);
  expect(answered.map((one) => one.status).sort()).toEqual([...Array(6).fill(200), ...Array(4).fill(429)]);
  const limited = 'portcullis_rate_limited_total{endpoint="/few",limit="principal"}';
  expect(sampleOf(await scene.gateway.metrics(), limited)).toBe(4);
});

test('/status sums up the workers, and /metrics names the configuration once', async () => {
  const before = (await status()).endpoints.find(({ name }) => name === '/mcp')?.requests ?? 0;
  expect(new Set((await many(8)).map(workerOf)).size).toBe(2);
  const { ready, processes, endpoints, issuers, config } = await status();
  expect([ready, processes, config.generation]).toEqual([true, 2, 1]);
  expect(endpoints.find(({ name }) => name === '/mcp')).toMatchObject({ requests: before + 8, refused: 0, limit: 256 });
  expect(issuers).toMatchObject([{ up: true }]);
  const metrics = await scene.gateway.metrics();
  expect(sampleOf(metrics, 'portcullis_config_generation')).toBe(1);
  expect(sampleOf(metrics, 'portcullis_config_hash')).toBe(Number.parseInt(config.hash, 16));
  expect(sampleOf(metrics, 'portcullis_audit_up')).toBe(1);
});

test('each call has one whole record in the audit file, whichever worker served it', async () => {
  const answered = await many(40);
  expect(new Set(answered.map(workerOf)).size).toBe(2);
  const ids = answered.map((one) => one.header('x-request-id'));
  await until('the records', () => {
    const recorded = recordsOf(file).map(({ requestId }) => requestId);
    return ids.every((id) => recorded.filter((one) => one === id).length === 1);
  });
});

test('a stream stays open at its worker while both serve calls of its session', async () => {
  scene.upstream.answer(answers.rpc({}, [['Mcp-Session-Id', 'one']]));
  const token = scene.token();
  const opened = await scene.send(legacy('tools/list', { token }));
  const headers: [string, string][] = [['Mcp-Session-Id', opened.header('mcp-session-id') ?? '']];
  const event = (data: string, afterMs: number) => ({ data: { jsonrpc: '2.0', method: data }, afterMs });
  scene.upstream.answer(answers.sse([event('first', 0), event('last', 2_000)]));
  const stream = await openRaw(scene.gateway.port, { ms: 15_000 });
  await stream.write(requestBytes(scene.gateway.port, legacy('', { method: 'GET', token, headers })));
  await until('the first event', () => stream.received().includes('first'));
  scene.upstream.answer(answers.rpc());
  const sent = () => scene.send(legacy('tools/list', { token, headers }), { ms: 15_000 });
  const answered = await Promise.all(Array.from({ length: 8 }, sent));
  expect(answered.map((one) => one.status)).toEqual(Array(8).fill(200));
  expect(new Set(answered.map(workerOf)).size).toBe(2);
  await until('the last event', () => stream.received().includes('last'));
  stream.destroy();
});
