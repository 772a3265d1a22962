// How the demo talks to an MCP server: streams that stay open, results after other events, servers
// without tools, answers without a body. And how Ctrl-C ends the demo.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { makeContact } from '../../src/commands/demo/first-contact.js';
import { spawnNode } from '../fixtures/child.js';
import { gatewayMain } from '../fixtures/launch.js';
import { startServer } from '../fixtures/ports.js';
import { startV1Upstream } from '../fixtures/upstream-v1.js';
import { until } from '../fixtures/wait.js';

type Message = { method: string; id?: number };
type Reply = (message: Message, res: ServerResponse) => void;

const startMcp = (reply: Reply) =>
  startServer(async (req: IncomingMessage, res) => {
    let body = '';
    for await (const part of req) body += part;
    if (req.method !== 'POST') return void res.writeHead(405).end();
    reply(JSON.parse(body) as Message, res);
  });

const json = (res: ServerResponse, id: number | undefined, result: object): void =>
  void res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id, result }));

const OPENING = { protocolVersion: '2025-06-18', serverInfo: { name: 'mine' } };

test('a result after other events, on a stream that stays open', async () => {
  const server = await startMcp(({ method, id }, res) => {
    if (id === undefined) return void res.writeHead(204).end();
    if (method === 'server/discover') return void res.writeHead(400).end();
    const result = method === 'initialize' ? { ...OPENING, capabilities: { tools: {} } } : { tools: [{ name: 'a' }] };
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.write(': hello\n\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{}}\n\n');
    res.write(`id: 1\ndata: ${JSON.stringify({ jsonrpc: '2.0', id, result })}\n\n`);
  });
  expect(await makeContact(server.url)).toEqual({ revision: '2025-06-18', hasSession: false, server: 'mine', tools: ['a'] });
  await server.close();
});

test.each([
  ['a legacy revision', 'initialize', { ...OPENING, capabilities: { prompts: {} } }, '2025-06-18'],
  ['2026-07-28', 'server/discover', { capabilities: {} }, '2026-07-28'],
])('a server without tools, in %s', async (_name, opening, result, revision) => {
  const server = await startMcp(({ method, id }, res) =>
    method === opening ? json(res, id, result) : void res.writeHead(id === undefined ? 202 : 400).end(),
  );
  expect(await makeContact(server.url)).toMatchObject({ revision, tools: [] });
  await server.close();
});

test('the session of the conversation ends', async () => {
  const upstream = await startV1Upstream();
  expect(await makeContact(upstream.url)).toMatchObject({ hasSession: true, tools: ['echo', 'big', 'slow'] });
  expect(upstream.sessions()).toEqual([]);
  await upstream.stop();
});

test('without --once the demo prints the commands and waits; SIGINT ends it with exit code 0', async () => {
  const upstream = await startV1Upstream();
  const child = spawnNode([gatewayMain, 'demo', '--upstream', upstream.url]);
  await until('the demo waits', () => child.lines.includes('Ctrl-C ends the demo.'), 50_000);
  expect((await child.stop('SIGINT')).code).toBe(0);
  await upstream.stop();
}, 60_000);
