// Makes the records of the audit. Names of members are those of the log where it has them. No
// member ever holds a token, a key, an argument or a result. A name that begins with `unverified.`
// holds a text of the caller, which nothing proves.
import { createHash } from 'node:crypto';
import { singleHeader } from '../core/exchange.js';
import type { Failure, FailureDefinition } from '../core/failure.js';
import { clientDisconnected, upstreamClientError } from '../core/failures.js';
import type { Call } from '../core/message.js';
import type { RequestSummary } from '../core/request-summary.js';
import { type CallMeta, readCallMeta } from '../mcp/call-meta.js';
import { carriersOf, METHOD_FIELD, nameField, roundedMs, sharedFields } from './log-fields.js';
import { asciiJson } from './log-text.js';
import { maskTokens } from './mask-tokens.js';
import { headerContext, metaContext, type RemoteContext, traceparentOf } from './trace-context.js';

/** The version of the record. A new member does not change it. */
const VERSION = 1;
/** Characters of a text that the caller chose. */
const LONGEST = 1_024;
/** Half of a character, as at a cut. A strict reader rejects such a record and all after it. */
const HALF = /\p{Surrogate}/gu;

export type Verdict = 'allowed' | 'denied' | 'failed';

/** The caller ended these, or the upstream rejected them: the gateway has denied nothing. */
const NOT_DENIED: ReadonlySet<FailureDefinition> = new Set([
  clientDisconnected.definition,
  upstreamClientError.definition,
]);

export function verdictOf(failure: Failure | null): Verdict {
  if (failure === null) return 'allowed';
  const { definition } = failure;
  return definition.blame === 'caller' && !NOT_DENIED.has(definition) ? 'denied' : 'failed';
}

type Fields = Record<string, unknown>;

/** Correlates the calls of a session. The id itself would let others send in the session. */
const sessionOf = (id: string | null | undefined): string | undefined =>
  id === null || id === undefined
    ? undefined
    : createHash('sha256').update(id).digest('hex').slice(0, 16);

const contextFields = (prefix: string, context: RemoteContext | null): Fields =>
  context === null
    ? {}
    : {
        [`${prefix}traceparent`]: traceparentOf(context),
        [`${prefix}tracestate`]: context.tracestate ?? undefined,
      };

/** A task has no name in the semantic conventions. */
function nameFields(call: Call, text: (value: string | null) => string | undefined): Fields {
  const field = nameField(call);
  return {
    [METHOD_FIELD]: call.method === null ? null : text(call.method),
    ...(field === null ? {} : { [field]: text(call.name) }),
    'jsonrpc.request.id': call.idText === undefined ? undefined : text(call.idText),
  };
}

/** `phase`: a stream has a record at its begin too. */
function fieldsOf(
  summary: RequestSummary,
  time: string,
  phase: 'begin' | 'end' | undefined,
  call: Call | undefined,
  meta: CallMeta | undefined,
): Fields {
  const { exchange, endpoint, caller, failure, durationMs } = summary;
  const carriers = carriersOf(summary);
  const text = (value: string | null | undefined): string | undefined =>
    value === null || value === undefined
      ? undefined
      : maskTokens(value.slice(0, LONGEST).replace(HALF, '\ufffd'), carriers);
  const principal = caller === null || caller.kind === 'pass-through' ? null : caller;
  const { audited } = exchange;
  const act = audited !== null && 'act' in audited ? audited : null;
  const granted = audited === null || 'act' in audited ? null : audited;
  const vouched = failure?.vouched ?? granted;
  const { reason, ...shared } = sharedFields(summary);
  const { unverified, rule } = failure ?? {};
  return {
    audit: VERSION,
    time,
    phase,
    verdict: verdictOf(failure),
    reason,
    rule: text(rule),
    ...shared,
    ...(granted !== null && {
      credential: 'api-key',
      grant: granted.audience.map(text),
      keyFingerprint: granted.keyFingerprint,
    }),
    ...(act !== null && {
      act: act.act,
      issuer: act.issuer,
      grant: act.resource === undefined ? undefined : [text(act.resource)],
      scopes: act.scopes?.map(text),
      returnsTo: text(act.place),
    }),
    host: text(exchange.host),
    'url.path': endpoint === null ? text(exchange.path) : undefined,
    subject: text(principal?.subject ?? vouched?.subject),
    tenant: text(principal?.tenant),
    clientId: text(principal?.client ?? vouched?.client ?? act?.client),
    ...(call === undefined ? {} : nameFields(call, text)),
    requestId: exchange.id,
    session: sessionOf(singleHeader(exchange, 'mcp-session-id')),
    clientAddress: exchange.clientAddress,
    durationMs: roundedMs(durationMs),
    'unverified.user_agent': text(singleHeader(exchange, 'user-agent')),
    'unverified.client_name': text(meta?.clientName ?? act?.clientName),
    'unverified.client_version': text(meta?.clientVersion),
    'unverified.iss': text(unverified?.iss),
    'unverified.sub': text(unverified?.sub),
    'unverified.client_id': text(unverified?.client_id),
    ...contextFields('', headerContext(exchange)),
    ...contextFields('meta.', metaContext(meta)),
    'trace.traceparent': exchange.trace?.traceparent,
    // The answer has no status yet.
    ...(phase === 'begin' && { 'http.response.status_code': undefined }),
  };
}

const lineOf = (fields: Fields): Buffer =>
  Buffer.from(`${asciiJson(JSON.stringify(fields))}\n`, 'latin1');

/** One line for each call of the request, or one where it has no calls. */
export function recordLines(
  summary: RequestSummary,
  time: string,
  phase?: 'begin' | 'end',
): readonly Buffer[] {
  const { message } = summary;
  const calls = message?.calls ?? [];
  if (message === null || calls.length === 0)
    return [lineOf(fieldsOf(summary, time, phase, undefined, undefined))];
  const metas = readCallMeta(message.body);
  return calls.map((call, i) => {
    const fields = fieldsOf(summary, time, phase, call, metas[i]);
    const batch = calls.length > 1 ? { batch: { index: i, size: calls.length } } : {};
    return lineOf({ ...fields, ...batch });
  });
}

/** A request that was rejected before it could be read. */
export const unreadableLine = (failure: Failure, clientAddress: string, time: string): Buffer =>
  lineOf({
    audit: VERSION,
    time,
    verdict: verdictOf(failure),
    reason: failure.definition.reason,
    'http.response.status_code': failure.definition.status,
    clientAddress,
  });
