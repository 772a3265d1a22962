// Proves audit, traces and metrics with a real OpenTelemetry Collector: names and attributes are
// those of the docs, no record is lost while it is away, and no secret reaches it.
//
// Usage: `node scripts/verify/collector.mjs [--cache FOLDER]`, after `npm run build`. It takes the
// collector from the cache, or builds it there with Go.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exitOnSignals } from '../../test/fixtures/child.js';
import { until } from '../../test/fixtures/wait.js';
import { createChecks } from './checks.mjs';
import { collectorVersion, createCollector, findCollector } from './collector/program.mjs';
import { DENIED, PARENT, SECRETS, startScene, TRACE } from './collector/scene.mjs';
import { root, scratch } from './steps.mjs';

const WAIT_MS = 20_000;
const DURATION = 'mcp.server.operation.duration';
const BOUNDS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];
const [SERVER, CLIENT] = [2, 3];

const { values } = parseArgs({ options: { cache: { type: 'string' } } });
exitOnSignals();
mkdirSync(scratch, { recursive: true });
const cache = values.cache ?? join(tmpdir(), 'portcullis-collector');
const folder = mkdtempSync(join(scratch, 'collector-'));
const opened = [];
const { check, finish } = createChecks(`the collector ${collectorVersion()}`);

function equal(label, found, wanted) {
  const [some, other] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (some !== other) throw new Error(`${label}: ${some} in place of ${other}`);
}

/** The names in the first column of the tables of a page. */
function namesIn(page) {
  const text = readFileSync(join(root, 'docs', page), 'utf8');
  return new Set([...text.matchAll(/^\| `([\w.]+)` /gm)].map(([, name]) => name));
}
const undescribed = (all, described) => [
  ...new Set(
    all.flatMap(({ attributes }) => Object.keys(attributes)).filter((name) => !described.has(name)),
  ),
];

