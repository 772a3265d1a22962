// The fields of a log line about a request, and their text. The names are those of OpenTelemetry's
// semantic conventions where these have one. No field ever holds a token, a key or a body. The only
// header value in a line is the user agent of a rejected request (rejection-fields.ts).
import { type ApiKey, type ApiKeyCarrier, fingerprintOf } from '../core/api-key.js';
import type { Call } from '../core/message.js';
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

type Carriers = readonly ApiKeyCarrier[];

const NO_CARRIERS: Carriers = [];

/** Where callers of the endpoint write keys, so that a line masks keys by their prefixes. */
export const carriersOf = ({ endpoint }: RequestSummary): Carriers =>
  endpoint === null ? NO_CARRIERS : endpoint.apiKeys;

/** Callers choose these texts, so a line cuts them, and masks a token or key in them. */
export const shorten = (text: string | null | undefined, carriers: Carriers): string | undefined =>
  text === null || text === undefined
    ? undefined
    : maskTokens(text.slice(0, LOGGED_CHARACTERS), carriers);

/** Null where the call names nothing. */
export function nameField({ method, name }: Call): NameField | null {
  if (method === null || name === null) return null;
  const about = METHODS.get(method);
  if (about === undefined || about === null) return null;
  return about.kind === null ? 'taskId' : NAME_FIELDS[about.kind];
}

/** The calls of a message. The fields of a batch are lists, so that the line shows every call. */
export function callFields(summary: RequestSummary): Record<string, unknown> {
  const { message } = summary;
  if (message === null) return {};
  const carriers = carriersOf(summary);
  const { calls } = message;
  const [only] = calls;
  if (calls.length === 1 && only !== undefined) {
    const field = nameField(only);
    const name = field === null ? {} : { [field]: shorten(only.name, carriers) };
    return { [METHOD_FIELD]: shorten(only.method, carriers), ...name };
  }
  if (only === undefined) return {};
  const named = [...new Set(calls.map(nameField))].filter((field) => field !== null);
  const namesOf = (field: NameField): (string | null)[] =>
    calls.map((call) =>
      nameField(call) === field ? (shorten(call.name, carriers) ?? null) : null,
    );
  return {
    [METHOD_FIELD]: calls.map(({ method }) => shorten(method, carriers) ?? null),
    ...Object.fromEntries(named.map((field) => [field, namesOf(field)])),
  };
}

const keyOf = (caller: Caller | null): ApiKey | null =>
  caller === null || caller.kind === 'pass-through' ? null : caller.key;

/** The fingerprint of the API key that the caller presented, itself or as a bridge token. */
export function keyFingerprint({ caller, failure }: RequestSummary): string | undefined {
  const key = keyOf(caller);
  return key === null ? failure?.vouched?.keyFingerprint : fingerprintOf(key);
}

export const credentialOf = (caller: Caller | null): string | undefined =>
  caller === null ? undefined : caller.kind === 'pass-through' ? caller.kind : caller.method;

/** Who called. Empty where no proof names the caller. */
export function callerFields(summary: RequestSummary) {
  const { caller, failure } = summary;
  const passed = caller === null || caller.kind === 'pass-through' ? undefined : caller;
  // A genuine token or key that a later check rejected.
  const principal = passed ?? failure?.vouched;
  const carriers = carriersOf(summary);
  return {
    issuer: principal?.issuer ?? undefined,
    subject: shorten(principal?.subject, carriers),
    clientId: shorten(principal?.client, carriers),
    keyFingerprint: keyFingerprint(summary),
  };
}

/**
 * The fields that all requests of one caller, method and outcome share, in the order of a line. The
 * object is new: its reader may add others.
 */
export function sharedFields(summary: RequestSummary): Record<string, unknown> {
  const { exchange, endpoint, caller, message, failure, status } = summary;
  const { issuer, subject, clientId, keyFingerprint } = callerFields(summary);
  return {
    reason: failure?.definition.reason ?? 'ok',
    'http.response.status_code': status,
    endpoint: endpoint?.name,
    'http.request.method': exchange.method,
    era: message?.era,
    credential: credentialOf(caller) ?? failure?.vouched?.method,
    issuer,
    subject,
    clientId,
    keyFingerprint,
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
