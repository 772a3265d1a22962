// Spans of calls and the durations of operations, as a collector gets them: semantic conventions
// for generative AI, v0.1.0.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type HeaderLine, legacy, META, modern } from '../fixtures/messages.js';
import type { RawResponse } from '../fixtures/raw-client.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';
import { auditFile, recordsFor } from '../support/audit-scene.js';
import { type Collector, type Received, startCollector } from '../support/collector.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = `00-${TRACE}-00f067aa0ba902b7-01`;
const META_TRACE = '0af7651916cd43dd8448eb211c80319c';
const META_PARENT = `00-${META_TRACE}-b7ad6b7169203331-01`;
const SERVER = 2;
const CLIENT = 3;
const file = auditFile();
const DURATION = 'mcp.server.operation.duration';

interface Span extends Received {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
}

let collector: Collector;
let scene: Scene;
beforeAll(async () => {
  collector = await startCollector();
  const otlp = collector.url;
  scene = await startScene({
    root: {
      audit: { file },
      traces: { otlp, headers: { 'X-Tenant': '${env:COLLECTOR}' } },
      metrics: { otlp, intervalSeconds: 1 },
    },
    env: { COLLECTOR: 'secret-of-the-collector' },
    endpoint: { tools: { default: 'allow', rules: [{ tool: 'drop_*', deny: true }] } },
  });
});
afterAll(async () => {
  await scene.stop();
  await collector.stop();
});
beforeEach(() => scene.upstream.reset());

const meta = (fields: Record<string, unknown> = {}, name = 'read') =>
  JSON.stringify({ jsonrpc: '2.0', id: 'id-1', method: 'tools/call', params: { name, _meta: { ...META, ...fields } } });
const callTool = (headers: HeaderLine[], body = meta(), name = 'read', token: string | undefined = scene.token()) =>
  scene.send(modern('tools/call', { token, params: { name }, headers, body }));

/** The spans of a response. */
const spansOf = (response: RawResponse, count: number) =>
  until('the spans', () => {
    const id = response.header('x-request-id');
    const found = collector.spans().filter(({ attributes }) => attributes['portcullis.request_id'] === id);
    return found.length >= count ? found : undefined;
  });
const sent = (name: string): string | undefined =>
  scene.upstream.last?.rawHeaders.find(([one]) => one.toLowerCase() === name)?.[1];

test('a call: a SERVER span below the context of the caller, and a CLIENT span for the upstream', async () => {
  const response = await callTool([
    ['traceparent', PARENT],
    ['tracestate', 'rojo=1'],
  ]);
  expect(response.status).toBe(200);
  const spans = await spansOf(response, 2);
  const server = spans.find(({ kind }) => kind === SERVER) as Span;
  const client = spans.find(({ kind }) => kind === CLIENT) as Span;
  expect(server).toMatchObject({ name: 'tools/call read', traceId: TRACE, parentSpanId: '00f067aa0ba902b7' });
  expect(server.attributes).toEqual({
    'mcp.method.name': 'tools/call',
    'gen_ai.tool.name': 'read',
    'gen_ai.operation.name': 'execute_tool',
    'jsonrpc.request.id': 'id-1',
    'mcp.protocol.version': '2026-07-28',
    'network.protocol.name': 'http',
    'network.protocol.version': '1.1',
    'network.transport': 'tcp',
    'client.address': '127.0.0.1',
    'http.response.status_code': 200,
    'portcullis.endpoint': '/mcp',
    'portcullis.request_id': response.header('x-request-id'),
  });
  expect(server.resource).toMatchObject({ 'service.name': 'portcullis' });
  expect(client).toMatchObject({ traceId: TRACE, parentSpanId: server.spanId });
  expect(client.attributes).toMatchObject({ 'server.address': '127.0.0.1', 'server.port': scene.upstream.port });
  expect(BigInt(server.endTimeUnixNano) >= BigInt(client.endTimeUnixNano)).toBe(true);
  expect(BigInt(server.startTimeUnixNano) <= BigInt(client.startTimeUnixNano)).toBe(true);
  // The upstream continues below the span of the gateway.
  expect([sent('traceparent'), sent('tracestate')]).toEqual([`00-${TRACE}-${client.spanId}-01`, 'rojo=1']);
  const [record] = await recordsFor(file, response);
  expect(record).toMatchObject({ traceparent: PARENT, 'trace.traceparent': `00-${TRACE}-${client.spanId}-01` });
  expect(collector.heads.map((head) => head['x-tenant'])).toContain('secret-of-the-collector');
});

