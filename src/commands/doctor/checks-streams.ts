// Checks that events reach the client while their stream is open, through every proxy on the way.
import { type Check, fail, type Observation, ok, skipped, warn } from './check.js';
import { describeOutcome } from './document.js';
import type { Inspection } from './inspection.js';
import { messagesOf } from './mcp-conversation.js';
import { type HttpResponse, header, headerValues, isStream, type Outcome } from './request.js';

const ALL = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';

const isAcknowledged = (response: HttpResponse): boolean =>
  messagesOf(response).some(({ method }) => method === ACKNOWLEDGED);

/** The outcome of a stream request, or the reason why the doctor sent none. */
type StreamOutcome = Outcome | string;

interface StreamOptions {
  readonly deadlineMs: number;
  readonly isEnough: (soFar: HttpResponse) => boolean;
}

const NO_TOKEN = 'there is no token to send';

/** A subscription: a server of 2026-07-28 keeps it open, and sends its first event immediately. */
async function subscribe(inspection: Inspection, options: StreamOptions): Promise<StreamOutcome> {
  if (!(await inspection.canConverse())) return NO_TOKEN;
  const { supported, request } = await inspection.conversations.in('modern');
  if (!supported) return 'the server does not support the modern era';
  return inspection.postAuthorized(
    request('subscriptions/listen', { notifications: ALL }),
    options,
  );
}

/** The stream of a legacy server for its own messages. */
async function openGetStream(
  inspection: Inspection,
  options: StreamOptions,
): Promise<StreamOutcome> {
  if (!(await inspection.canConverse())) return NO_TOKEN;
  const { supported, request } = await inspection.conversations.in('legacy');
  if (!supported) return 'the server does not support the legacy era';
  const { 'content-type': _, ...headers } = request('ping').headers;
  return inspection.authorized({
    headers: { ...headers, accept: 'text/event-stream' },
    ...options,
  });
}

const DISABLE_BUFFERING =
  'disable buffering and compression for this path ' +
  '(X-Accel-Buffering: no; proxy_buffering off), and flush each event';

function evaluateSubscription(outcome: StreamOutcome, eventMs: number): Observation {
  if (typeof outcome === 'string') return skipped(outcome);
  const within = `within ${eventMs / 1000} s of an open stream`;
  if (outcome.kind === 'no response')
    return fail(
      outcome.code === 'TIMEOUT'
        ? `nothing arrived ${within}`
        : `subscriptions/listen got ${describeOutcome(outcome)}`,
    );
  if (outcome.status !== 200 || !isStream(outcome))
    return skipped(
      `the server does not offer subscriptions/listen: it got ${describeOutcome(outcome)}`,
    );
  if (outcome.complete) return skipped('the server ended the subscription immediately');
  const atMs = Math.round(outcome.parts.at(-1)?.atMs ?? 0);
  return isAcknowledged(outcome)
    ? ok(`the acknowledgement arrived after ${atMs} ms, with the stream open`)
    : fail(`no acknowledgement arrived ${within}`);
}

function evaluateHeaders(outcome: StreamOutcome): Observation {
  if (typeof outcome === 'string' || outcome.kind === 'no response' || !isStream(outcome))
    return skipped('there is no stream');
  const encoding = header(outcome, 'content-encoding');
  if (encoding !== '' && encoding !== 'identity')
    return fail(`the stream has Content-Encoding: ${encoding}`);
  if (headerValues(outcome, 'content-length').length > 0)
    return fail('the stream has Content-Length');
  return header(outcome, 'x-accel-buffering') === 'no'
    ? ok('the stream has X-Accel-Buffering: no')
    : warn('the stream lacks X-Accel-Buffering: no');
}

