// The answer to initialize: a served revision passes byte for byte, another one is rejected at once
// and by name.
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Ask, legacy, modern } from '../fixtures/messages.js';
import { openRaw, type RawResponse, requestBytes } from '../fixtures/raw-client.js';
import { type Answer, answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';

let scene: Scene;
beforeAll(async () => {
  scene = await startScene();
});
afterAll(() => scene.stop());
beforeEach(() => scene.upstream.reset());

const SUPPORTED = ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];
const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '0' } };
const initialize = (): Promise<RawResponse> => scene.send(legacy('initialize', { id: 'i-1', params, token: scene.token() }));

const answered = (protocolVersion: unknown): string =>
  JSON.stringify({ jsonrpc: '2.0', id: 'i-1', result: { protocolVersion, capabilities: {}, serverInfo: { name: 'internal' } } });
const NOTE = 'data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}\n\n';
const PRIMING = 'id: 7\nretry: 100\ndata: \n\n';
/** The upstream ends the connection after each answer. The gateway must not use it again. */
const SESSION = 'Mcp-Session-Id: abc\r\nConnection: close\r\n';
const head = (type: string, ...lines: string[]): string =>
  `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\n${SESSION}${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
const EVENTS = head('text/event-stream');
const JSON_HEAD = head('application/json');

/** Each form of an answer, with the bytes of its body. */
const FORMS: [string, (message: string) => [pieces: string[], body: string]][] = [
  ['JSON with a length', (m) => [[head('application/json; charset=utf-8', `Content-Length: ${m.length}`), m], m]],
  ['JSON to the end of the connection', (m) => [[JSON_HEAD + m], m]],
  ['JSON in pieces', (m) => [[JSON_HEAD, ...(m.match(/.{1,9}/g) ?? [])], m]],
  ['an event', (m) => [[`${EVENTS}event: message\ndata: ${m}\n\n`], `:\nevent: message\ndata: ${m}\n\n`]],
  ['an event in pieces', (m) => [[EVENTS, ...(`data: ${m}\n\n`.match(/.{1,9}/gs) ?? [])], `:\ndata: ${m}\n\n`]],
  ['an event without its blank line', (m) => [[`${EVENTS}data: ${m}`], `:\ndata: ${m}`]],
  [
    'an event after a comment, an id and a log',
    (m) => [[EVENTS, ': hi\n\n', PRIMING, NOTE, `data: ${m}\n\n`], `:\n: hi\n\n${PRIMING}${NOTE}data: ${m}\n\n`],
  ],
  [
    'events with a length',
    (m) => [[head('text/event-stream', `Content-Length: ${m.length + 8}`), `data: ${m}\n\n`], `data: ${m}\n\n`],
  ],
];
const sent = (pieces: string[]): Answer => answers.raw(pieces, { everyMs: pieces.length > 1 ? 3 : 0 });

describe.each(FORMS)('B-37: %s', (_form, make) => {
  test.each(SUPPORTED)('with revision %s passes byte for byte, with its session', async (version) => {
    const [pieces, body] = make(answered(version));
    scene.upstream.answer(sent(pieces));
    const response = await initialize();
    expect([response.status, response.complete, response.body]).toEqual([200, true, body]);
    expect(response.headers('mcp-session-id')).toHaveLength(1);
  });

  test.each(['2024-10-07', '2027-01-01', 'DRAFT-2026-v1', '', `${'x'.repeat(200)}`])(
    'with revision "%s" is 502 at once',
    async (version) => {
      const [pieces] = make(answered(version));
      scene.upstream.answer(sent(pieces));
      const response = await initialize();
      expect([response.status, response.complete, response.headers('mcp-session-id')]).toEqual([502, true, []]);
      expect(JSON.parse(response.body)).toEqual({
        jsonrpc: '2.0',
        id: 'i-1',
        error: {
          code: -31502,
          message: 'The MCP server chose an unsupported protocol version',
          data: { requestId: response.header('x-request-id'), supported: SUPPORTED, answered: version.slice(0, 40) },
        },
      });
      expect(await scene.logOf(response)).toMatchObject({
        reason: 'upstream.version',
        detail: `initialize was answered with "${version.slice(0, 40)}"`,
      });
      await scene.passes();
    },
  );
});

test.each<[string, Answer, string | null]>([
  [
    'an error',
    answers.json({ jsonrpc: '2.0', id: 'i-1', error: { code: -32602, message: 'no', data: { supported: ['x'] } } }),
    null,
  ],
  ['no revision', answers.json({ jsonrpc: '2.0', id: 'i-1', result: {} }), null],
  ['a revision that is not a string', answers.status(200, [['Content-Type', 'application/json']], answered(1)), answered(1)],
  ['no JSON', answers.status(200, [['Content-Type', 'application/json']], 'oops'), 'oops'],
  ['an empty body', answers.status(200, [['Content-Type', 'application/json']], ''), ''],
  [
    'compressed JSON',
    answers.status(
      200,
      [
        ['Content-Type', 'application/json'],
        ['Content-Encoding', 'gzip'],
      ],
      gzipSync(answered('x')),
    ),
    null,
  ],
  ['an error status', answers.status(400, [['Content-Type', 'application/json']], answered('x')), answered('x')],
  [
    'a message above 1 MiB',
    answers.status(200, [['Content-Type', 'application/json']], answered('x').padEnd(1_200_000)),
    answered('x').padEnd(1_200_000),
  ],
])('an answer that names no revision in readable form passes unchanged: %s', async (_what, answer, body) => {
  scene.upstream.answer(answer);
  const response = await initialize();
  expect([response.status < 500, response.complete]).toEqual([true, true]);
  if (body !== null) expect(response.body).toBe(body);
});

test('a server that requests before it answers is not held back', async () => {
  const ping = 'data: {"jsonrpc":"2.0","id":1,"method":"ping"}\n\n';
  scene.upstream.answer(answers.raw([EVENTS, ping], { keep: true }));
  const stream = await openRaw(scene.gateway.port, { label: 'an initialize' });
  await stream.write(requestBytes(scene.gateway.port, legacy('initialize', { id: 'i-1', params, token: scene.token() })));
  await until('the ping arrives', () => stream.received().includes('"ping"'));
  stream.destroy();
});

test('only the answer to a legacy initialize is read', async () => {
  const foreign = answered('banana');
  scene.upstream.answer(answers.status(200, [['Content-Type', 'application/json']], foreign));
  const ask = (): Ask => ({ token: scene.token(), params: {} });
  for (const request of [legacy('tools/list', ask()), modern('server/discover', ask()), modern('initialize', ask())])
    expect(await scene.send(request)).toMatchObject({ status: 200, body: foreign });
});

test('a session of 2024-11-05: every later request passes', async () => {
  scene.upstream.answer(
    answers.status(
      200,
      [
        ['Content-Type', 'application/json'],
        ['Mcp-Session-Id', 'abc'],
      ],
      answered('2024-11-05'),
    ),
  );
  const session = (await initialize()).header('mcp-session-id') ?? '';
  for (const method of ['POST', 'GET', 'DELETE']) {
    const headers: Ask['headers'] = [
      ['MCP-Protocol-Version', '2024-11-05'],
      ['Mcp-Session-Id', session],
    ];
    expect((await scene.send(legacy('tools/list', { method, headers, token: scene.token() }))).status).toBe(200);
    expect(scene.upstream.last?.header('mcp-session-id')).toBe('abc');
    expect(scene.upstream.last?.header('mcp-protocol-version')).toBe('2024-11-05');
  }
});
