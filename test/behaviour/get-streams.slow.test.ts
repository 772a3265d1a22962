// GET streams of upstreams that send no head before their first event, that refuse the stream late,
// or that restart.
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { legacy } from '../fixtures/messages.js';
import type { RawConnection, RawResponse } from '../fixtures/raw-client.js';
import { type Answer, answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';
import { AT_ONCE, ends, FIRST, openStream, withoutComments } from '../support/stream-calls.js';

/** Later than the gateway's own head, which follows 1.5 s after the connection. */
const LATE_MS = 2_000;

let scene: Scene;
beforeAll(async () => {
  // Shorter than a late head: it limits calls, not GET streams.
  scene = await startScene({
    upstream: { headersTimeoutMs: 500 },
    endpoint: { streams: { keepAliveSeconds: 1 } },
    more: [{ path: '/filtered', tools: { default: 'allow', rules: [{ tool: 'admin_*', deny: true }], filterLists: true } }],
  });
});
afterAll(() => scene.stop());
beforeEach(async () => {
  scene.upstream.reset();
  await scene.passes();
  scene.upstream.reset();
});

/** Every stream has its own caller, so that no stream is the return of another. */
let callers = 0;
const token = (path = '/mcp', ttl = 300): string =>
  scene.token({ audience: scene.gateway.url + path, ttl, claims: { sub: `caller-${callers++}` } });
const open = (path = '/mcp', ttl = 300): Promise<RawConnection> =>
  openStream(scene.gateway.port, legacy('', { method: 'GET', path, token: token(path, ttl) }));
async function whole(path = '/mcp', ttl = 300): Promise<RawResponse> {
  const connection = await open(path, ttl);
  const response = await connection.response({ label: 'a GET stream', ms: 8000, closeMs: 100 });
  connection.destroy();
  return response;
}
const late = (answer: Answer): Answer => answers.delayed(LATE_MS, answer);
const json = (status: number): Answer => answers.status(status, [['Content-Type', 'application/json']], '{}');

describe('B-70, B-72: an upstream that sends no head before its first event', () => {
  test('the gateway sends the head and comments, then the events, and the end of the upstream is the end', async () => {
    scene.upstream.answer(async (exchange) => {
      await sleep(3_000);
      await ends(`\u{feff}${FIRST}`, 20, 'id: 7\ndata: {}\n\n')(exchange);
    });
    const connection = await open();
    await until('the head', () => connection.received().includes('\r\n\r\n'), 2_500);
    expect(scene.upstream.last?.closedAt).toBeUndefined();
    const response = await connection.response({ label: 'a stream with a late head', ms: 8000 });
    connection.destroy();
    expect([response.status, response.complete, response.header('content-type')]).toEqual([200, true, 'text/event-stream']);
    expect([response.header('cache-control'), response.header('x-accel-buffering')]).toEqual(['no-store, no-transform', 'no']);
    expect(withoutComments(response)).toBe(`${FIRST}id: 7\ndata: {}\n\n`);
    expect(response.body.indexOf(':\n')).toBe(0);
    expect((await scene.logOf(response)).reason).toBe('ok');
    expect(scene.upstream.hits).toBe(1);
  });

  test('the stream ends with its token (B-78), and the caller may disconnect (B-73)', async () => {
    scene.upstream.answer(answers.stall());
    const [ended, left] = await Promise.all([whole('/mcp', 4), open()]);
    expect([ended.status, ended.complete, withoutComments(ended)]).toEqual([200, true, AT_ONCE]);
    expect((await scene.logOf(ended)).reason).toBe('stream.max_duration');
    await until('the head', () => left.received().includes('\r\n\r\n'), 2_500);
    left.destroy();
    await until('the upstream sees both ends', () => scene.upstream.requests.every(({ closedAt }) => closedAt !== undefined));
  });

  test('late events are filtered as others (A-37)', async () => {
    const tools = [{ name: 'read' }, { name: 'admin_drop' }];
    scene.upstream.answer(late(answers.sse([{ data: { jsonrpc: '2.0', id: 1, result: { tools } } }])));
    const response = await whole('/filtered');
    expect(response.body).toContain('read');
    expect(response.body).not.toContain('admin_drop');
  });
});

describe('an upstream that refuses a GET stream', () => {
  test.each([404, 405, 500])('within 1.5 s: the caller gets its status %d', async (status) => {
    scene.upstream.answer(answers.delayed(600, json(status)));
    expect((await whole()).status).toBe(status);
  });

  test('later: the stream ends, and the log says why', async () => {
    const cases: [Answer, string][] = [
      [json(404), 'status 404'],
      [json(405), 'status 405'],
      [json(503), 'status 503'],
      [json(200), 'not an event stream'],
      [answers.status(204), 'status 204'],
      [answers.status(401), 'status 401 to a request without a credential'],
      [
        answers.status(302, [['Location', 'http://internal.example']]),
        'redirect 302 to http://internal.example/; if that is the MCP server, write this as upstream',
      ],
      [answers.status(200, [['Content-Type', 'text/html']], 'x'), 'neither JSON nor an event stream'],
      [
        answers.status(
          200,
          [
            ['Content-Type', 'text/event-stream'],
            ['Content-Encoding', 'gzip'],
          ],
          gzipSync(FIRST),
        ),
        'compressed',
      ],
      [answers.raw('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(17), { keep: true }), 'status 103'],
    ];
    const responses: Promise<RawResponse>[] = [];
    for (const [answer] of cases) {
      scene.upstream.next(late(answer));
      responses.push(whole());
      await scene.upstream.waitFor(responses.length);
    }
    for (const [n, response] of (await Promise.all(responses)).entries()) {
      expect([response.status, response.complete, response.closed, withoutComments(response)]).toEqual([200, true, false, '']);
      const { reason, detail } = await scene.logOf(response);
      expect({ reason, detail }).toEqual({ reason: 'stream.broken', detail: `late response: ${cases[n]?.[1]}` });
    }
    expect(scene.upstream.hits).toBe(cases.length);
  });

  test.each([
    ['404 with a length', 'HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n'],
    ['200 with a length', 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9\r\n\r\n'],
    ['200 without a media type', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ])('with the head of a %s, and no byte of its body: 504 after the timeout', async (_what, head) => {
    scene.upstream.answer(answers.raw(head, { keep: true }));
    const response = await whole();
    expect([response.status, (await scene.logOf(response)).reason]).toEqual([504, 'upstream.timeout']);
    await until('the upstream sees the end', () => scene.upstream.last?.closedAt !== undefined);
  });

  test('B-77: later, with a broken connection: the caller sees a cut', async () => {
    scene.upstream.answer(late(answers.hangUp()));
    const response = await whole();
    expect([response.status, response.complete, response.closed]).toEqual([200, false, true]);
    expect((await scene.logOf(response)).reason).toBe('stream.broken');
  });
});

describe('B-76: an upstream that restarts', () => {
  test('a GET stream waits for it, a call is 502 at once', async () => {
    await scene.upstream.stop();
    const streams = await Promise.all([open(), open(), open()]);
    const call = await scene.send(legacy('tools/list', { token: token() }));
    expect([call.status, (await scene.logOf(call)).reason]).toEqual([502, 'upstream.unreachable']);
    await sleep(700);
    expect(streams.map((stream) => stream.received())).toEqual(['', '', '']);
    scene.upstream.answer(answers.sse([{ data: 'up' }]));
    await scene.upstream.start();
    for (const stream of streams) {
      const response = await stream.response({ label: 'a stream after the restart' });
      expect([response.status, response.body]).toEqual([200, ':\ndata: up\n\n']);
      stream.destroy();
    }
  });

  test('five seconds later the stream is 502; one whose caller disconnects ends at once', async () => {
    await scene.upstream.stop();
    const started = performance.now();
    const [stays, leaves] = await Promise.all([open(), open()]);
    await sleep(300);
    leaves.destroy();
    await until(
      'the disconnect is logged',
      () => scene.gateway.logs().some(({ reason }) => reason === 'client.disconnected'),
      2_000,
    );
    const response = await stays.response({ label: 'a stream without an upstream', ms: 8000 });
    stays.destroy();
    expect([response.status, (await scene.logOf(response)).reason]).toEqual([502, 'upstream.unreachable']);
    expect(performance.now() - started).toBeGreaterThan(4_500);
    await scene.upstream.start();
  });
});
