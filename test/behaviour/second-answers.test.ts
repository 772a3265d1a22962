// An MCP server that sends more answers than requests: an unsolicited answer ends the connection,
// and no caller gets it.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { modern } from '../fixtures/messages.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { type SocketUpstream, startSocketUpstream } from '../fixtures/socket-upstream.js';
import { until } from '../fixtures/wait.js';

let scene: Scene;
let upstream: SocketUpstream;
beforeAll(async () => {
  upstream = await startSocketUpstream();
  scene = await startScene({ upstream: { url: upstream.url } });
});
afterAll(async () => {
  await scene.stop();
  await upstream.stop();
});
beforeEach(() => {
  upstream.script = () => false;
});

async function call(id: string): Promise<unknown> {
  const { body } = await scene.send(modern('tools/call', { id, token: scene.token(), params: { name: 'read' } }));
  return JSON.parse(body) as unknown;
}
const answered = (id: string) => ({ jsonrpc: '2.0', id, result: {} });

function answer(id: string): string {
  const body = JSON.stringify(answered(id));
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

test('a server that answers once gets the next request on the same connection', async () => {
  await call('before');
  upstream.connections = 0;
  for (const id of ['a', 'b']) expect(await call(id)).toEqual(answered(id));
  expect(upstream.connections).toBe(0);
});

test.each<[string, string, number | null]>([
  ['a second answer in one packet with the first', answer('second'), null],
  ['the beginning of a second answer', 'HTTP/1.1 200', null],
  ['a second answer later', answer('second'), 50],
  ['a second answer without a body', 'HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n', 50],
  ['an interim answer', 'HTTP/1.1 100 Continue\r\n\r\n', 50],
  ['one byte of an answer', 'H', 50],
  ['another byte', 'x', 50],
])('%s ends the connection, and no caller gets it', async (_what, more, laterMs) => {
  await call('before');
  let closed = false;
  upstream.script = ({ at, socket }) => {
    if (at !== 'body') return false;
    upstream.script = () => false;
    socket.on('close', () => {
      closed = true;
    });
    socket.write(answer('first') + (laterMs === null ? more : ''));
    if (laterMs !== null) setTimeout(() => socket.write(more), laterMs);
    return true;
  };
  expect(await call('first')).toEqual(answered('first'));
  await until('the connection has ended', () => closed);
  upstream.connections = 0;
  for (const id of ['a', 'b']) expect(await call(id)).toEqual(answered(id));
  expect(upstream.connections).toBe(1);
});
