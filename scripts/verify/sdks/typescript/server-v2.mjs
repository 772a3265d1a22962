// The server of the TypeScript SDK 2.x: sessions for the old revisions, none for the newest.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { NodeStreamableHTTPServerTransport, toNodeHandler } from '@modelcontextprotocol/node';
import {
  createMcpHandler,
  inputRequired,
  inputResponse,
  isLegacyRequest,
  McpServer,
} from '@modelcontextprotocol/server';
import { z } from 'zod';

const text = (value) => ({ content: [{ type: 'text', text: value }] });
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const sessions = new Map();
const question = {
  messages: [{ role: 'user', content: { type: 'text', text: 'hi' } }],
  maxTokens: 10,
};

function build(isModern, announce) {
  const capabilities = { tools: { listChanged: true } };
  const server = new McpServer({ name: 'typescript-2', version: '1' }, { capabilities });
  const tool = (name, work, shape = {}) =>
    server.registerTool(name, { inputSchema: z.object(shape) }, work);
  tool('echo', (args) => text(args.text), { text: z.string() });
  tool('write', () => text('written'));
  tool('slow', async (_args, { mcpReq }) => {
    const { progressToken } = mcpReq._meta ?? {};
    for (let progress = 1; progress <= 3; progress += 1) {
      await sleep(330);
      if (progressToken === undefined) continue;
      const params = { progressToken, progress, total: 3 };
      await mcpReq.notify({ method: 'notifications/progress', params });
    }
    return text('done');
  });
  tool('ask', async (_args, { mcpReq }) => {
    if (!isModern) return text((await server.server.createMessage(question)).content.text);
    const answer = inputResponse(mcpReq.inputResponses, 'answer');
    if (answer.kind === 'sampling') return text(answer.result.content.text);
    return inputRequired({ inputRequests: { answer: inputRequired.createMessage(question) } });
  });
  tool('ping_me', async () => {
    if (isModern) return text('not in this revision');
    await server.server.ping();
    return text('pong');
  });
  tool('notify', () => {
    announce(server);
    return text('sent');
  });
  return server;
}

const modern = createMcpHandler(() => build(true, () => modern.notify.toolsChanged()), {
  legacy: 'reject',
});
const serveModern = toNodeHandler(modern);

async function serveLegacy(req, res, body) {
  const id = req.headers['mcp-session-id'];
  if (id !== undefined) {
    const open = sessions.get(id);
    return open === undefined ? res.writeHead(404).end() : open.handleRequest(req, res, body);
  }
  const transport = new NodeStreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (session) => sessions.set(session, transport),
    onsessionclosed: (session) => sessions.delete(session),
  });
  await build(false, (server) => server.sendToolListChanged()).connect(transport);
  return transport.handleRequest(req, res, body);
}

async function handle(req, res) {
  const url = new URL(req.url, 'http://x');
  if (url.pathname !== '/mcp') return res.writeHead(404).end();
  if (req.method !== 'POST') return serveLegacy(req, res);
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  const body = JSON.parse(Buffer.concat(chunks));
  const { method, headers } = req;
  const isLegacy = await isLegacyRequest(new Request(url, { method, headers }), body);
  return isLegacy ? serveLegacy(req, res, body) : serveModern(req, res, body);
}

createServer((req, res) => {
  handle(req, res).catch((error) => {
    process.stderr.write(`${error.stack}\n`);
    res.destroy();
  });
}).listen(Number(process.argv[2]), '127.0.0.1', () => console.log('ready'));
process.once('SIGTERM', () => process.exit(0));
