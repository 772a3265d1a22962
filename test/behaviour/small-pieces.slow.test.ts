// A body that arrives byte by byte, from a client or an upstream, needs little more memory than it
// has bytes.

import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { legacy } from '../fixtures/messages.js';
import { listen } from '../fixtures/ports.js';
import { type GatewayProcess, residentMib } from '../fixtures/process.js';
import { openRaw, requestBytes } from '../fixtures/raw-client.js';
import { type Scene, startScene } from '../fixtures/scene.js';

const PIECES = { body: 20, list: 60 };
const OF_EACH = 50_000;
const SPACES = Buffer.from('1\r\n \r\n'.repeat(OF_EACH));
/** With one buffer per byte it would be more than twice this. */
const MIB = 120;
const LIST = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { tools: [{ name: 'read' }] } });
const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

let scene: Scene<GatewayProcess>;
let type = 'application/json';
const open = new Set<Socket>();
const upstream = createServer((socket) => {
  open.add(socket);
  socket.on('error', () => {});
  socket.on('data', async () => {
    const isJson = type === 'application/json';
    socket.write(`HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n`);
    if (!isJson) socket.write(chunk('data: '));
    for (let i = 0; i < PIECES.list; i++) await new Promise((resolve) => socket.write(SPACES, resolve));
    socket.write(`${chunk(isJson ? LIST : `${LIST}\n\n`)}0\r\n\r\n`);
  });
});

beforeAll(async () => {
  await listen(upstream);
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/`;
  const tools = { default: 'allow', rules: [{ tool: 'delete*', deny: true }] };
  scene = await startScene({ process: true, more: [{ path: '/lists/mcp', upstream: url, tools }] });
});
afterAll(async () => {
  for (const socket of open) socket.destroy();
  upstream.close();
  await scene.stop();
});

test('the body of a request', async () => {
  await scene.passes();
  const before = residentMib(scene.gateway.pid);
  const { headers = [], body = '' } = legacy('tools/list', { token: scene.token() });
  const head = requestBytes(scene.gateway.port, {
    method: 'POST',
    path: '/mcp',
    headers: [...headers, ['Transfer-Encoding', 'chunked']],
  });
  const connection = await openRaw(scene.gateway.port);
  await connection.write(head);
  for (let i = 0; i < PIECES.body; i++) await connection.write(SPACES);
  await connection.write(`${chunk(String(body))}0\r\n\r\n`);
  expect((await connection.response({ ms: 20_000 })).status).toBe(200);
  connection.destroy();
  expect(scene.upstream.last?.body.length).toBe(PIECES.body * OF_EACH + String(body).length);
  expect(residentMib(scene.gateway.pid) - before).toBeLessThan(MIB);
}, 30_000);

test.each(['application/json', 'text/event-stream'])(
  'a list in %s',
  async (as) => {
    type = as;
    const before = residentMib(scene.gateway.pid);
    const token = scene.token({ audience: `${scene.gateway.url}/lists/mcp` });
    const answer = await scene.send(legacy('tools/list', { path: '/lists/mcp', token }), { ms: 20_000 });
    expect([answer.status, answer.body.length > PIECES.list * OF_EACH, answer.body.trim().endsWith(LIST)]).toEqual([
      200,
      true,
      true,
    ]);
    expect(residentMib(scene.gateway.pid) - before).toBeLessThan(MIB);
  },
  30_000,
);
