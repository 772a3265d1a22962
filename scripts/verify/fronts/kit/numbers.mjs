// An MCP server of the TypeScript SDK that numbers its events, for clients that resume a stream.
//
// Usage: `node numbers.mjs PORT`. Each session gets a numbered message every 100 ms on its GET
// stream, and the server stores all of them. The tool `count` sends 60 progress messages, one every
// 100 ms. GET /start begins a run. GET /stop ends it, and answers with the numbers of the clients.
// NUMBERS_FORGETS=1 stores nothing: with it, the check must fail.
import { randomUUID } from 'node:crypto';
import { NodeStreamableHTTPServerTransport, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, isLegacyRequest, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { serve } from './serve.mjs';

const EVERY_MS = 100;
const START_MS = 1000;
const TOOL_EVENTS = 60;
const LISTS_MS = 500;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const sessions = new Map();
let run = { isRunning: false, sent: {} };

/** The events of one session. An id has the name of its stream and a number. */
function createStore() {
  const events = [];
  return {
    async storeEvent(stream, message) {
      events.push({ id: `${events.length}.${stream}`, stream, message });
      return events.at(-1).id;
    },
    async getStreamIdForEventId(id) {
      return id.slice(id.indexOf('.') + 1);
    },
    async replayEventsAfter(id, { send }) {
      const stream = await this.getStreamIdForEventId(id);
      // The list may grow while it sends.
      for (let at = Number.parseInt(id, 10) + 1; at < events.length; at += 1)
        if (events[at].stream === stream) await send(events[at].id, events[at].message);
      return stream;
    },
  };
}

function build() {
  const capabilities = { tools: { listChanged: true }, logging: {} };
  const server = new McpServer({ name: 'numbers', version: '1' }, { capabilities });
  server.registerTool('count', { inputSchema: z.object({}) }, async (_args, { mcpReq }) => {
    const { progressToken } = mcpReq._meta ?? {};
    for (let progress = 1; progress <= TOOL_EVENTS; progress += 1) {
      await sleep(EVERY_MS);
      const params = { progressToken, progress, total: TOOL_EVENTS };
      await mcpReq.notify({ method: 'notifications/progress', params });
    }
    return { content: [{ type: 'text', text: 'done' }] };
  });
  return server;
}

/** Sends numbered messages until the run ends. */
async function number(server) {
  const { name } = server.server.getClientVersion();
  const own = run;
  for (own.sent[name] = 0; own.isRunning; await sleep(EVERY_MS)) {
    own.sent[name] += 1;
    const params = { level: 'info', data: { number: own.sent[name] } };
    await server.server.notification({ method: 'notifications/message', params }).catch(() => {});
  }
}

async function serveLegacy(req, res, body) {
  const id = req.headers['mcp-session-id'];
  const open = sessions.get(id);
  if (id !== undefined && open === undefined) return res.writeHead(404).end();
  if (open !== undefined) {
    if (req.method === 'GET' && !open.isNumbered) {
      open.isNumbered = true;
      // The stream must be open: a client has no id yet with which it could ask for an event.
      setTimeout(number, START_MS, open.server);
    }
    return open.transport.handleRequest(req, res, body);
  }
  const transport = new NodeStreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    ...(process.env.NUMBERS_FORGETS === '1' ? {} : { eventStore: createStore() }),
    onsessioninitialized: (session) => sessions.set(session, { transport, server }),
    onsessionclosed: (session) => sessions.delete(session),
  });
  const server = build();
  await server.connect(transport);
  return transport.handleRequest(req, res, body);
}

const modern = createMcpHandler(build, { legacy: 'reject' });
const serveModern = toNodeHandler(modern);
setInterval(() => run.isRunning && modern.notify.toolsChanged(), LISTS_MS);

async function handle(req, res) {
  const url = new URL(req.url, 'http://x');
  if (url.pathname === '/start') run = { isRunning: true, sent: {} };
  if (url.pathname === '/stop') run.isRunning = false;
  if (url.pathname !== '/mcp') return res.end(JSON.stringify(run.sent));
  if (req.method !== 'POST') return serveLegacy(req, res);
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  const body = JSON.parse(Buffer.concat(chunks));
  const { method, headers } = req;
  const isLegacy = await isLegacyRequest(new Request(url, { method, headers }), body);
  return isLegacy ? serveLegacy(req, res, body) : serveModern(req, res, body);
}

serve(handle);
