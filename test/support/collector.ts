// A receiver of OTLP over HTTP: keeps what the exporters of OpenTelemetry send as JSON, and answers
// as the test chooses.
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { output } from '../fixtures/ledger.js';
import { listen } from '../fixtures/ports.js';

type Value = Readonly<Record<string, unknown>>;
interface Attributed {
  readonly attributes?: readonly { readonly key: string; readonly value: Value }[];
}
type Sent = Attributed & Value;
interface Body {
  readonly resourceSpans?: readonly { resource: Sent; scopeSpans: readonly { spans: readonly Sent[] }[] }[];
  readonly resourceLogs?: readonly { resource: Sent; scopeLogs: readonly { logRecords: readonly Sent[] }[] }[];
  readonly resourceMetrics?: readonly {
    scopeMetrics: readonly { metrics: readonly { name: string; unit: string; histogram: { dataPoints: readonly Sent[] } }[] }[];
  }[];
}

/** With its attributes as an object. */
export interface Received {
  readonly [member: string]: unknown;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface Collector {
  readonly url: string;
  /** The status of the answers from now on. */
  status: number;
  /** The time before each answer from now on. */
  delayMs: number;
  /** The headers of each request. */
  readonly heads: IncomingHttpHeaders[];
  spans(): Received[];
  logs(): Received[];
  /** The data points of a histogram. */
  points(metric: string): Received[];
  stop(): Promise<void>;
}

function plain(value: Value): unknown {
  const [[kind, inner] = []] = Object.entries(value);
  if (kind === 'intValue') return Number(inner);
  if (kind === 'arrayValue') return (inner as { values: Value[] }).values.map(plain);
  if (kind === 'kvlistValue') return asObject((inner as { values: Attributed['attributes'] }).values);
  return inner;
}

const asObject = (list: Attributed['attributes'] = []): Record<string, unknown> =>
  Object.fromEntries(list.map(({ key, value }) => [key, plain(value)]));

const received = (one: Sent, more: Value = {}): Received => ({ ...one, ...more, attributes: asObject(one.attributes) });

export async function startCollector(): Promise<Collector> {
  const bodies: Body[] = [];
  const heads: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      heads.push(request.headers);
      const text = Buffer.concat(chunks).toString();
      if (collector.status === 200) bodies.push(JSON.parse(text));
      // The scan for secrets reads what collectors get.
      output('log', 'a collector', text);
      const { status, delayMs } = collector;
      setTimeout(() => response.writeHead(status, { 'content-type': 'application/json' }).end('{}'), delayMs);
    });
  });
  const port = await listen(server);
  const collector: Collector = {
    url: `http://127.0.0.1:${port}`,
    status: 200,
    delayMs: 0,
    heads,
    spans: () =>
      bodies.flatMap(({ resourceSpans = [] }) =>
        resourceSpans.flatMap(({ resource, scopeSpans }) =>
          scopeSpans.flatMap(({ spans }) => spans.map((span) => received(span, { resource: asObject(resource.attributes) }))),
        ),
      ),
    logs: () =>
      bodies.flatMap(({ resourceLogs = [] }) =>
        resourceLogs.flatMap(({ resource, scopeLogs }) =>
          scopeLogs.flatMap(({ logRecords }) =>
            logRecords.map((one) => received(one, { resource: asObject(resource.attributes) })),
          ),
        ),
      ),
    points: (metric) =>
      bodies.flatMap(({ resourceMetrics = [] }) =>
        resourceMetrics.flatMap(({ scopeMetrics }) =>
          scopeMetrics
            .flatMap(({ metrics }) => metrics)
            .filter(({ name }) => name === metric)
            .flatMap(({ unit, histogram }) => histogram.dataPoints.map((point) => received(point, { unit }))),
        ),
      ),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return collector;
}
