// The raw upstream and the raw client, tested against each other.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRaw, rawRequest, requestBytes } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { until } from '../fixtures/wait.js';

let upstream: RawUpstream;
beforeEach(async () => {
  upstream = await startRawUpstream();
});
afterEach(() => upstream.stop());

test('a request is recorded byte for byte and answered', async () => {
  const headers: [string, string][] = [
    ['X-Twice', 'one'],
    ['x-TWICE', 'two'],
  ];
  const response = await rawRequest(upstream.port, { method: 'POST', path: '/a%2Fb/../c?d=%zz', headers, body: '{"id":1}' });
  expect(response).toMatchObject({ status: 200, statusText: 'OK', body: '{"ok":true}', complete: true, closed: false, rest: '' });
  expect(response.header('Content-Type')).toBe('application/json');
  expect(response.timings.endMs).toBeGreaterThanOrEqual(response.timings.headersMs);
  expect(upstream.hits).toBe(1);
  expect(upstream.last).toMatchObject({ method: 'POST', target: '/a%2Fb/../c?d=%zz', bodyComplete: true, closedEarly: false });
  expect(upstream.last?.rawHeaders).toEqual([
    ['Host', `127.0.0.1:${upstream.port}`],
    ['X-Twice', 'one'],
    ['x-TWICE', 'two'],
    ['Content-Length', '8'],
  ]);
  expect(upstream.last?.body.toString()).toBe('{"id":1}');
});

test('the answer to HEAD has no body', async () => {
  const response = await rawRequest(upstream.port, { method: 'HEAD' });
  expect(response).toMatchObject({ status: 200, body: '', complete: true });
});

test('queued answers come before the permanent one, and reset forgets both', async () => {
  upstream.answer(answers.status(503, [['Retry-After', '7']]));
  upstream.next(answers.rpc({ tools: [] }));
  const first = await rawRequest(upstream.port, { method: 'POST', body: '{"id":"q"}' });
  expect(JSON.parse(first.body)).toEqual({ jsonrpc: '2.0', id: 'q', result: { tools: [] } });
  const second = await rawRequest(upstream.port, {});
  expect([second.status, second.header('retry-after')]).toEqual([503, '7']);
  upstream.reset();
  expect(upstream.hits).toBe(0);
  expect((await rawRequest(upstream.port, {})).status).toBe(200);
});

test('events arrive one by one', async () => {
  upstream.answer(answers.sse([{ data: { n: 1 } }, { data: 'two\nlines', id: '2', event: 'message', afterMs: 150 }]));
  const response = await rawRequest(upstream.port, {});
  expect(response.body).toBe('data: {"n":1}\n\nevent: message\nid: 2\ndata: two\ndata: lines\n\n');
  expect(response.pieces).toHaveLength(2);
  expect((response.pieces[1]?.atMs ?? 0) - (response.pieces[0]?.atMs ?? 0)).toBeGreaterThan(100);
});

test('a stalled answer ends with the labelled deadline, and the upstream sees the caller leave', async () => {
  upstream.answer(answers.stall());
  await expect(rawRequest(upstream.port, {}, { label: 'stalled call', ms: 100 })).rejects.toThrow('100 ms: stalled call');
  const seen = await upstream.waitFor(1, (request) => request.closedAt !== undefined);
  expect(seen.closedEarly).toBe(true);
});

test('a cut body is reported as incomplete, a hang-up as no response, and neither blames the caller', async () => {
  upstream.next(answers.cut({ body: 'half', declared: 8 }), answers.hangUp(), answers.hangUp(true));
  const cut = await rawRequest(upstream.port, {});
  expect(cut).toMatchObject({ status: 200, body: 'half', complete: false, closed: true });
  for (const _ of ['end', 'reset']) {
    expect(await rawRequest(upstream.port, {})).toMatchObject({ status: 0, complete: false, closed: true });
  }
  expect(upstream.requests.map(({ closedEarly }) => closedEarly)).toEqual([false, false, false]);
});

test('raw answers: interim responses, chunks with trailers, trailing bytes', async () => {
  const chunked =
    'HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX-Trailer: 1\r\n\r\nHTTP/1.1 500 Extra\r\n\r\n';
  upstream.answer(answers.raw(['HTTP/1.1 103 Early Hints\r\n\r\n', chunked], { everyMs: 20 }));
  const response = await rawRequest(upstream.port, {}, { closeMs: 1000 });
  expect(response).toMatchObject({ status: 200, statusText: 'Fine', body: 'abc', interim: [103], complete: true, closed: true });
  expect(response.rest).toBe('HTTP/1.1 500 Extra\r\n\r\n');
});

test('a request written in pieces is recorded while it arrives', async () => {
  const connection = await openRaw(upstream.port);
  const head = requestBytes(upstream.port, { method: 'POST', headers: [['Content-Length', '6']] });
  await connection.write(head);
  await connection.write('abc');
  const seen = await upstream.waitFor(1, (request) => request.body.length === 3);
  expect(seen.bodyComplete).toBe(false);
  await connection.write('def');
  expect((await connection.response()).status).toBe(200);
  await connection.write(requestBytes(upstream.port, {}));
  expect((await connection.response()).status).toBe(200);
  expect(upstream.requests.map((request) => request.connection)).toEqual([1, 1]);
  connection.destroy();
  await connection.closed;
  await until('the upstream sees the connection close', () => upstream.connections() === 0);
});

test('bytes that are not HTTP are kept apart, and a stopped upstream refuses until it starts again', async () => {
  await rawRequest(upstream.port, 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n');
  expect(upstream.hits).toBe(0);
  expect(upstream.malformed[0]?.bytes.toString()).toContain('Transfer-Encoding');
  await upstream.stop();
  await expect(rawRequest(upstream.port, {})).rejects.toThrow('ECONNREFUSED');
  await upstream.start();
  expect((await rawRequest(upstream.port, {})).status).toBe(200);
});
