// Messages that expect no answer: a 200 or 204 of the upstream means "accepted", whatever its body
// is. The body reaches no caller.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Ask, legacy, modern } from '../fixtures/messages.js';
import type { RawRequest, RawResponse } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';
import { answer, CHUNKED, chunk } from '../support/upstream-rows.js';

let scene: Scene;
beforeAll(async () => {
  scene = await startScene({ upstream: { maxConcurrentRequests: 1 } });
});
afterAll(() => scene.stop());
beforeEach(() => scene.upstream.reset());

const TEXT = 'internal: accepted';
const SIZED = `Content-Length: ${TEXT.length}`;
const PLAIN = 'Content-Type: text/plain; charset=utf-8';
const IN_CHUNKS = `${chunk(TEXT)}0\r\n\r\n`;

const ask = (fields: Ask = {}): Ask => ({ token: scene.token(), ...fields });
const batch = (body: string): RawRequest => legacy('', ask({ body, headers: [['MCP-Protocol-Version', '2025-03-26']] }));
const NOTE = '{"jsonrpc":"2.0","method":"notifications/progress"}';
const RESULT = '{"jsonrpc":"2.0","id":1,"result":{}}';

/** The status for a 200 with a body. The message is accepted; DELETE keeps its own status. */
const MESSAGES: [string, () => RawRequest, number][] = [
  ['a notification', () => legacy('notifications/initialized', ask({ id: null })), 202],
  ['a modern notification', () => modern('notifications/cancelled', ask({ id: null })), 202],
  ['a result of the client', () => legacy('', ask({ body: RESULT })), 202],
  ['an error of the client', () => legacy('', ask({ body: '{"jsonrpc":"2.0","id":"a","error":{"code":1,"message":"x"}}' })), 202],
  ['a batch without a request', () => batch(`[${NOTE},${RESULT}]`), 202],
  ['DELETE', () => legacy('', ask({ method: 'DELETE' })), 200],
];

const ANSWERS: [string, string, number?][] = [
  ['200 with text', answer('200 OK', [PLAIN, SIZED], TEXT)],
  ['200 with text in chunks', answer('200 OK', [PLAIN, CHUNKED], IN_CHUNKS)],
  ['200 with HTML to the end of the connection', answer('200 OK', ['Content-Type: text/html'], TEXT)],
  ['200 with a body without a type', answer('200 OK', [SIZED], TEXT)],
  ['200 with chunks without a type', answer('200 OK', [CHUNKED], IN_CHUNKS)],
  ['200 with two types', answer('200 OK', ['Content-Type: application/json', PLAIN, SIZED], TEXT)],
  ['200 with compressed text', answer('200 OK', [PLAIN, 'Content-Encoding: gzip', SIZED], TEXT)],
  ['200 with 1 MB', answer('200 OK', [PLAIN, 'Content-Length: 1000000'], 'internal'.repeat(125_000))],
  ['200 with text that is cut', answer('200 OK', [PLAIN, 'Content-Length: 99'], TEXT)],
  ['200 without a body', answer('200 OK', ['Content-Length: 0'], '')],
  ['204 with a length', answer('204 No Content', [PLAIN, SIZED], TEXT), 204],
  ['204 in chunks', answer('204 No Content', [CHUNKED], IN_CHUNKS), 204],
  ['204 without a body', answer('204 No Content', [], ''), 204],
];

async function expectNext(): Promise<void> {
  scene.upstream.answer(answers.rpc({ next: true }));
  expect(JSON.parse((await scene.passes()).body)).toMatchObject({ result: { next: true } });
}

const bodyless = (response: RawResponse): unknown[] => [
  response.complete,
  response.body,
  response.rest,
  response.headers('content-type'),
  response.headers('content-encoding'),
  JSON.stringify(response.rawHeaders).includes('internal'),
];

