// Checks that events reach the client while their stream is open, through every proxy on the way.

import { type Check, fail, type Observation, ok, skipped, warn } from './check.js';
import { describeOutcome } from './document.js';
import type { ProxyFix } from './fronts.js';
import type { Inspection } from './inspection.js';
import { messagesOf } from './mcp-conversation.js';
import { type HttpResponse, header, headerValues, isStream, type Outcome } from './request.js';
import {
  openGetStream,
  type StreamOptions,
  type StreamOutcome,
  subscribe,
} from './stream-requests.js';

const ADD_HEADER = 'add X-Accel-Buffering: no. If the server sends it, nginx on the way removes it';
const NGINX_REMOVES_IT =
  'nothing, if no other proxy is in front of nginx: it obeys this header and removes it. Otherwise ' +
  'let nginx pass it on, and add it if the server does not send it';
const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';

export const isAcknowledged = (response: HttpResponse): boolean =>
  messagesOf(response).some(({ method }) => method === ACKNOWLEDGED);

/** The fix for events that a proxy holds back. */
export const disableBuffering = (
  { fixFor }: Inspection,
  ...outcomes: Outcome[]
): Promise<ProxyFix> =>
  fixFor(
    'buffering',
    'disable buffering and compression for this path, and flush each event',
    ...outcomes,
  );

/** The fix for a stream whose head does not arrive. */
export const sendFirstByte = ({ fixFor }: Inspection): Promise<ProxyFix> =>
  fixFor(
    'buffering',
    'respond with 405 if there is no such stream. Otherwise send one comment line (`:`) together ' +
      'with the head: some proxies hold the head until a byte of the body comes. And disable ' +
      'buffering for this path',
  );

/** The outcome of a subscription over one version of HTTP. */
export async function evaluateSubscription(
  inspection: Inspection,
  outcome: StreamOutcome,
): Promise<Observation> {
  if (typeof outcome === 'string') return skipped(outcome);
  const within = `within ${inspection.target.eventMs / 1000} s of an open stream`;
  if (outcome.kind === 'no response')
    return outcome.code === 'TIMEOUT'
      ? fail(`nothing arrived ${within}`, await disableBuffering(inspection))
      : fail(`subscriptions/listen got ${describeOutcome(outcome)}`);
  if (outcome.status !== 200 || !isStream(outcome))
    return skipped(
      `the server does not offer subscriptions/listen: it got ${describeOutcome(outcome)}`,
    );
  if (outcome.complete) return skipped('the server ended the subscription immediately');
  const atMs = Math.round(outcome.parts.at(-1)?.atMs ?? 0);
  return isAcknowledged(outcome)
    ? ok(`the acknowledgement arrived after ${atMs} ms, with the stream open`)
    : fail(`no acknowledgement arrived ${within}`, await disableBuffering(inspection, outcome));
}

/** The outcome of the GET stream over one version of HTTP. */
export async function evaluateGetStream(
  inspection: Inspection,
  outcome: StreamOutcome,
): Promise<Observation> {
  if (typeof outcome === 'string') return skipped(outcome);
  if (outcome.kind === 'no response')
    return outcome.code === 'TIMEOUT'
      ? fail(
          `no headers arrived within ${inspection.target.eventMs / 1000} s`,
          await sendFirstByte(inspection),
        )
      : fail(`GET got ${describeOutcome(outcome)}`);
  if (outcome.status === 405) return ok('GET got 405: the server has no such stream');
  // SDK servers allow one such stream for each session, and a proxy may see late that one ended.
  if (outcome.status === 409) return skipped('GET got 409: an earlier stream is still open there');
  // This proves the headers only: the doctor cannot make a server send an event here.
  return isStream(outcome) && outcome.status === 200
    ? ok('the headers arrived immediately')
    : fail(`GET got ${describeOutcome(outcome)}`);
}

/** A client that accepts compression, as browsers and most HTTP libraries do. */
const ACCEPTS_COMPRESSION = { 'accept-encoding': 'gzip, deflate, br' };