try {
  const program = await findCollector(cache, (line) => console.log(line)).catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
  const collector = await createCollector(program, folder);
  opened.push(collector.release, collector.stop);
  await collector.start();
  const scene = await startScene(folder, collector.url, opened);
  const records = () => collector.logs().map(({ attributes }) => attributes);
  const recordOf = ({ id }) =>
    until(
      `the record of ${id}`,
      () => records().find(({ requestId }) => requestId === id),
      WAIT_MS,
    );
  const spansOf = ({ id }, count) =>
    until(
      `the spans of ${id}`,
      () => {
        const own = (span) => span.attributes['portcullis.request_id'] === id;
        const found = collector.spans().filter(own);
        return found.length === count && found;
      },
      WAIT_MS,
    );

  await check('a call: its record', async () => {
    const answer = await scene.call('read', { headers: { traceparent: PARENT } });
    equal('status', answer.status, 200);
    const record = await recordOf(answer);
    const wanted = {
      audit: 1,
      verdict: 'allowed',
      reason: 'ok',
      subject: 'alice',
      endpoint: '/mcp',
    };
    for (const [name, value] of Object.entries(wanted)) equal(name, record[name], value);
    equal('the context', record.traceparent, PARENT);
    const log = collector.logs().find(({ attributes }) => attributes.requestId === answer.id);
    equal('the event', [log.eventName, log.severityNumber], ['portcullis.audit', 9]);
    equal('the body', log.body, { stringValue: 'allowed ok' });
    equal('the service', log.resource['service.name'], 'portcullis');
    equal('the time', new Date(Number(BigInt(log.timeUnixNano) / 1_000_000n)).getTime() > 0, true);
  });
  await check('a call: its spans, below the caller', async () => {
    const answer = await scene.call('read', { headers: { traceparent: PARENT } });
    const spans = await spansOf(answer, 2);
    const server = spans.find(({ kind }) => kind === SERVER);
    const client = spans.find(({ kind }) => kind === CLIENT);
    equal('names', [server.name, client.name], ['tools/call read', 'tools/call read']);
    equal('traces', [server.traceId, client.traceId], [TRACE, TRACE]);
    equal(
      'parents',
      [server.parentSpanId, client.parentSpanId],
      [PARENT.split('-')[2], server.spanId],
    );
    equal(
      'the record',
      (await recordOf(answer))['trace.traceparent'],
      `00-${TRACE}-${client.spanId}-01`,
    );
    equal('the header of the upstream', answer.sent.traceparent, `00-${TRACE}-${client.spanId}-01`);
  });
  await check('what the first call waited for is a span', async () => {
    const waits = await until(
      'the wait',
      () => collector.spans().find(({ name }) => name === 'authenticate'),
      WAIT_MS,
    );
    equal('its attributes', waits.attributes, { 'portcullis.credential': 'jwt' });
  });
  await check('denials: a tool, a token, a path, and bytes that are not HTTP', async () => {
    const tool = await scene.call(DENIED);
    equal('the tool', [tool.status, (await recordOf(tool)).rule], [403, 'tools.rules[0]']);
    const [span] = await spansOf(tool, 1);
    equal('its span', [span.status.code, span.attributes['portcullis.reason']], [2, 'tool.denied']);
    const stranger = await scene.call('read', { token: null });
    equal('no token', (await recordOf(stranger)).reason, 'credential.missing');
    const nowhere = await scene.call('read', { path: '/nowhere' });
    equal('no endpoint', (await recordOf(nowhere))['url.path'], '/nowhere');
    await scene.sendGarbage();
    await until(
      'the record',
      () =>
        records().some(
          (one) => one.reason === 'connection.malformed' || one.reason.startsWith('connection.'),
        ),
      WAIT_MS,
    );
  });
  await check('texts of every kind arrive, and none of them stops the records', async () => {
    const names = ['ü€😀', 'a"b\\c', 'tab\tand\u0007bell', 'x'.repeat(900)];
    for (const name of names) {
      const answer = await scene.call(name);
      equal('status', answer.status, 200);
      equal('the name', (await recordOf(answer))['gen_ai.tool.name'], name);
    }
    // Half of a character, which UTF-8 cannot have: the end of a cut text, and a text of a token.
    const cut = await scene.call(`${'x'.repeat(1_023)}😀`);
    const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const head = part({ alg: 'RS256', kid: 'none' });
    const forged = await scene.call('read', {
      token: `${head}.${part({ iss: 'half \ud83d of one' })}.c2lnbmF0dXJl`,
    });
    equal('a rejected token', forged.status, 401);
    const [name, iss] = [
      (await recordOf(cut))['gen_ai.tool.name'],
      (await recordOf(forged))['unverified.iss'],
    ];
    return { note: `half a character: ${JSON.stringify([name.slice(-2), iss])}` };
  });
  await check('a batch and a stream', async () => {
    const answer = await scene.batch(['one', 'two']);
    equal('status', answer.status, 200);
    await until(
      'both records',
      () => records().filter(({ requestId }) => requestId === answer.id).length === 2,
      WAIT_MS,
    );
    const found = records().filter(({ requestId }) => requestId === answer.id);
    equal(
      'the places',
      found.map(({ batch }) => batch),
      [
        { index: 0, size: 2 },
        { index: 1, size: 2 },
      ],
    );
    const stream = await scene.stream();
    await until(
      'the end',
      () => records().filter(({ requestId }) => requestId === stream.id).length === 2,
      WAIT_MS,
    );
    equal(
      'phases',
      records()
        .filter(({ requestId }) => requestId === stream.id)
        .map(({ phase }) => phase),
      ['begin', 'end'],
    );
  });
  await check(`the metric ${DURATION}`, async () => {
    const metric = await until(
      'the metric',
      () => collector.metrics().findLast(({ name }) => name === DURATION),
      WAIT_MS,
    );
    equal('the unit', metric.unit, 's');
    const [point] = metric.points;
    equal('the bounds', point.explicitBounds, BOUNDS);
    equal('undescribed attributes', undescribed(metric.points, namesIn('traces.md')), []);
  });
  await check('the collector is away: calls get 503, and later each record is there', async () => {
    await collector.stop();
    const stopped = performance.now();
    const waiting = [await scene.call('read')];
    const rejected = await until(
      'a rejection',
      async () => {
        const answer = await scene.call('read');
        if (answer.status === 200) waiting.push(answer);
        return answer.status === 503 && answer;
      },
      WAIT_MS,
    );
    const seconds = ((performance.now() - stopped) / 1000).toFixed(1);
    equal('the answer', JSON.parse(rejected.text).error.message, 'Cannot record calls right now');
    await collector.start();
    for (const answer of waiting) await recordOf(answer);
    const passes = async () => (await scene.call('read')).status === 200;
    await until('calls pass again', passes, WAIT_MS);
    return { note: `rejected after ${seconds} s, ${waiting.length} records came later` };
  });
  await check('the docs describe each attribute', () => {
    equal('records', undescribed(collector.logs(), namesIn('audit.md')), []);
    equal('spans', undescribed(collector.spans(), namesIn('traces.md')), []);
    return { note: `${collector.logs().length} records, ${collector.spans().length} spans` };
  });
  await check('each served call has one record, and no secret reaches the collector', async () => {
    await scene.stopGateway();
    const served = scene.served();
    // The collector writes its files once a second.
    await until(
      'the last record',
      () => {
        const ids = new Set(records().map(({ requestId }) => requestId));
        return served.every((id) => ids.has(id));
      },
      WAIT_MS,
    );
    const ids = records().map(({ requestId }) => requestId);
    const twice = served.filter((id) => ids.indexOf(id) !== ids.lastIndexOf(id));
    equal('records that came twice', twice, []);
    const texts = collector.texts();
    equal('secrets', SECRETS().filter((secret) => texts.includes(secret)).length, 0);
    return { note: `${served.length} calls` };
  });
} finally {
  for (const end of opened.reverse()) await end();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
finish();
