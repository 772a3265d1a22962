// Ambiguous requests, byte for byte over real sockets. Each has a valid twin that passes. The
// ambiguous one never reaches the upstream, fails with its row of docs/failures.md, and does not
// harm the process.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ambiguousRequests } from '../fixtures/ambiguous-requests.js';
import { bytesOf, type Change, goodCall } from '../fixtures/pieces.js';
import { openRaw } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until, withDeadline } from '../fixtures/wait.js';

const unchanged: Change = (good) => good;
const key = { header: 'X-Api-Key', upstreamVerifies: true, scopes: ['files:read'] };

let scene: Scene;
beforeAll(async () => {
  scene = await startScene({ endpoint: { passThrough: [key] } });
});
afterAll(() => scene.stop());

const bytes = (change: Change): Buffer => bytesOf(change(goodCall(scene.gateway.port)), scene.token());
const send = (change: Change, label: string) => {
  const request = bytes(change);
  return scene.send(request, { label, head: request.toString().startsWith('HEAD') });
};

/** Sends the valid twin, which reaches the upstream once. Then it resets the upstream. */
async function proveGood(twin: Change, label: string): Promise<void> {
  scene.upstream.reset();
  const good = await send(twin, `${label}: its twin`);
  expect([label, good.status, scene.upstream.hits]).toEqual([label, 200, 1]);
  scene.upstream.reset();
}

test('there are at least 60 requests, each with its own name', () => {
  expect(ambiguousRequests.length).toBeGreaterThanOrEqual(60);
  expect(new Set(ambiguousRequests.map(({ name }) => name)).size).toBe(ambiguousRequests.length);
});

test.each(ambiguousRequests)('$name: $status', async ({ name, twin = unchanged, flaw, status, reason }) => {
  await proveGood(twin, name);
  const before = scene.gateway.logs().length;
  const response = await send(flaw, name);
  expect([response.status, scene.upstream.hits]).toEqual([status, 0]);
  const told = () => scene.gateway.logs().slice(before);
  await until(`the log has ${reason}`, () =>
    told().some((line) => line.reason === reason && line['http.response.status_code'] === status),
  );
  expect((await scene.passes()).status).toBe(200);
});

test('C-138: a Content-Length shorter than the body: the rest is not a request, and the part not a call', async () => {
  await proveGood(unchanged, 'a length that is short');
  const short: Change = (good) => ({
    ...good,
    lines: good.lines.map((line) => (line.startsWith('Content-Length') ? `Content-Length: ${good.body.length - 1}` : line)),
  });
  const response = await scene.send(bytes(short), { label: 'a length that is short', closeMs: 3000 });
  // The gateway cuts the connection where the rest arrives before it has rejected the part: the
  // client would take an answer to the rest for one to the call.
  expect([0, 400]).toContain(response.status);
  expect([response.closed, scene.upstream.hits]).toEqual([true, 0]);
  await scene.passes();
});

describe('C-142: 100-continue', () => {
  const waits =
    (change: Change = unchanged): Change =>
    (good) => {
      const { line, lines } = change(good);
      return { line, lines: [...lines, 'Expect: 100-continue'], body: '' };
    };
  const anonymous: Change = (good) => ({ ...good, lines: good.lines.filter((line) => !line.startsWith('Authorization')) });

  test('is sent to a client with a credential, and its body is forwarded', async () => {
    scene.upstream.reset();
    const connection = await openRaw(scene.gateway.port, { label: 'a body that waits' });
    await connection.write(bytes(waits()));
    await until('the 100 arrives', () => connection.received() === 'HTTP/1.1 100 Continue\r\n\r\n');
    expect(scene.upstream.hits).toBe(0);
    await connection.write(goodCall(scene.gateway.port).body);
    const response = await connection.response({ label: 'the answer after the 100' });
    expect([response.status, response.interim, scene.upstream.hits]).toEqual([200, [100], 1]);
    connection.destroy();
  });

  test.each<[string, Change, number]>([
    ['without a credential', anonymous, 401],
    ['to another path', (good) => ({ ...good, line: 'POST /other HTTP/1.1' }), 404],
    ['with another media type', (good) => ({ ...good, lines: [...good.lines, 'Content-Encoding: gzip'] }), 415],
    ['with two Hosts', (good) => ({ ...good, lines: [...good.lines, 'Host: evil.test'] }), 400],
  ])('is not sent to a client %s, which reads the rejection', async (name, change, status) => {
    scene.upstream.reset();
    const response = await scene.send(bytes(waits(change)), { label: name, closeMs: 5000 });
    expect([response.status, response.interim, response.closed, scene.upstream.hits]).toEqual([status, [], true, 0]);
    await scene.passes();
  });
});

test('RFC 9110 section 6.5: the trailers of a valid call do not reach the upstream', async () => {
  scene.upstream.reset();
  const response = await send(
    ({ line, lines, body }) => ({
      line,
      lines: [...lines.filter((one) => !one.startsWith('Content-Length')), 'Transfer-Encoding: chunked', 'Trailer: Mcp-Name'],
      body: `${body.length.toString(16)}\r\n${body}\r\n0\r\nMcp-Name: delete\r\nX-User: admin\r\n\r\n`,
    }),
    'a call with trailers',
  );
  const [seen] = scene.upstream.requests;
  expect([response.status, scene.upstream.hits, seen?.trailers, seen?.header('trailer')]).toEqual([200, 1, [], undefined]);
});

describe('B-12: a balancer that probes with HTTP/1.0 and no Host', () => {
  test.each(['/healthz', '/readyz'])('is answered at %s', async (path) => {
    expect((await scene.send(`GET ${path} HTTP/1.0\r\n\r\n`)).status).toBe(200);
  });

  test.each([
    ['another page', 'GET /.well-known/oauth-protected-resource/mcp HTTP/1.0', 0],
    ['HTTP/1.1', 'GET /healthz HTTP/1.1', 0],
    ['two Hosts', 'GET /healthz HTTP/1.0', 2],
  ])('gets 400 with %s', async (_name, line, hosts) => {
    const status = async (count: number) => (await scene.send(`${line}\r\n${'Host: a\r\n'.repeat(count)}\r\n`)).status;
    expect([await status(1), await status(hosts)]).toEqual([200, 400]);
  });
});

describe('B-73, C-148: bytes after a call that is not answered yet', () => {
  test.each<[string, (call: Buffer) => Buffer | string]>([
    ['a second call', (call) => call],
    ['CONNECT', () => 'CONNECT 127.0.0.1:443 HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['TRACE', () => 'TRACE /mcp HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['an Upgrade', () => 'GET /mcp HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
    ['the preface of HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ])('%s: the connection is cut, and these bytes are not forwarded', async (name, behind) => {
    await proveGood(unchanged, name);
    scene.upstream.next(answers.stall());
    const connection = await openRaw(scene.gateway.port, { label: name });
    const call = bytes(unchanged);
    await connection.write(call);
    const seen = await scene.upstream.waitFor(1, (request) => request.bodyComplete);
    await connection.write(behind(call));
    await withDeadline('the connection is cut', connection.closed, 3000);
    await until('the upstream sees it', () => seen.closedEarly);
    expect([connection.received(), scene.upstream.hits]).toEqual(['', 1]);
    await scene.passes();
  });
});
