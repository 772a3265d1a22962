// The audit under load: two gateways append to one file, and strangers cannot fill the queue.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { modern } from '../fixtures/messages.js';
import type { RawResponse } from '../fixtures/raw-client.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';
import { auditFile, recordsIn, recordsOf } from '../support/audit-scene.js';
import { startCollector } from '../support/collector.js';

let stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
  stops = [];
});

/** Runs `send` `count` times, `width` at once. */
async function inLanes(count: number, width: number, send: (at: number) => Promise<RawResponse>): Promise<RawResponse[]> {
  const responses: RawResponse[] = [];
  let next = 0;
  const lane = async () => {
    while (next < count) responses.push(await send(next++));
  };
  await Promise.all(Array.from({ length: width }, lane));
  return responses;
}

test('two gateways append to one file, also while it is rotated: each line is whole, and no record is lost', async () => {
  const file = auditFile();
  const options = { root: { audit: { file } }, process: true } as const;
  const scenes = await Promise.all([startScene(options), startScene(options)]);
  stops = scenes.map((scene) => scene.stop);
  const sendFrom = (scene: Scene) => {
    const token = scene.token();
    // Records of many lengths, up to that of a page of memory.
    return (at: number) => {
      const headers: [string, string][] = [['User-Agent', 'a'.repeat((at * 37) % 1_000)]];
      return scene.send(modern('tools/call', { token, headers, params: { name: `tool-${'b'.repeat((at * 53) % 900)}` } }));
    };
  };
  const load = Promise.all(scenes.map((scene) => inLanes(400, 8, sendFrom(scene))));
  await until('some records', () => recordsOf(file).length > 100);
  renameSync(file, `${file}.1`);
  const answered = (await load).flat();
  // A gateway looks for its file once a second, at a record.
  const [first] = scenes as [Scene, Scene];
  await until('the new file', async () => {
    answered.push(await sendFrom(first)(0));
    return existsSync(file);
  });
  expect(answered.filter(({ status }) => status !== 200)).toEqual([]);
  const ids = answered.map((response) => response.header('x-request-id')).sort();
  // Throws on a line that is not whole.
  const records = () => [`${file}.1`, file].flatMap((name) => recordsIn(readFileSync(name, 'utf8')));
  await until('the records', () => records().length >= ids.length);
  expect(
    records()
      .map(({ requestId }) => requestId)
      .sort(),
  ).toEqual(ids);
  expect(recordsOf(file).length).toBeGreaterThan(0);
}, 60_000);

test('reject, a slow collector, and a flood without credentials: proven callers are served', async () => {
  const collector = await startCollector();
  const scene = await startScene({ root: { audit: { otlp: collector.url, onFailure: 'reject' } } });
  stops = [collector.stop, scene.stop];
  expect((await scene.send(modern('tools/list', { token: scene.token() }))).status).toBe(200);
  // Well below the 5 s after which a write counts as late.
  collector.delayMs = 2_000;
  // About 2 KB a record: 4,200 of them are more than the whole queue.
  const text = randomBytes(700).toString('hex').slice(0, 1_024);
  const headers: [string, string][] = [
    ['User-Agent', text],
    ['traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
    ['tracestate', `a=${text.slice(0, 500)}`],
  ];
  const stranger = modern('tools/call', { headers, params: { name: 'x' } });
  const good = modern('tools/list', { token: scene.token() });
  const answered = await inLanes(5_500, 64, (at) => scene.send(at % 50 === 49 ? good : stranger));
  const counts = [401, 200, 503].map((status) => answered.filter((one) => one.status === status).length);
  expect(counts).toEqual([5_390, 110, 0]);
  const metrics = await scene.gateway.metrics();
  expect(metrics).toContain('portcullis_audit_up 1\n');
  const lost = Number(/result="lost"\} (\d+)/.exec(metrics)?.[1]);
  expect(lost).toBeGreaterThan(0);
  expect(scene.gateway.logs().filter(({ event }) => event === 'audit.lost')).toHaveLength(1);
  collector.delayMs = 0;
  const ids = answered.filter(({ status }) => status === 200).map((one) => one.header('x-request-id'));
  await until('the records of all served calls', () => {
    const recorded = new Set(collector.logs().map(({ attributes }) => attributes.requestId));
    return ids.every((id) => recorded.has(id));
  });
}, 120_000);
