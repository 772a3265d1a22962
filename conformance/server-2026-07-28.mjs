// An MCP server of revision 2026-07-28 for the conformance suite (SDK 2.x, stateless). Clients of
// 2025 are served without sessions.
import { randomBytes } from 'node:crypto';
import { toNodeHandler } from '@modelcontextprotocol/node';
import {
  completable,
  createMcpHandler,
  createRequestStateCodec,
  fromJsonSchema,
  McpServer,
  ProtocolError,
  ResourceTemplate,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import {
  complete,
  fixedTools,
  noArguments,
  prompts,
  resources,
  schemaTool,
  sleep,
  template,
  templateContent,
  text,
} from './servers/content.mjs';
import { contextPrompt, inputTools } from './servers/input-required.mjs';
import { listen } from './servers/listen.mjs';
import { registerTasks, TASKS, taskTools } from './servers/tasks.mjs';

const INVALID_PARAMS = -32602;
const codec = createRequestStateCodec({ key: randomBytes(32) });

async function withProgress(_args, ctx) {
  const progressToken = ctx.mcpReq._meta?.progressToken;
  for (const progress of [0, 50, 100]) {
    if (progress > 0) await sleep(50);
    if (progressToken === undefined) continue;
    await ctx.mcpReq.notify({
      method: 'notifications/progress',
      params: { progressToken, progress, total: 100 },
    });
  }
  return { content: [text('Three progress notifications were sent.')] };
}

/** Logs; the SDK sends nothing unless the request named a log level. */
async function logging(_args, ctx) {
  await ctx.mcpReq.log('info', 'A message for those who asked for it');
  return { content: [text('Logged.')] };
}

const changed = (notify) => () => {
  notify();
  return { content: [text('The change was announced.')] };
};

const regionSchema = {
  type: 'object',
  properties: { region: { type: 'string', 'x-mcp-header': 'Region' }, query: { type: 'string' } },
};

const tools = [
  ...fixedTools.map(([name, description, result]) => [
    name,
    description,
    noArguments,
    () => result,
  ]),
  ['test_tool_with_progress', 'Reports its progress', noArguments, withProgress],
  ['test_logging_tool', 'Logs a message', noArguments, logging],
  [
    'test_trigger_tool_change',
    'Announces changed tools',
    noArguments,
    changed(() => handler.notify.toolsChanged()),
  ],
  [
    'test_trigger_prompt_change',
    'Announces changed prompts',
    noArguments,
    changed(() => handler.notify.promptsChanged()),
  ],
  [
    'test_custom_header',
    'Mirrors an argument in a header',
    regionSchema,
    (args) => ({ content: [text(JSON.stringify(args))] }),
  ],
  [
    schemaTool.name,
    schemaTool.description,
    schemaTool.inputSchema,
    (args) => ({ content: [text(JSON.stringify(args))] }),
  ],
  ...inputTools(codec),
  ...taskTools,
].map(([name, description, schema, call]) => ({
  name,
  description,
  inputSchema: fromJsonSchema(schema),
  call,
}));

const toolsByName = new Map(tools.map((tool) => [tool.name, tool]));

/**
 * Calls a tool. Unlike the SDK's own handler it lets protocol errors reach the client (-32021 of
 * the tasks extension).
 */
async function callTool({ params }, ctx) {
  const tool = toolsByName.get(params.name);
  if (tool === undefined) throw new ProtocolError(INVALID_PARAMS, `Unknown tool: ${params.name}`);
  const checked = await tool.inputSchema['~standard'].validate(params.arguments ?? {});
  if (checked.issues !== undefined) return { isError: true, content: [text('Invalid arguments')] };
  return tool.call(checked.value, ctx);
}

function registerPrompts(server) {
  for (const { name, description, args, messages } of prompts) {
    if (args.length === 0) {
      server.registerPrompt(name, { description }, () => ({ messages: messages({}) }));
      continue;
    }
    const argsSchema = z.object(
      Object.fromEntries(args.map((argument) => [argument, completable(z.string(), complete)])),
    );
    server.registerPrompt(name, { description, argsSchema }, (given) => ({
      messages: messages(given),
    }));
  }
  server.registerPrompt(
    'test_input_required_result_prompt',
    { description: 'Asks for its context' },
    contextPrompt,
  );
}

function registerResources(server) {
  for (const { uri, name, description, mimeType, content } of resources) {
    server.registerResource(name, uri, { description, mimeType }, () => ({
      contents: [{ uri, mimeType, ...content }],
    }));
  }
  const { uriTemplate, name, description, mimeType } = template;
  const resourceTemplate = new ResourceTemplate(uriTemplate, { list: undefined });
  server.registerResource(name, resourceTemplate, { description, mimeType }, (uri, { id }) => ({
    contents: [templateContent(uri.href, id)],
  }));
}

/** One server for one request. */
function createServer() {
  const capabilities = { logging: {}, extensions: { [TASKS]: {} } };
  const options = { capabilities, requestState: { verify: codec.verify } };
  const server = new McpServer({ name: 'conformance-2026-07-28', version: '1.0.0' }, options);
  for (const { name, description, inputSchema, call } of tools)
    server.registerTool(name, { description, inputSchema }, call);
  server.server.setRequestHandler('tools/call', callTool);
  registerPrompts(server);
  registerResources(server);
  registerTasks(server.server);
  return server;
}

const handler = createMcpHandler(createServer);
await listen(toNodeHandler(handler));
