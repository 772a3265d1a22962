// The tools of the 2025-11-25 server: definitions, and handlers that may send requests to the
// client during the call (1.x SDK).
import { CreateMessageResultSchema, ElicitResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { fixedTools, noArguments, schemaTool, sleep, text } from './content.mjs';

const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];
const stringArgument = (name) => ({
  type: 'object',
  properties: { [name]: { type: 'string' } },
  required: [name],
});

async function withLogging(_args, extra, session) {
  const say = async (data) => {
    if (LEVELS.indexOf('info') < LEVELS.indexOf(session.logLevel)) return;
    await extra.sendNotification({
      method: 'notifications/message',
      params: { level: 'info', logger: 'conformance', data },
    });
  };
  await say('Tool execution started');
  await sleep(50);
  await say('Tool processing data');
  await sleep(50);
  await say('Tool execution completed');
  return { content: [text('Three log messages were sent.')] };
}

async function withProgress(_args, extra) {
  const progressToken = extra._meta?.progressToken;
  for (const progress of [0, 50, 100]) {
    if (progress > 0) await sleep(50);
    if (progressToken === undefined) continue;
    await extra.sendNotification({
      method: 'notifications/progress',
      params: { progressToken, progress, total: 100 },
    });
  }
  return { content: [text('Three progress notifications were sent.')] };
}

async function sampling({ prompt }, extra) {
  const messages = [{ role: 'user', content: text(prompt) }];
  const request = { method: 'sampling/createMessage', params: { messages, maxTokens: 100 } };
  const result = await extra.sendRequest(request, CreateMessageResultSchema);
  return { content: [text(`LLM response: ${result.content.text}`)] };
}

const elicit = (properties, required) => async (args, extra) => {
  const message = args.message ?? 'Please fill in the form';
  const params = {
    mode: 'form',
    message,
    requestedSchema: { type: 'object', properties, required },
  };
  const result = await extra.sendRequest(
    { method: 'elicitation/create', params },
    ElicitResultSchema,
  );
  const content = JSON.stringify(result.content ?? {});
  return { content: [text(`Elicitation completed: action=${result.action}, content=${content}`)] };
};

/** Closes the answer's stream during the call; the client must come back with Last-Event-ID. */
async function reconnection(_args, extra) {
  extra.closeSSEStream?.();
  await sleep(100);
  return {
    content: [text('The stream was closed and the answer was delivered after the reconnection.')],
  };
}

const userForm = {
  username: { type: 'string', description: "User's response" },
  email: { type: 'string', description: "User's email address" },
};

const defaultsForm = {
  name: { type: 'string', default: 'John Doe' },
  age: { type: 'integer', default: 30 },
  score: { type: 'number', default: 95.5 },
  status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
  verified: { type: 'boolean', default: true },
};

const options = ['option1', 'option2', 'option3'];
const titled = ['First', 'Second', 'Third'].map((title, index) => ({
  const: `value${index + 1}`,
  title: `${title} Option`,
}));

const enumsForm = {
  untitledSingle: { type: 'string', enum: options },
  titledSingle: { type: 'string', oneOf: titled },
  legacyEnum: {
    type: 'string',
    enum: ['opt1', 'opt2', 'opt3'],
    enumNames: ['Option One', 'Option Two', 'Option Three'],
  },
  untitledMulti: { type: 'array', items: { type: 'string', enum: options } },
  titledMulti: { type: 'array', items: { anyOf: titled } },
};

const talkingTools = [
  ['test_tool_with_logging', 'Sends log messages', noArguments, withLogging],
  ['test_tool_with_progress', 'Reports its progress', noArguments, withProgress],
  ['test_sampling', 'Asks the client for a model answer', stringArgument('prompt'), sampling],
  [
    'test_elicitation',
    'Asks the user',
    stringArgument('message'),
    elicit(userForm, ['username', 'email']),
  ],
  [
    'test_elicitation_sep1034_defaults',
    'Asks with default values',
    noArguments,
    elicit(defaultsForm, []),
  ],
  [
    'test_elicitation_sep1330_enums',
    'Asks with every kind of choice',
    noArguments,
    elicit(enumsForm, []),
  ],
  ['test_reconnection', 'Closes its stream before the answer', noArguments, reconnection],
];

const entries = [
  ...fixedTools.map(([name, description, result]) => [
    { name, description, inputSchema: noArguments },
    () => result,
  ]),
  ...talkingTools.map(([name, description, inputSchema, call]) => [
    { name, description, inputSchema },
    call,
  ]),
  [schemaTool, (args) => ({ content: [text(JSON.stringify(args))] })],
];

/** The tools of tools/list. */
export const definitions = entries.map(([definition]) => definition);

/** Tool name to handler (arguments, request context of the SDK, our session). */
export const handlers = new Map(entries.map(([definition, call]) => [definition.name, call]));
