// An error response of the MCP server reaches the caller unchanged. Log and metric do not call it
// `ok`: they name its class, and the media type of a body that is not of MCP.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Ask, legacy, modern } from '../fixtures/messages.js';
import { type Answer, answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { countOf } from '../support/counted.js';

let scene: Scene;
beforeAll(async () => {
  scene = await startScene({ more: [{ path: '/lists/mcp', tools: { default: 'deny', rules: [{ tool: 'a' }] } }] });
});
afterAll(() => scene.stop());
beforeEach(() => scene.upstream.reset());

const HTML = '<!doctype html><title>Not here</title>';
const html = (code: number): Answer => answers.status(code, [['Content-Type', 'text/html; charset=utf-8']], HTML);
const rpc = (code: number): Answer => answers.json({ jsonrpc: '2.0', id: 1, error: { code: -32000, message: 'no' } }, code);

type Row = [name: string, answer: Answer, status: number, detail: string, ask?: Ask];
const clientErrors: Row[] = [
  ['JSON', rpc(400), 400, 'status 400'],
  ['JSON to a notification', rpc(400), 400, 'status 400', { id: null }],
  ['no body', answers.status(404, [['Content-Length', '0']]), 404, 'status 404'],
  ['429', rpc(429), 429, 'status 429'],
  ['HTML', html(404), 404, 'status 404: the body is text/html, so it is not JSON; the path of upstream.url may be wrong'],
  [
    'HTML where the gateway filters lists',
    html(404),
    404,
    'status 404: the body is text/html, so it is not JSON; the path of upstream.url may be wrong',
    { path: '/lists/mcp' },
  ],
  [
    'text',
    answers.status(405, [['Content-Type', 'text/plain']], 'no'),
    405,
    'status 405: the body is text/plain, so it is not JSON; the path of upstream.url may be wrong',
  ],
  [
    'a media type that is not one',
    answers.status(400, [['Content-Type', '<script>']], 'no'),
    400,
    'status 400: the body is not of a valid media type, so it is not JSON',
  ],
];
const serverErrors: Row[] = [
  ['JSON', rpc(500), 500, 'status 500'],
  [
    'an error of a proxy',
    html(502),
    502,
    'status 502: the body is text/html, so it is not JSON; a proxy of the MCP server may have sent it',
  ],
  ['503 with Retry-After', answers.json({}, 503, [['Retry-After', '3']]), 503, 'status 503'],
];

async function ask(row: Row): Promise<{ line: Record<string, unknown>; body: string }> {
  const [, answer, status, , more = {}] = row;
  scene.upstream.answer(answer);
  const token = scene.token(more.path === undefined ? {} : { audience: `${scene.gateway.url}${more.path}` });
  const response = await scene.send(modern('tools/list', { token, ...more }));
  expect(response.status).toBe(status);
  return { line: await scene.logOf(response), body: response.body };
}

describe('a status from 400 to 499 is upstream.client_error, at level info', () => {
  test.each(clientErrors)('%s', async (...row) => {
    const { line } = await ask(row);
    expect(line).toMatchObject({ reason: 'upstream.client_error', level: 'info', event: 'proxy.client_error', detail: row[3] });
    expect(line).toMatchObject({ 'http.response.status_code': row[2], credential: 'jwt', subject: 'alice' });
  });
});

describe('a status from 500 to 599 is upstream.server_error, at level warn', () => {
  test.each(serverErrors)('%s', async (...row) => {
    const { line } = await ask(row);
    expect(line).toMatchObject({ reason: 'upstream.server_error', level: 'warn', event: 'proxy.server_error', detail: row[3] });
  });
});

test('the body passes unchanged', async () => {
  expect((await ask(clientErrors[4] as Row)).body).toBe(HTML);
  expect((await ask(serverErrors[1] as Row)).body).toBe(HTML);
});

describe('errors of a working server of the older revisions do not alarm', () => {
  test.each([
    ['GET', 'the MCP server offers no GET stream'],
    ['DELETE', 'clients cannot end sessions of this server'],
  ])('405 to %s', async (method, note) => {
    for (const answer of [answers.status(405), html(405)]) {
      scene.upstream.answer(answer);
      const response = await scene.send(legacy('', { method, token: scene.token() }));
      expect([response.status, response.header('allow')]).toEqual([405, 'POST']);
      expect(await scene.logOf(response)).toMatchObject({ level: 'info', detail: `status 405: ${note}` });
    }
  });
});

test('the metric has the same reason, and no alarm counts a client error as one of the server', async () => {
  const counts = async (): Promise<number[]> => {
    const text = await scene.gateway.metrics();
    return ['ok', 'upstream.client_error', 'upstream.server_error'].map((reason) =>
      countOf(text, 'portcullis_http_requests_total', '/mcp', reason),
    );
  };
  const before = await counts();
  for (const row of [clientErrors[0], clientErrors[4], serverErrors[0]]) await ask(row as Row);
  const [ok = 0, client = 0, server = 0] = await counts();
  expect([ok, client, server]).toEqual([before[0], (before[1] ?? 0) + 2, (before[2] ?? 0) + 1]);
});