describe.each(MESSAGES)('B-22, D-27: %s', (_message, make, accepted) => {
  test.each(ANSWERS)('is accepted with %s', async (_answer, bytes, status = accepted) => {
    scene.upstream.answer(answers.raw(bytes));
    const response = await scene.send(make());
    expect([response.status, ...bodyless(response)]).toEqual([status, true, '', '', [], [], false]);
    expect(await scene.logOf(response)).toMatchObject({ reason: 'ok', 'http.response.status_code': status });
    await expectNext();
  });
});

test('a short body leaves the connection to the upstream open, a long one closes it', async () => {
  const make = MESSAGES[0]?.[1] as () => RawRequest;
  await expectNext();
  const connectionOf = async (size: number): Promise<number | undefined> => {
    scene.upstream.answer(answers.status(200, [['Content-Type', 'text/plain']], 'x'.repeat(size)));
    expect((await scene.send(make())).status).toBe(202);
    return scene.upstream.last?.connection;
  };
  const first = await connectionOf(10);
  expect([await connectionOf(60_000), await connectionOf(70_000)]).toEqual([first, first]);
  expect(await connectionOf(10)).not.toBe(first);
  await expectNext();
});

test('a body that never ends delays the answer by a second at most, and then its connection closes', async () => {
  const make = MESSAGES[0]?.[1] as () => RawRequest;
  for (const bytes of [answer('200 OK', [PLAIN, CHUNKED], chunk(TEXT)), answer('200 OK', [PLAIN, 'Content-Length: 9'], '')]) {
    scene.upstream.answer(answers.raw(bytes, { keep: true }));
    const response = await scene.send(make(), { ms: 3_000 });
    expect([response.status, ...bodyless(response)]).toEqual([202, true, '', '', [], [], false]);
    await until('the upstream sees the end', () => scene.upstream.last?.closedAt !== undefined);
    await expectNext();
  }
});

test('JSON and event streams pass as they are, and errors keep their rows', async () => {
  for (const [, make] of MESSAGES) {
    for (const type of ['application/json', 'text/event-stream']) {
      scene.upstream.answer(answers.status(200, [['Content-Type', type]], ': x\n\n'));
      const body = type === 'text/event-stream' ? ':\n: x\n\n' : ': x\n\n';
      expect(await scene.send(make())).toMatchObject({ status: 200, body });
    }
    for (const [status, expected] of [
      [302, 502],
      [206, 502],
      [401, 502],
      [403, 502],
      [404, 404],
      [202, 202],
    ] as const) {
      scene.upstream.answer(answers.status(status, [['Content-Type', 'text/plain']], 'x'));
      expect([status, (await scene.send(make())).status]).toEqual([status, expected]);
    }
  }
  await expectNext();
});

test('a request, and a batch with a request, still need JSON or an event stream', async () => {
  const requests = [
    () => legacy('tools/list', ask()),
    () => modern('tools/list', ask()),
    () => batch(`[${NOTE},{"jsonrpc":"2.0","id":2,"method":"ping"}]`),
    () => legacy('', ask({ method: 'GET' })),
  ];
  for (const make of requests) {
    for (const [name, bytes] of ANSWERS.filter(([one]) => !one.includes('without a body') && !one.includes('1 MB'))) {
      scene.upstream.answer(answers.raw(bytes));
      const response = await scene.send(make());
      expect([name, response.status]).toEqual([name, 502]);
    }
  }
  await expectNext();
});

test('the session id of the answer is sealed, and an invalid one is rejected', async () => {
  const make = MESSAGES[0]?.[1] as () => RawRequest;
  for (const [id, status] of [
    ['raw-id', 202],
    ['a b', 502],
  ] as const) {
    scene.upstream.answer(
      answers.status(
        200,
        [
          ['Content-Type', 'text/plain'],
          ['Mcp-Session-Id', id],
        ],
        TEXT,
      ),
    );
    const response = await scene.send(make());
    expect([response.status, response.headers('mcp-session-id').includes(id)]).toEqual([status, false]);
    expect(response.headers('mcp-session-id')).toHaveLength(status === 202 ? 1 : 0);
  }
  await expectNext();
});