/** A stream that arrives this much later than another response was held back until its end. */
const HELD_MS = 500;

const hasLength = (response: HttpResponse): boolean =>
  headerValues(response, 'content-length').length > 0;

/** Some servers give a stream that ends at once its length (SDK 1.32): nothing holds it back. */
async function isShort({ withoutToken }: Inspection, stream: HttpResponse): Promise<boolean> {
  return stream.complete && stream.endedMs - (await withoutToken('POST')).endedMs < HELD_MS;
}

async function evaluateHeaders(
  inspection: Inspection,
  plain: StreamOutcome,
  compressed: StreamOutcome,
): Promise<Observation> {
  if (typeof plain === 'string' || plain.kind === 'no response' || !isStream(plain))
    return skipped('there is no stream');
  const noCompression = (outcome: Outcome): Promise<ProxyFix> =>
    inspection.fixFor(
      'compression',
      'compress no stream: proxies hold back compressed events',
      outcome,
    );
  if (typeof compressed !== 'string' && compressed.kind === 'no response')
    return fail(
      'nothing arrived for a client that accepts compression',
      await noCompression(compressed),
    );
  for (const outcome of [plain, compressed]) {
    if (typeof outcome === 'string') continue;
    const encoding = header(outcome, 'content-encoding');
    if (encoding !== '' && encoding !== 'identity')
      return fail(`the stream has Content-Encoding: ${encoding}`, await noCompression(outcome));
    if (hasLength(outcome) && !(await isShort(inspection, outcome)))
      return fail('the stream has Content-Length', await disableBuffering(inspection, outcome));
  }
  if (header(plain, 'x-accel-buffering') === 'no')
    return ok('the stream has X-Accel-Buffering: no');
  return warn('the stream lacks X-Accel-Buffering: no', await addHeader(inspection, plain));
}

async function addHeader(inspection: Inspection, outcome: Outcome): Promise<ProxyFix> {
  const fix = await inspection.fixFor('bufferingHeader', ADD_HEADER, outcome);
  return (await inspection.isBehind('nginx')) ? { ...fix, fix: NGINX_REMOVES_IT } : fix;
}

export const streamChecks: readonly Check[] = [
  {
    name: 'immediate event',
    expected: 'the acknowledgement of subscriptions/listen arrives while the stream is open',
    fix: 'read the log of the server',
    requirement: 'B-70',
    async probe(inspection) {
      const { eventMs } = inspection.target;
      const options = { deadlineMs: eventMs, isEnough: isAcknowledged };
      return evaluateSubscription(inspection, await subscribe(inspection, options));
    },
  },
  {
    name: 'GET stream',
    expected: 'a GET for events gets 405, or begins immediately',
    fix: 'respond with 405 if there is no such stream',
    requirement: 'B-03, B-70',
    async probe(inspection) {
      const options = { deadlineMs: inspection.target.eventMs, isEnough: isStream };
      return evaluateGetStream(inspection, await openGetStream(inspection, options));
    },
  },
  {
    name: 'stream headers',
    expected: 'X-Accel-Buffering: no, without Content-Encoding and Content-Length',
    fix: ADD_HEADER,
    requirement: 'B-70, B-71',
    async probe(inspection) {
      const isEnough = (soFar: HttpResponse): boolean => isStream(soFar) && !hasLength(soFar);
      const options = { deadlineMs: inspection.target.eventMs, isEnough };
      const isOpen = (one: StreamOutcome): boolean =>
        typeof one !== 'string' && one.kind === 'response';
      const open = async (headers: StreamOptions['headers'] = {}): Promise<StreamOutcome> => {
        const modern = await subscribe(inspection, { ...options, headers });
        return isOpen(modern) ? modern : openGetStream(inspection, { ...options, headers });
      };
      const plain = await open();
      return evaluateHeaders(
        inspection,
        plain,
        isOpen(plain) ? await open(ACCEPTS_COMPRESSION) : plain,
      );
    },
  },
];
