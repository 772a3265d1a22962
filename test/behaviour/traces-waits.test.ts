// The spans of what a call waited for: introspection, key fetches and token exchange.
import { afterEach, expect, test } from 'vitest';
import { modern } from '../fixtures/messages.js';
import type { RawResponse } from '../fixtures/raw-client.js';
import { ENV_SECRET } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';
import { type Collector, type Received, startCollector } from '../support/collector.js';
import { type ExchangeScene, exchangingAnswer, startExchangeScene } from '../support/exchange-scene.js';

const SLOW_MS = 150;
const slowly = () => new Promise((resolve) => setTimeout(resolve, SLOW_MS));
let scene: ExchangeScene;
let collector: Collector;
afterEach(async () => {
  await scene.stop();
  await collector.stop();
});

async function start(): Promise<void> {
  collector = await startCollector();
  scene = await startExchangeScene(
    {},
    {
      issuer: { introspection: { clientId: 'gateway', clientSecret: ENV_SECRET } },
      endpoint: { tools: { default: 'allow', rules: [{ tool: 'drop', deny: true }] } },
      root: { traces: { otlp: collector.url } },
    },
  );
}
const call = (token: string, name = 'read') => scene.send(modern('tools/call', { token, params: { name } }));

const msOf = ({ startTimeUnixNano: from, endTimeUnixNano: to }: Received): number =>
  Number(BigInt(to as string) - BigInt(from as string)) / 1e6;

/** The span of the call of a response, and the spans below it, in the order of their begin. */
async function traceOf(response: RawResponse, children: number): Promise<{ server: Received; below: Received[] }> {
  const id = response.header('x-request-id');
  return until('the spans', () => {
    const spans = collector.spans();
    const server = spans.find(({ attributes, kind }) => kind === 2 && attributes['portcullis.request_id'] === id);
    const below = spans.filter(({ parentSpanId }) => parentSpanId === server?.spanId);
    below.sort((a, b) => Number(BigInt(a.startTimeUnixNano as string) - BigInt(b.startTimeUnixNano as string)));
    return server !== undefined && below.length >= children ? { server, below } : undefined;
  });
}

test('a key fetch and a token exchange are spans of the first call, and a later call has none', async () => {
  await start();
  const token = scene.token();
  scene.server.next(async (exchange) => {
    await slowly();
    await exchangingAnswer()(exchange);
  });
  const first = await call(token);
  expect(first.status).toBe(200);
  const { server, below } = await traceOf(first, 3);
  expect(below.map(({ name, kind }) => [name, kind])).toEqual([
    ['authenticate', 1],
    ['upstream credential', 1],
    ['tools/call read', 3],
  ]);
  expect(below[0]?.attributes).toEqual({ 'portcullis.credential': 'jwt' });
  expect(msOf(below[1] as Received)).toBeGreaterThan(SLOW_MS - 5);
  expect(msOf(server)).toBeGreaterThan(msOf(below[1] as Received));
  const second = await call(token);
  const later = await traceOf(second, 1);
  expect(later.below.map(({ name }) => name)).toEqual(['tools/call read']);
});

test('a slow introspection is a span of a rejected call too', async () => {
  await start();
  scene.issuer.introspect = async () => {
    await slowly();
    return { active: false };
  };
  const rejected = await call('opaque-1');
  expect(rejected.status).toBe(401);
  const { below } = await traceOf(rejected, 1);
  expect(below.map(({ name }) => name)).toEqual(['authenticate']);
  expect(msOf(below[0] as Received)).toBeGreaterThan(SLOW_MS - 5);
});
