// The server of the TypeScript SDK 1.x, with sessions.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { z } from 'zod';

const text = (value) => ({ content: [{ type: 'text', text: value }] });
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const sessions = new Map();

function build() {
  const server = new McpServer({ name: 'typescript-1', version: '1' });
  const tool = (name, work, inputSchema = {}) => server.registerTool(name, { inputSchema }, work);
  tool('echo', (args) => text(args.text), { text: z.string() });
  tool('write', () => text('written'));
  tool('slow', async (_args, { _meta, sendNotification }) => {
    const { progressToken } = _meta ?? {};
    for (let progress = 1; progress <= 3; progress += 1) {
      await sleep(330);
      if (progressToken === undefined) continue;
      const params = { progressToken, progress, total: 3 };
      await sendNotification({ method: 'notifications/progress', params });
    }
    return text('done');
  });
  tool('ask', async () => {
    const messages = [{ role: 'user', content: { type: 'text', text: 'hi' } }];
    const answer = await server.server.createMessage({ messages, maxTokens: 10 });
    return text(answer.content.text);
  });
  tool('ping_me', async () => {
    await server.server.ping();
    return text('pong');
  });
  tool('notify', () => {
    server.sendToolListChanged();
    return text('sent');
  });
  return server;
}

async function handle(req, res) {
  if (new URL(req.url, 'http://x').pathname !== '/mcp') return res.writeHead(404).end();
  const id = req.headers['mcp-session-id'];
  if (id !== undefined) {
    const open = sessions.get(id);
    return open === undefined ? res.writeHead(404).end() : open.handleRequest(req, res);
  }
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (session) => sessions.set(session, transport),
    onsessionclosed: (session) => sessions.delete(session),
  });
  await build().connect(transport);
  return transport.handleRequest(req, res);
}

createServer((req, res) => {
  handle(req, res).catch(() => res.destroy());
}).listen(Number(process.argv[2]), '127.0.0.1', () => console.log('ready'));
process.once('SIGTERM', () => process.exit(0));
