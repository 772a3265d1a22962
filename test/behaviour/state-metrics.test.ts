// The metrics while requests and streams are open, and while an issuer is down.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { legacy, modern } from '../fixtures/messages.js';
import { openRaw, requestBytes } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { ENV_SECRET, type Scene, startScene } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';

let scene: Scene;
beforeAll(async () => {
  scene = await startScene({
    issuer: { introspection: { clientId: 'gateway', clientSecret: ENV_SECRET } },
    more: [{ path: '/b/mcp' }],
    env: { SECRET: 'introspection-secret-11ab' },
  });
  await scene.passes();
});
afterAll(() => scene.stop());

async function readSeries(series: string): Promise<number | undefined> {
  const line = (await scene.gateway.metrics()).split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}
const ofIssuer = (name: string): string => `portcullis_${name}{issuer="${scene.issuer.issuer}"}`;
const IN_FLIGHT = 'portcullis_http_requests_in_flight';
const STREAMS = 'portcullis_open_streams{endpoint="/mcp"}';
const inUse = (kind: string): string => `portcullis_upstream_in_use{endpoint="/mcp",kind="${kind}"}`;

test('a healthy issuer is up, and its keys are young', async () => {
  expect(await readSeries(ofIssuer('issuer_up'))).toBe(1);
  expect(await readSeries(ofIssuer('introspection_up'))).toBe(1);
  expect(await readSeries(ofIssuer('issuer_keys_age_seconds'))).toBeLessThan(60);
});

test('an open stream and a call in flight are counted until they end', async () => {
  await until('no request is open', async () => (await readSeries(IN_FLIGHT)) === 0);
  expect(await readSeries(STREAMS)).toBe(0);
  scene.upstream.reset();
  scene.upstream.answer(answers.stall());
  const call = await openRaw(scene.gateway.port, { label: 'a call without an answer' });
  await call.write(requestBytes(scene.gateway.port, modern('tools/list', { token: scene.token() })));
  await until('the call is in flight', async () => (await readSeries(IN_FLIGHT)) === 1);
  expect([await readSeries(inUse('requests')), await readSeries(inUse('streams'))]).toEqual([1, 0]);
  expect(await readSeries(STREAMS)).toBe(0);
  const stream = await openRaw(scene.gateway.port, { label: 'a GET stream' });
  // The gateway sends the head of a quiet GET stream itself.
  await stream.write(requestBytes(scene.gateway.port, legacy('', { method: 'GET', token: scene.token() })));
  await until('the stream is open', async () => (await readSeries(STREAMS)) === 1);
  expect(await readSeries(IN_FLIGHT)).toBe(2);
  expect([await readSeries(inUse('requests')), await readSeries(inUse('streams'))]).toEqual([1, 1]);
  expect(await readSeries('portcullis_upstream_limit{endpoint="/mcp",kind="streams"}')).toBe(1000);
  expect(await readSeries('portcullis_open_streams{endpoint="/b/mcp"}')).toBe(0);
  stream.destroy();
  call.destroy();
  await until('both have ended', async () => (await readSeries(IN_FLIGHT)) === 0 && (await readSeries(STREAMS)) === 0);
});

test('introspection is not up while the breaker is open', async () => {
  scene.issuer.introspect = () => ({ active: 'maybe' });
  for (let i = 0; i < 5; i++) await scene.send(modern('tools/list', { token: `opaque-token-${i}` }));
  expect(await readSeries(ofIssuer('introspection_up'))).toBe(0);
  expect(await readSeries(ofIssuer('issuer_up'))).toBe(1);
});

test('an issuer that was never reached is down, and has no age', async () => {
  const down = await startScene({ issuer: { jwksUri: 'http://127.0.0.1:1/keys' } });
  try {
    const up = `portcullis_issuer_up{issuer="${down.issuer.issuer}"} 0`;
    await until('the keys were tried', async () => (await down.gateway.metrics()).includes(up));
    expect(await down.gateway.metrics()).not.toContain('portcullis_issuer_keys_age_seconds{');
  } finally {
    await down.stop();
  }
});