test('the context in _meta is the parent, that of the header a link, and the body stays as it is', async () => {
  const body = meta({ traceparent: META_PARENT });
  const response = await callTool([['traceparent', PARENT]], body);
  const spans = await spansOf(response, 2);
  const server = spans.find(({ kind }) => kind === SERVER) as Span;
  expect(server).toMatchObject({ traceId: META_TRACE, parentSpanId: 'b7ad6b7169203331', links: [{ traceId: TRACE }] });
  expect(scene.upstream.last?.body.toString()).toBe(body);
});

test('a caller without a context, or with a broken one, begins a trace', async () => {
  for (const headers of [[], [['traceparent', '00-zz-1-01']]] as HeaderLine[][]) {
    const spans = await spansOf(await callTool(headers), 2);
    const server = spans.find(({ kind }) => kind === SERVER) as Span;
    expect(server.traceId).toMatch(/^[\da-f]{32}$/);
    expect(server.parentSpanId ?? '').toBe('');
    expect(sent('traceparent')).toContain(server.traceId);
  }
});

test('a verified caller that does not sample keeps its decision: no span, and its flag goes on', async () => {
  await callTool([['traceparent', PARENT.replace(/01$/, '00')]]);
  expect(sent('traceparent')).toMatch(new RegExp(`^00-${TRACE}-[\\da-f]{16}-00$`));
});

describe('a failure', () => {
  test('a denied tool', async () => {
    const response = await callTool([], meta({}, 'drop_x'), 'drop_x');
    const [span, ...rest] = await spansOf(response, 1);
    expect(rest).toEqual([]);
    expect(span).toMatchObject({
      name: 'tools/call drop_x',
      kind: SERVER,
      status: { code: 2, message: 'You may not use this tool' },
    });
    expect(span?.attributes).toMatchObject({
      'error.type': '-31403',
      'rpc.response.status_code': '-31403',
      'portcullis.reason': 'tool.denied',
    });
  });

  test('before authentication, a span of the request', async () => {
    const response = await scene.send(modern('tools/list', { headers: [['traceparent', PARENT]] }));
    const [span] = await spansOf(response, 1);
    expect(span).toMatchObject({ name: 'POST /mcp', traceId: TRACE, attributes: { 'portcullis.reason': 'credential.missing' } });
  });
});

test('GET and DELETE have no span: the upstream gets the context of the caller', async () => {
  await scene.send(legacy('', { method: 'DELETE', token: scene.token(), headers: [['traceparent', PARENT]] }));
  expect(sent('traceparent')).toBe(PARENT);
});

test('the duration of operations, on /metrics and at the collector', async () => {
  const metrics = await scene.gateway.metrics();
  const series = metrics.split('\n').filter((line) => line.startsWith('mcp_server_operation_duration_seconds_bucket'));
  const read = series.filter((line) => line.includes('gen_ai_tool_name="read"') && !line.includes('error_type'));
  expect(read.map((line) => /le="([^"]+)"/.exec(line)?.[1])).toEqual(
    [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, '+Inf'].map(String),
  );
  // A denied name makes no series of its own.
  expect(series.some((line) => line.includes('gen_ai_tool_name="_OTHER"') && line.includes('error_type="-31403"'))).toBe(true);
  const points = await until('the histogram', () => {
    const found = collector.points(DURATION).filter(({ attributes }) => attributes['gen_ai.tool.name'] === 'read');
    return found.length > 0 ? found : undefined;
  });
  expect(points[0]).toMatchObject({
    unit: 's',
    explicitBounds: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300],
    attributes: { 'mcp.method.name': 'tools/call', 'gen_ai.operation.name': 'execute_tool', 'network.transport': 'tcp' },
  });
});
