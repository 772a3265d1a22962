// The fields of a log line about a request, and their text. The names are those of OpenTelemetry's
// semantic conventions where these have one. No field ever holds a token, a key or a body. The only
// header value in a line is the user agent of a rejected request (rejection-fields.ts).
import type { Call, Message } from '../core/message.js';
import { LOGGED_CHARACTERS } from '../core/presented-token.js';
import type { Caller } from '../core/principal.js';
import type { RequestSummary } from '../core/request-summary.js';
import { METHODS } from '../mcp/methods.js';
import { maskTokens } from './mask-tokens.js';

export const METHOD_FIELD = 'mcp.method.name';

/** The field that names what a call is about. Tasks have no name in the conventions. */
const NAME_FIELDS = {
  tool: 'gen_ai.tool.name',
  prompt: 'gen_ai.prompt.name',
  resource: 'mcp.resource.uri',
} as const;

type NameField = (typeof NAME_FIELDS)[keyof typeof NAME_FIELDS] | 'taskId';

/** Callers choose these texts, so a line cuts them, and masks a token in them. */
export const shorten = (text: string | null | undefined): string | undefined =>
  text === null || text === undefined ? undefined : maskTokens(text.slice(0, LOGGED_CHARACTERS));

export const shortenEach = (texts: readonly string[]): (string | undefined)[] => texts.map(shorten);

/** Null where the call names nothing. */
export function nameField({ method, name }: Call): NameField | null {
  if (method === null || name === null) return null;
  const about = METHODS.get(method);
  if (about === undefined || about === null) return null;
  return about.kind === null ? 'taskId' : NAME_FIELDS[about.kind];
}

/** The calls of a message. The fields of a batch are lists, so that the line shows every call. */
export function callFields(message: Message | null): Record<string, unknown> {
  if (message === null) return {};
  const { calls } = message;
  const [only] = calls;
  if (calls.length === 1 && only !== undefined) {
    const field = nameField(only);
    const name = field === null ? {} : { [field]: shorten(only.name) };
    return { [METHOD_FIELD]: shorten(only.method), ...name };
  }
  if (only === undefined) return {};
  const named = [...new Set(calls.map(nameField))].filter((field) => field !== null);
  const namesOf = (field: NameField): (string | null)[] =>
    calls.map((call) => (nameField(call) === field ? (shorten(call.name) ?? null) : null));
  return {
    [METHOD_FIELD]: calls.map(({ method }) => shorten(method) ?? null),
    ...Object.fromEntries(named.map((field) => [field, namesOf(field)])),
  };
}

const credentialOf = (caller: Caller | null): string | undefined =>
  caller === null ? undefined : caller.kind === 'pass-through' ? caller.kind : caller.method;

/** The fields that all requests of one caller, method and outcome share, in the order of a line. */
export function sharedFields(summary: RequestSummary): Record<string, unknown> {
  const { exchange, endpoint, caller, message, failure, status } = summary;
  const passed = caller === null || caller.kind === 'pass-through' ? undefined : caller;
  // A token for which its issuer vouched, and that a later check rejected.
  const principal = passed ?? failure?.vouched;
  return {
    reason: failure?.definition.reason ?? 'ok',
    'http.response.status_code': status,
    endpoint: endpoint?.path,
    'http.request.method': exchange.method,
    era: message?.era,
    credential: credentialOf(caller) ?? failure?.vouched?.method,
    issuer: principal?.issuer,
    subject: shorten(principal?.subject),
    clientId: shorten(principal?.client),
  };
}

/** Milliseconds with three decimals. */
export const roundedMs = (ms: number): number => Math.round(ms * 1000) / 1000;

/** The stack of a bug. The message stays out: that of a foreign error may quote its input. */
export function stackOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || cause.stack === undefined) return undefined;
  const frames = cause.stack.split('\n').filter((line) => line.startsWith('    at '));
  return `${cause.name}\n${frames.join('\n')}`;
}
