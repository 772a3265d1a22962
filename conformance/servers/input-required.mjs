// Tools of revision 2026-07-28 that need input from the client: they return input_required, and the
// client calls again (SDK 2.x).
import { acceptedContent, inputRequired, inputResponse } from '@modelcontextprotocol/server';
import { noArguments, text } from './content.mjs';

const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';

const form = (message, name, type = 'string') => {
  const requestedSchema = { type: 'object', properties: { [name]: { type } }, required: [name] };
  return inputRequired.elicit({ message, requestedSchema });
};
const ask = (question, maxTokens) =>
  inputRequired.createMessage({ messages: [{ role: 'user', content: text(question) }], maxTokens });
const done = (value) => ({ content: [text(value)] });
const answers = (ctx) => ctx.mcpReq.inputResponses;

export const askName = () => form('What is your name?', 'name');

/** The accepted name, or undefined. */
export const givenName = (ctx) => acceptedContent(answers(ctx), 'user_name')?.name;

function elicitation(_args, ctx) {
  const name = givenName(ctx);
  if (typeof name === 'string') return done(`Hello, ${name}!`);
  return inputRequired({ inputRequests: { user_name: askName() } });
}

function sampling(_args, ctx) {
  const answer = inputResponse(answers(ctx), 'capital_question');
  if (answer.kind === 'sampling') return done(answer.result.content.text);
  return inputRequired({
    inputRequests: { capital_question: ask('What is the capital of France?', 100) },
  });
}

function listRoots(_args, ctx) {
  const answer = inputResponse(answers(ctx), 'client_roots');
  if (answer.kind === 'roots') return done(answer.roots.map((root) => root.uri).join(', '));
  return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
}

/** Confirms under a signed state. The codec has verified the state before this runs. */
const confirmation = (codec) => async (_args, ctx) => {
  const confirmed = acceptedContent(answers(ctx), 'confirm');
  if (confirmed !== undefined && ctx.mcpReq.requestState()?.step === 'confirm')
    return done('state-ok');
  const requestState = await codec.mint({ step: 'confirm' });
  return inputRequired({
    inputRequests: { confirm: form('Please confirm', 'ok', 'boolean') },
    requestState,
  });
};

const multipleInputs = (codec) => async (_args, ctx) => {
  const name = givenName(ctx);
  const greeting = inputResponse(answers(ctx), 'greeting');
  const roots = inputResponse(answers(ctx), 'client_roots');
  const complete = name !== undefined && greeting.kind === 'sampling' && roots.kind === 'roots';
  if (complete && ctx.mcpReq.requestState()?.step === 'all')
    return done(`${greeting.result.content.text} ${name}`);
  const inputRequests = {
    user_name: askName(),
    greeting: ask('Generate a greeting', 50),
    client_roots: inputRequired.listRoots(),
  };
  return inputRequired({ inputRequests, requestState: await codec.mint({ step: 'all' }) });
};

const multiRound = (codec) => async (_args, ctx) => {
  const state = ctx.mcpReq.requestState();
  const name = acceptedContent(answers(ctx), 'step1')?.name;
  const color = acceptedContent(answers(ctx), 'step2')?.color;
  if (state?.round === 2 && color !== undefined) return done(`${state.name} likes ${color}`);
  if (state?.round === 1 && name !== undefined) {
    const requestState = await codec.mint({ round: 2, name });
    return inputRequired({
      inputRequests: { step2: form('Step 2: What is your favorite color?', 'color') },
      requestState,
    });
  }
  const requestState = await codec.mint({ round: 1 });
  return inputRequired({
    inputRequests: { step1: form('Step 1: What is your name?', 'name') },
    requestState,
  });
};

/** Requests only input that the client of this request can give. */
function capabilities(_args, ctx) {
  const declared = ctx.mcpReq.envelope?.[CAPABILITIES] ?? {};
  const inputRequests = {};
  if (declared.sampling !== undefined) inputRequests.question = ask('Are you there?', 10);
  if (declared.elicitation !== undefined) inputRequests.user_name = askName();
  return Object.keys(inputRequests).length === 0
    ? done('Nothing to ask for.')
    : inputRequired({ inputRequests });
}

/** Needs sampling; the SDK rejects the call with -32021 if the client has not declared it. */
const missingCapability = () =>
  inputRequired({ inputRequests: { question: ask('Are you there?', 10) } });

/** Reports progress if the caller wants it, then asks the user. */
async function streamingElicitation(_args, ctx) {
  const progressToken = ctx.mcpReq._meta?.progressToken;
  if (progressToken !== undefined) {
    await ctx.mcpReq.notify({
      method: 'notifications/progress',
      params: { progressToken, progress: 1, total: 2 },
    });
  }
  return elicitation(_args, ctx);
}

/** The tools: name, description, input schema, handler. */
export const inputTools = (codec) => [
  ['test_input_required_result_elicitation', 'Asks for a name', noArguments, elicitation],
  ['test_input_required_result_sampling', 'Asks for a model answer', noArguments, sampling],
  ['test_input_required_result_list_roots', 'Asks for the roots', noArguments, listRoots],
  [
    'test_input_required_result_request_state',
    'Asks under a state',
    noArguments,
    confirmation(codec),
  ],
  [
    'test_input_required_result_tampered_state',
    'Asks under a signed state',
    noArguments,
    confirmation(codec),
  ],
  [
    'test_input_required_result_multiple_inputs',
    'Asks for three things',
    noArguments,
    multipleInputs(codec),
  ],
  ['test_input_required_result_multi_round', 'Asks twice', noArguments, multiRound(codec)],
  [
    'test_input_required_result_capabilities',
    'Asks for what the client can do',
    noArguments,
    capabilities,
  ],
  ['test_missing_capability', 'Needs a client with sampling', noArguments, missingCapability],
  ['test_streaming_elicitation', 'Asks for a name on a stream', noArguments, streamingElicitation],
];

/** A prompt that asks before it answers. */
export function contextPrompt(ctx) {
  const context = acceptedContent(answers(ctx), 'user_context')?.context;
  if (context !== undefined)
    return { messages: [{ role: 'user', content: text(`Context: ${context}`) }] };
  return inputRequired({
    inputRequests: { user_context: form('What context should the prompt use?', 'context') },
  });
}
