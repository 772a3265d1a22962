// Checks that events reach the client while their stream is open, through every proxy on the way.
import { type Check, fail, type Observation, ok, skipped, warn } from './check.js';
import { describeOutcome } from './document.js';
import { settingsOf } from './fronts.js';
import type { Inspection } from './inspection.js';
import { messagesOf } from './mcp-conversation.js';
import { type HttpResponse, header, headerValues, isStream, type Outcome } from './request.js';
import {
  openGetStream,
  type StreamOptions,
  type StreamOutcome,
  subscribe,
} from './stream-requests.js';

const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';

export const isAcknowledged = (response: HttpResponse): boolean =>
  messagesOf(response).some(({ method }) => method === ACKNOWLEDGED);

/** The fix for events that a proxy holds back. */
export const disableBuffering = async ({ fronts }: Inspection, ...outcomes: Outcome[]) =>
  'disable buffering and compression for this path, and flush each event ' +
  `(${settingsOf('buffering', await fronts(...outcomes))})`;

/** A proxy with HTTP/2, and most proxies on Node, hold a head until a byte of the body comes. */
const FIRST_BYTE = 'Send one comment line (`:`) together with the head of each stream';

export const sendFirstByte = async (inspection: Inspection): Promise<string> =>
  `${FIRST_BYTE}: some proxies hold the head until a byte of the body comes. Otherwise ` +
  (await disableBuffering(inspection));

async function evaluateSubscription(
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
          `respond with 405 if there is no such stream. ${await sendFirstByte(inspection)}`,
        )
      : fail(`GET got ${describeOutcome(outcome)}`);
  if (outcome.status === 405) return ok('GET got 405: the server has no such stream');
  // This proves the headers only: the doctor cannot make a server send an event here.
  return isStream(outcome) && outcome.status === 200
    ? ok('the headers arrived immediately')
    : fail(`GET got ${describeOutcome(outcome)}`);
}

/** A client that accepts compression, as browsers and most HTTP libraries do. */
const ACCEPTS_COMPRESSION = { 'accept-encoding': 'gzip, deflate, br' };

async function evaluateHeaders(
  inspection: Inspection,
  plain: StreamOutcome,
  compressed: StreamOutcome,
): Promise<Observation> {
  if (typeof plain === 'string' || plain.kind === 'no response' || !isStream(plain))
    return skipped('there is no stream');
  const noCompression = async (outcome: Outcome): Promise<string> =>
    'compress no stream: proxies hold back compressed events ' +
    `(${settingsOf('compression', await inspection.fronts(outcome))})`;
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
    if (headerValues(outcome, 'content-length').length > 0)
      return fail('the stream has Content-Length', await disableBuffering(inspection, outcome));
  }
  if (header(plain, 'x-accel-buffering') === 'no')
    return ok('the stream has X-Accel-Buffering: no');
  const lacks = 'the stream lacks X-Accel-Buffering: no';
  return (await inspection.fronts(plain)).includes('nginx')
    ? warn(lacks, `${ADD_HEADER}. ${NGINX_EATS} Nothing, if no other proxy is in front of nginx`)
    : warn(lacks, `${ADD_HEADER}. ${NGINX_EATS}`);
}

const ADD_HEADER = 'add X-Accel-Buffering: no, if the server does not send it';
const NGINX_EATS =
  'nginx obeys it and removes it: `proxy_pass_header X-Accel-Buffering` passes it on.';

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
      const options = { deadlineMs: inspection.target.eventMs, isEnough: isStream };
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
