// Evaluates the tool call of a conversation: a result, missing scopes, an unknown tool, a slow one.

import { didYouMean } from '../../config/did-you-mean.js';
import { isObject } from '../../core/json.js';
import { findParameter } from './challenge.js';
import { fail, type Observation, ok, skipped, warn } from './check.js';
import { describeOutcome } from './document.js';
import { challengesOf, type Inspection } from './inspection.js';
import { claimsOf } from './jwt-claims.js';
import { type Conversation, type Reply, type ToolCall, toolsOf } from './mcp-conversation.js';
import { shorten } from './shorten.js';

/** A longer answer comes from a slow tool, and not from a fault of the server. */
const SLOW_MS = 1_000;

export const rpcErrorOf = ({ rpc }: Reply): string =>
  rpc?.error === undefined
    ? ''
    : `, JSON-RPC error ${String(rpc.error.code)} ${String(rpc.error.message)}`;
export const describeReply = (reply: Reply): string =>
  `${describeOutcome(reply.outcome)}${rpcErrorOf(reply)}`;

/** The scopes of the token, where it is a JWT that names them. */
function scopesOf(token: string | null): string[] {
  const { scope, scp } = (token === null ? null : claimsOf(token)) ?? {};
  return [scope, scp]
    .flat()
    .filter((one): one is string => typeof one === 'string')
    .flatMap((one) => one.split(' '));
}

/** A 403 for scopes: those that the token lacks, or those that the challenge names. */
function missingScopes({ target }: Inspection, { tool, reply }: ToolCall): Observation | null {
  const { outcome } = reply;
  if (outcome.kind !== 'response' || outcome.status !== 403) return null;
  const { first } = challengesOf(outcome);
  if (first === null || findParameter(first, 'error')?.value !== 'insufficient_scope') return null;
  const needed = (findParameter(first, 'scope')?.value ?? '')
    .split(' ')
    .filter((one) => one !== '');
  const own = scopesOf(target.token);
  const lacking = needed.filter((one) => !own.includes(one));
  const words =
    own.length > 0 && lacking.length > 0
      ? `scopes that the token lacks (${lacking.join(' ')})`
      : `more scopes (${needed.length === 0 ? 'not named' : needed.join(' ')})`;
  const next =
    target.tool === null ? '--tool NAME calls another tool' : 'get a token with these scopes';
  return skipped(`${tool} needs ${words}; ${next}`);
}

/** The observation of a call for which the doctor or a proxy stopped waiting; else null. */
async function slowCall(
  { target: { callMs }, fixFor }: Inspection,
  { tool, reply: { outcome } }: ToolCall,
): Promise<Observation | null> {
  const seconds = (outcome.endedMs / 1000).toFixed(1);
  if (outcome.endedMs >= callMs - 50)
    return skipped(
      `${tool} takes longer than ${callMs / 1000} s: --long waits longer, ` +
        '--tool NAME calls another tool',
    );
  const isCut = outcome.kind === 'no response' || !outcome.complete;
  const gaveUp = outcome.kind === 'response' && [502, 504].includes(outcome.status);
  if (outcome.endedMs < SLOW_MS || !(isCut || gaveUp)) return null;
  return fail(
    `${tool} got ${isCut ? 'a cut' : describeOutcome(outcome)} after ${seconds} s`,
    await fixFor('timeouts', 'let every proxy on the way wait longer for a slow tool', outcome),
  );
}

const MAX_NAMES = 10;
const MAX_NAME_CHARACTERS = 40;

function listOf(names: readonly string[]): string {
  if (names.length === 0) return 'it lists no tools';
  const shown = names.slice(0, MAX_NAMES).map((name) => shorten(name, MAX_NAME_CHARACTERS));
  const left = names.length - shown.length;
  return `its tools are ${shown.join(', ')}${left === 0 ? '' : `, and ${left} more`}`;
}

/** The text of a JSON-RPC error or of a tool result. SDKs answer unknown tools with either. */
function errorText({ rpc }: Reply): string {
  if (rpc?.error !== undefined) return String(rpc.error.message);
  const { content } = rpc?.result ?? {};
  const [first] = Array.isArray(content) ? content.filter(isObject) : [];
  return typeof first?.text === 'string' ? first.text : '';
}

/** An error in answer to a tool that the operator named and the server does not list; else null. */
function unknownTool(list: Reply | null, { tool, reply }: ToolCall): Observation | null {
  const isError = reply.rpc?.error !== undefined || reply.rpc?.result?.isError === true;
  const { tools } = list?.rpc?.result ?? {};
  if (!isError || !Array.isArray(tools)) return null;
  const names = toolsOf(list).flatMap(({ name }) => (typeof name === 'string' ? [name] : []));
  if (names.includes(tool)) return null;
  const text = shorten(errorText(reply), 100);
  const answer = text === '' ? '' : `it answered "${text}"; `;
  const meant = didYouMean(tool, names);
  return fail(
    `the server has no tool ${tool}: ${answer}${listOf(names)}`,
    `name a tool of the server with --tool${meant === undefined ? '' : `; did you mean ${meant}?`}`,
  );
}

export async function evaluateToolCall(
  inspection: Inspection,
  { list, call: callOnce }: Conversation,
): Promise<Observation> {
  const call = await callOnce();
  if (call === null)
    return skipped(
      'no tool is read-only (readOnlyHint) and needs no argument; --tool NAME calls any tool',
    );
  const { tool, reply } = call;
  // A list may show tools for which a client first requests more scopes.
  const known = missingScopes(inspection, call) ?? unknownTool(await list(), call);
  if (known !== null) return known;
  const result = reply.rpc?.result;
  if (result === undefined)
    return (await slowCall(inspection, call)) ?? fail(`${tool} got ${describeReply(reply)}`);
  return result.isError === true
    ? warn(`${tool} reports an error of its own`)
    : ok(`${tool} got a result`);
}
