// An MCP server of revision 2025-11-25 for the conformance suite (SDK 1.x: sessions, GET stream,
// DELETE, resumable).
import { randomUUID } from 'node:crypto';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
  CallToolRequestSchema,
  CompleteRequestSchema,
  ErrorCode,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  SetLevelRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { complete, prompts, resources, template, templateContent } from './servers/content.mjs';
import { createEventStore } from './servers/event-store.mjs';
import { listen, refuse } from './servers/listen.mjs';
import { definitions, handlers } from './servers/tools-2025-11-25.mjs';

const sessions = new Map();

function find(list, key, value) {
  const found = list.find((item) => item[key] === value);
  if (found === undefined) throw new McpError(ErrorCode.InvalidParams, `Unknown ${key}: ${value}`);
  return found;
}

function readResource(uri) {
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  if (id !== undefined) return templateContent(uri, id);
  const { mimeType, content } = find(resources, 'uri', uri);
  return { uri, mimeType, ...content };
}

const describePrompt = ({ name, description, args }) => ({
  name,
  description,
  arguments: args.map((argument) => ({ name: argument, required: true })),
});

/** One server for one session. */
function createSessionServer() {
  const session = { logLevel: 'debug', watched: new Set() };
  const capabilities = {
    completions: {},
    logging: {},
    prompts: {},
    resources: { subscribe: true },
    tools: {},
  };
  const server = new Server({ name: 'conformance-2025-11-25', version: '1.0.0' }, { capabilities });

  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: definitions }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }, extra) => {
    const call = handlers.get(params.name);
    if (call === undefined)
      throw new McpError(ErrorCode.InvalidParams, `Unknown tool: ${params.name}`);
    return call(params.arguments ?? {}, extra, session);
  });
  server.setRequestHandler(ListResourcesRequestSchema, () => ({
    resources: resources.map(({ content: _content, ...resource }) => resource),
  }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: [template],
  }));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }) => ({
    contents: [readResource(params.uri)],
  }));
  server.setRequestHandler(SubscribeRequestSchema, ({ params }) => {
    session.watched.add(params.uri);
    return {};
  });
  server.setRequestHandler(UnsubscribeRequestSchema, ({ params }) => {
    session.watched.delete(params.uri);
    return {};
  });
  server.setRequestHandler(ListPromptsRequestSchema, () => ({
    prompts: prompts.map(describePrompt),
  }));
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) => ({
    messages: find(prompts, 'name', params.name).messages(params.arguments ?? {}),
  }));
  server.setRequestHandler(CompleteRequestSchema, ({ params }) => {
    const values = complete(params.argument.value);
    return { completion: { values, total: values.length, hasMore: false } };
  });
  server.setRequestHandler(SetLevelRequestSchema, ({ params }) => {
    session.logLevel = params.level;
    return {};
  });
  return server;
}

/** A request without a session id can only open a session; the transport rejects all others. */
async function openSession(req, res) {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    eventStore: createEventStore(),
    retryInterval: 200,
    onsessioninitialized: (id) => void sessions.set(id, transport),
    onsessionclosed: (id) => void sessions.delete(id),
  });
  const server = createSessionServer();
  await server.connect(transport);
  await transport.handleRequest(req, res);
  if (transport.sessionId === undefined) await server.close();
}

await listen(async (req, res) => {
  const id = req.headers['mcp-session-id'];
  if (id === undefined) return openSession(req, res);
  const transport = sessions.get(id);
  if (transport === undefined) return refuse(res, 404, -32001, 'Session not found');
  return transport.handleRequest(req, res);
});