export const streamChecks: readonly Check[] = [
  {
    name: 'immediate event',
    expected: 'the acknowledgement of subscriptions/listen arrives while the stream is open',
    fix: DISABLE_BUFFERING,
    requirement: 'B-70',
    async probe(inspection) {
      const { eventMs } = inspection.target;
      const options = { deadlineMs: eventMs, isEnough: isAcknowledged };
      return evaluateSubscription(await subscribe(inspection, options), eventMs);
    },
  },
  {
    name: 'GET stream',
    expected: 'a GET for events gets 405, or begins immediately',
    fix: `respond with 405 if there is no such stream; otherwise ${DISABLE_BUFFERING}`,
    requirement: 'B-03, B-70',
    async probe(inspection) {
      const { eventMs } = inspection.target;
      const outcome = await openGetStream(inspection, { deadlineMs: eventMs, isEnough: isStream });
      if (typeof outcome === 'string') return skipped(outcome);
      if (outcome.kind === 'no response')
        return fail(
          outcome.code === 'TIMEOUT'
            ? `no headers arrived within ${eventMs / 1000} s`
            : `GET got ${describeOutcome(outcome)}`,
        );
      if (outcome.status === 405) return ok('GET got 405: the server has no such stream');
      // This proves the headers only: the doctor cannot make a server send an event here.
      return isStream(outcome) && outcome.status === 200
        ? ok('the headers arrived immediately')
        : fail(`GET got ${describeOutcome(outcome)}`);
    },
  },
  {
    name: 'stream headers',
    expected: 'X-Accel-Buffering: no, without Content-Encoding and Content-Length',
    fix: 'add X-Accel-Buffering: no, and compress no stream: proxies hold back compressed events',
    requirement: 'B-70, B-71',
    async probe(inspection) {
      const options = { deadlineMs: inspection.target.eventMs, isEnough: isStream };
      const modern = await subscribe(inspection, options);
      return evaluateHeaders(
        typeof modern === 'string' || modern.kind === 'no response'
          ? await openGetStream(inspection, options)
          : modern,
      );
    },
  },
  {
    name: 'call progress',
    expected: 'the events of a running call do not all arrive at its end',
    fix: DISABLE_BUFFERING,
    requirement: 'B-70',
    async probe(inspection) {
      if (!(await inspection.canConverse())) return skipped(NO_TOKEN);
      for (const era of ['modern', 'legacy'] as const) {
        const outcome = (await inspection.conversations.in(era)).call?.outcome;
        if (outcome?.kind !== 'response' || !isStream(outcome)) continue;
        if (messagesOf(outcome).length < 2) continue;
        const firstMs = outcome.parts.find(({ text }) => /^data:/m.test(text))?.atMs ?? 0;
        // A short call proves nothing.
        if (outcome.endedMs < 500) return skipped('the call was too short');
        const [first, end] = [Math.round(firstMs), Math.round(outcome.endedMs)];
        const times = `the first after ${first} ms of ${end} ms`;
        return outcome.endedMs - firstMs < 50
          ? warn(`all events arrived at the end: ${times}`)
          : ok(`the events arrived during the call: ${times}`);
      }
      return skipped('no call reported progress; --tool selects one that does');
    },
  },
  {
    name: 'idle stream',
    expected: 'a stream without events stays open',
    fix:
      'let every proxy on the way wait longer than 60 s (proxy_read_timeout), or send comments ' +
      'as keep-alive',
    requirement: 'B-72',
    async probe(inspection) {
      const { idleMs } = inspection.target;
      if (idleMs === null) return skipped('only --long waits for it');
      const options = { deadlineMs: idleMs, isEnough: () => false };
      const modern = await subscribe(inspection, options);
      const isOpen = typeof modern !== 'string' && modern.kind === 'response' && isStream(modern);
      const outcome = isOpen ? modern : await openGetStream(inspection, options);
      if (typeof outcome === 'string') return skipped(outcome);
      if (outcome.kind === 'no response') return fail(`GET got ${describeOutcome(outcome)}`);
      if (outcome.status !== 200 || !isStream(outcome))
        return skipped('there is no stream to hold open');
      const seconds = (outcome.endedMs / 1000).toFixed(1);
      return outcome.endedMs < idleMs - 50
        ? fail(`the stream ended after ${seconds} s`)
        : ok(`the stream was open for ${seconds} s`);
    },
  },
];
