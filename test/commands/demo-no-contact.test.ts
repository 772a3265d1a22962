// The demo with a URL that is not that of an MCP server: it says how the server answers, what to
// do, and starts nothing.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { expect, test } from 'vitest';
import { listen, ownPort, startServer } from '../fixtures/ports.js';
import { run } from './in-process.js';

const demo = async (url: string): Promise<string> => {
  const { code, output, errors } = await run(['demo', '--upstream', url, '--once']);
  expect([code, output]).toEqual([1, '']);
  expect(errors).toMatch(/^(There is no MCP|The) server at /);
  return errors;
};

type Answer = (req: IncomingMessage, res: ServerResponse) => void;
const answer =
  (status: number, type: string, text: string, headers: Record<string, string> = {}): Answer =>
  (req, res) => {
    req.resume();
    res.writeHead(status, { 'content-type': type, ...headers }).end(text);
  };

const error = '{"jsonrpc":"2.0","error":{"code":-32000,"message":"Bad Request"},"id":null}';

test.each<[string, string, Answer, string[]]>([
  [
    'a page at another path',
    '/',
    answer(404, 'text/html', '<html>\n<pre>Cannot POST /</pre></html>'),
    ['status 404, text/html: Cannot POST /', 'Most servers have it at {{url}}/mcp'],
  ],
  [
    'no endpoint',
    '/mcp',
    answer(404, 'text/plain', 'Not Found'),
    ['There is no MCP server at {{url}}/mcp\n', 'It must serve Streamable HTTP'],
  ],
  ['the older transport', '/sse', answer(405, 'text/plain', ''), ['status 405, text/plain: empty', '{{url}}/mcp']],
  ['a web page', '/mcp', answer(200, 'text/html', '<h1>Hello</h1>'), ['text/html: Hello', 'This is a web page']],
  ['JSON of another kind', '/mcp', answer(200, 'application/json', '{"ok":true}'), ['This is not an answer of an MCP server']],
  ['a redirect', '/mcp', answer(307, 'text/plain', '', { location: '/mcp/' }), ['Try {{url}}/mcp/']],
  ['a redirect to nowhere', '/mcp', answer(302, 'text/plain', '', { location: 'http://[' }), ['status 302']],
  [
    'its own login',
    '/mcp',
    answer(401, 'text/plain', 'who?'),
    ['The server at {{url}}/mcp demands a credential of its own\n', 'The server itself verifies credentials'],
  ],
  [
    'a check of Host',
    '/mcp',
    answer(403, 'text/plain', 'Invalid Host'),
    ['The server at {{url}}/mcp refuses the request\n', 'Perhaps it checks Host'],
  ],
  [
    'a check of Host, misdirected',
    '/mcp',
    answer(421, 'text/plain', 'Invalid Host'),
    ['The server at {{url}}/mcp refuses the request\n', 'Perhaps it checks Host'],
  ],
  ['a fault', '/mcp', answer(500, 'text/plain', 'oops'), ['The server at {{url}}/mcp answers with a fault\n', 'see its log']],
  ['a refusal', '/mcp', answer(400, 'application/json', error), ['Bad Request', 'see the log of the server']],
  ['control characters', '/mcp', answer(400, 'text/plain', 'a\u001b[2Jb'), ['a\\u001b[2Jb']],
  ['an empty acceptance', '/mcp', answer(202, 'text/plain', ''), ['an answer without a result']],
])('%s', async (_name, path, handler, expected) => {
  const server = await startServer(handler);
  const errors = await demo(server.url + path);
  for (const text of expected) expect(errors).toContain(text.replace('{{url}}', server.url));
  await server.close();
});

test('no server', async () => {
  const errors = await demo(`http://127.0.0.1:${await ownPort()}/mcp`);
  expect(errors).toContain('ECONNREFUSED');
  expect(errors).toContain('Start your MCP server first. It must serve Streamable HTTP, not stdio.');
});

test('https at a server of http', async () => {
  const server = await startServer(answer(200, 'text/plain', ''));
  expect(await demo(`https://127.0.0.1:${server.port}/mcp`)).toContain('Perhaps it needs http.');
  await server.close();
});

test('a server that closes the connection', async () => {
  const server = createTcpServer((socket) => void socket.once('data', () => socket.destroy()));
  const port = await listen(server);
  expect(await demo(`http://127.0.0.1:${port}/mcp`)).toContain('The server closed the connection.');
  server.close();
});

test('a server whose list of tools fails', async () => {
  const result = { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: info };
  const server = await startServer(async (req, res) => {
    let body = '';
    for await (const part of req) body += part;
    const { method, id } = JSON.parse(body || '{}') as { method?: string; id?: number };
    if (method === 'initialize') return answer(200, 'application/json', JSON.stringify({ jsonrpc: '2.0', id, result }))(req, res);
    if (method === 'notifications/initialized') return answer(202, 'text/plain', '')(req, res);
    return answer(method === 'tools/list' ? 500 : 400, 'text/plain', `no ${method}`)(req, res);
  });
  expect(await demo(`${server.url}/mcp`)).toContain('status 500, text/plain: no tools/list');
  await server.close();
});

const info = { name: 'test', version: '0.0.0' };
