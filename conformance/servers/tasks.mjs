// The tasks extension (SEP-2663) for the 2026-07-28 server: tools that answer later, and the
// methods tasks/get, tasks/update, tasks/cancel.
import { randomUUID } from 'node:crypto';
import {
  inputRequired,
  MissingRequiredClientCapabilityError,
  ProtocolError,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { sleep, text } from './content.mjs';
import { askName, givenName } from './input-required.mjs';

export const TASKS = 'io.modelcontextprotocol/tasks';
const LIMIT = 1000;
const INVALID_PARAMS = -32602;
const INTERNAL_ERROR = -32603;

const store = new Map();
const now = () => new Date().toISOString();
const done = (value) => ({ content: [text(value)] });
const negotiated = (ctx) => {
  const declared = ctx.mcpReq.envelope?.['io.modelcontextprotocol/clientCapabilities'];
  return declared?.extensions?.[TASKS] !== undefined;
};

function requireExtension(ctx) {
  if (negotiated(ctx)) return;
  throw new MissingRequiredClientCapabilityError({
    requiredCapabilities: { extensions: { [TASKS]: {} } },
  });
}

function settle(task, fields) {
  if (task.view.status !== 'working' && task.view.status !== 'input_required') return;
  Object.assign(task.view, fields, { lastUpdatedAt: now() });
  if (fields.status !== 'input_required') task.inputs.clear();
}

/** Starts work in the background and answers with the new task. */
function createTask(work) {
  const created = now();
  const view = {
    taskId: randomUUID(),
    status: 'working',
    createdAt: created,
    lastUpdatedAt: created,
  };
  const task = { view: { ...view, ttlMs: 600_000, pollIntervalMs: 100 }, inputs: new Map() };
  store.set(view.taskId, task);
  if (store.size > LIMIT) store.delete(store.keys().next().value);
  work(task).then(
    (result) => settle(task, { status: 'completed', result }),
    (error) =>
      settle(task, {
        status: 'failed',
        error: { code: error.code ?? INTERNAL_ERROR, message: error.message },
      }),
  );
  return { resultType: 'task', ...task.view };
}

/** Parks the task until the client has answered this request. */
function input(task, key, request) {
  settle(task, { status: 'input_required' });
  return new Promise((resolve) => task.inputs.set(key, { request, resolve }));
}

const confirm = (message) => {
  const requestedSchema = {
    type: 'object',
    properties: { confirm: { type: 'boolean' } },
    required: ['confirm'],
  };
  return inputRequired.elicit({ message, requestedSchema });
};

const compute = async ({ seconds, label }) => {
  await sleep(seconds * 1000);
  return done(`${label ?? 'compute'} took ${seconds} s`);
};

async function confirmDelete(task, filename) {
  await input(task, 'confirm', confirm(`Delete ${filename}?`));
  return done(`Deleted ${filename}`);
}

async function multiInput(task) {
  await Promise.all([
    input(task, 'first', confirm('First?')),
    input(task, 'second', confirm('Second?')),
  ]);
  return done('Both were answered.');
}

async function failingJob() {
  await sleep(200);
  return { isError: true, content: [text('The job failed.')] };
}

async function protocolErrorJob() {
  await sleep(50);
  throw new ProtocolError(INTERNAL_ERROR, 'The job broke the protocol.');
}

/** Runs the work as a task. A caller without the extension is rejected with -32021. */
const asTask = (work) => (args, ctx) => {
  requireExtension(ctx);
  return createTask((task) => work(task, args, ctx));
};

function slowCompute(args, ctx) {
  return negotiated(ctx) ? createTask(() => compute(args)) : compute(args);
}

function toolWithTask(_args, ctx) {
  requireExtension(ctx);
  const name = givenName(ctx);
  if (name === undefined) return inputRequired({ inputRequests: { user_name: askName() } });
  return createTask(async () => done(`Hello from the task, ${name}!`));
}

const object = (properties, required = []) => ({ type: 'object', properties, required });
const string = { type: 'string' };

/** The tools: name, description, input schema, handler. */
export const taskTools = [
  [
    'greet',
    'Greets at once',
    object({ name: string }, ['name']),
    ({ name }) => done(`Hello, ${name}!`),
  ],
  [
    'slow_compute',
    'Works for some seconds',
    object({ seconds: { type: 'number' }, label: string }, ['seconds']),
    slowCompute,
  ],
  ['failing_job', 'Fails after a while', object({}), asTask(failingJob)],
  ['protocol_error_job', 'Ends with a protocol error', object({}), asTask(protocolErrorJob)],
  [
    'confirm_delete',
    'Asks before it deletes',
    object({ filename: string }),
    asTask((task, args) => confirmDelete(task, args.filename)),
  ],
  ['multi_input', 'Asks two things at once', object({}), asTask(multiInput)],
  ['test_tool_with_task', 'Asks, then works as a task', object({}), toolWithTask],
];

function find(taskId, ctx) {
  requireExtension(ctx);
  const task = store.get(taskId);
  if (task === undefined) throw new ProtocolError(INVALID_PARAMS, 'Unknown task');
  return task;
}

/** Adds the methods of the extension to a server. */
export function registerTasks(server) {
  server.setRequestHandler(
    'tasks/get',
    { params: z.object({ taskId: z.string() }) },
    ({ taskId }, ctx) => {
      const { view, inputs } = find(taskId, ctx);
      if (inputs.size === 0) return { ...view };
      return {
        ...view,
        inputRequests: Object.fromEntries([...inputs].map(([key, { request }]) => [key, request])),
      };
    },
  );
  const update = z.object({
    taskId: z.string(),
    inputResponses: z.record(z.string(), z.unknown()).optional(),
  });
  server.setRequestHandler(
    'tasks/update',
    { params: update },
    ({ taskId, inputResponses }, ctx) => {
      const task = find(taskId, ctx);
      const given = inputResponses ?? ctx.mcpReq.inputResponses ?? {};
      for (const [key, { resolve }] of [...task.inputs]) {
        if (!(key in given)) continue;
        task.inputs.delete(key);
        resolve(given[key]);
      }
      if (task.inputs.size === 0) settle(task, { status: 'working' });
      return {};
    },
  );
  server.setRequestHandler(
    'tasks/cancel',
    { params: z.object({ taskId: z.string() }) },
    ({ taskId }, ctx) => {
      settle(find(taskId, ctx), { status: 'cancelled' });
      return {};
    },
  );
}
