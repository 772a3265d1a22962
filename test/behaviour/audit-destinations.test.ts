// The audit at other destinations: a collector, the log output; and grants of the bridge.
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, symlinkSync, unlinkSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { type Gateway, logLines } from '../fixtures/gateway.js';
import { modern } from '../fixtures/messages.js';
import { answers, startRawUpstream } from '../fixtures/raw-upstream.js';
import { type Scene, startConfigured, startScene } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';
import { auditFile, recordsOf } from '../support/audit-scene.js';
import { startCollector } from '../support/collector.js';
import { ENTRY_A, KEY_A } from '../support/reload-scene.js';

let stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
  stops = [];
});

const isUp = async (gateway: Gateway, up: number): Promise<boolean> =>
  (await gateway.metrics()).includes(`portcullis_audit_up ${up}\n`);
const call = (scene: Scene) => scene.send(modern('tools/call', { token: scene.token(), params: { name: 'read' } }));

test('a collector gets each record as a log record, also those of an outage', async () => {
  const collector = await startCollector();
  const scene = await startScene({ root: { audit: { otlp: collector.url, onFailure: 'reject' } } });
  stops = [collector.stop, scene.stop];
  const response = await call(scene);
  expect(response.status).toBe(200);
  const [log] = await until('the record', () => (collector.logs().length === 1 ? collector.logs() : undefined));
  expect(log).toMatchObject({
    severityNumber: 9,
    eventName: 'portcullis.audit',
    body: { stringValue: 'allowed ok' },
    attributes: { audit: 1, verdict: 'allowed', requestId: response.header('x-request-id'), 'gen_ai.tool.name': 'read' },
    resource: { 'service.name': 'portcullis' },
  });
  collector.status = 400;
  expect((await call(scene)).status).toBe(200);
  await until('the audit is down', () => isUp(scene.gateway, 0));
  expect((await call(scene)).status).toBe(503);
  collector.status = 200;
  await until('the audit is up', () => isUp(scene.gateway, 1));
  expect(collector.logs()).toHaveLength(2);
});

test('the log output of a process: lines that begin with audit, whole, between those of the log', async () => {
  const scene = await startScene({ root: { audit: { stdout: true } }, process: true });
  stops = [scene.stop];
  const responses = await Promise.all(Array.from({ length: 50 }, () => call(scene)));
  const ids = responses.map((response) => response.header('x-request-id')).sort();
  const records = () => logLines(scene.gateway.output().split('\n')).filter(({ audit }) => audit === 1);
  await until('the records', () => records().length === 50);
  expect(
    records()
      .map(({ requestId }) => requestId)
      .sort(),
  ).toEqual(ids);
  expect(
    scene.gateway
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{"audit":1,"time":"')),
  ).toHaveLength(50);
  const metrics = await scene.gateway.metrics();
  expect(metrics).toContain('portcullis_audit_records_total{result="written"} 50\n');
});

test('grants of the bridge: who got a token, who did not, and none without a record', async () => {
  const file = auditFile();
  const upstream = await startRawUpstream(answers.rpc());
  const RING = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const gateway = await startConfigured(
    {
      issuers: {},
      audit: { file, onFailure: 'reject' },
      apiKeys: { 'partner-a': ENTRY_A },
      bridge: { keys: ['${env:RING}'] },
      endpoints: [{ path: '/mcp', apiKeys: [{ header: 'X-Api-Key' }], upstream: `${upstream.url}/up` }],
    },
    { env: { RING } },
  );
  stops = [upstream.stop, () => gateway.stop()];
  const grant = (secret: string) =>
    fetch(`${gateway.url}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`partner-a:${secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
  expect((await grant(KEY_A)).status).toBe(200);
  expect((await grant('another-secret-of-nobody')).status).toBe(401);
  const records = await until('the records', () => (recordsOf(file).length === 2 ? recordsOf(file) : undefined));
  expect(records).toMatchObject([
    {
      verdict: 'allowed',
      reason: 'ok',
      credential: 'api-key',
      subject: 'partner-a',
      clientId: 'partner-a',
      grant: [`${gateway.url}/mcp`],
      keyFingerprint: expect.stringMatching(/^[\da-f]{8}$/),
      'url.path': '/oauth/token',
    },
    { verdict: 'denied', reason: 'grant.refused', 'http.response.status_code': 401 },
  ]);
  // A full disk: the bridge grants nothing.
  unlinkSync(file);
  symlinkSync('/dev/full', file);
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  await grant('another-secret-of-nobody');
  await until('the audit is down', () => isUp(gateway, 0));
  const refused = await grant(KEY_A);
  expect([refused.status, await refused.json()]).toMatchObject([503, { error: 'temporarily_unavailable' }]);
});

test('docs/audit.md: its example has only members that it describes, and describes each', async () => {
  const page = readFileSync(new URL('../../docs/audit.md', import.meta.url), 'utf8');
  const example = JSON.parse(/```json\n([\s\S]*?)\n```/.exec(page)?.[1] ?? '') as Record<string, unknown>;
  const described = [...page.matchAll(/^\| `([\w.]+)` /gm)].map(([, name]) => name as string);
  expect(Object.keys(example).filter((name) => !described.includes(name))).toEqual([]);
  const file = auditFile();
  const scene = await startScene({
    root: { audit: { file } },
    endpoint: { tools: { default: 'deny', rules: [{ tool: 'read' }] } },
  });
  stops = [scene.stop];
  await call(scene);
  await scene.send(modern('tools/call', { token: scene.token(), params: { name: 'drop' }, headers: [['User-Agent', 'x']] }));
  const records = await until('the records', () => (recordsOf(file).length === 2 ? recordsOf(file) : undefined));
  for (const record of records) expect(Object.keys(record).filter((name) => !described.includes(name))).toEqual([]);
  // The members of a denial, in the order of the example.
  const names = Object.keys(records[1] ?? {});
  expect(Object.keys(example).filter((name) => names.includes(name))).toEqual(names.filter((name) => name in example));
  expect(names.filter((name) => !(name in example))).toEqual([]);
});
