// Checks when each event of a stream arrives: none may wait for the next one, or for the end.

import { type Check, type Observation, ok, skipped, warn } from './check.js';
import { disableBuffering, isAcknowledged } from './checks-streams.js';
import type { ProxyFix } from './fronts.js';
import type { Inspection } from './inspection.js';
import { messagesOf } from './mcp-conversation.js';
import { type HttpResponse, isStream } from './request.js';
import { NO_TOKEN, subscribe } from './stream-requests.js';

const TRIES = 3;
/** HAProxy holds a small event for about 200 ms. Networks and servers rarely add that much. */
const HELD_MS = 150;
/** Events with less between them arrived together. */
const TOGETHER_MS = 20;
/** A call with fewer events is too short to show groups. */
const FEWEST_EVENTS = 4;

/** When the first event of a subscription arrives, at best; null without one. */
async function firstEventMs(inspection: Inspection): Promise<number | null> {
  const options = { deadlineMs: inspection.target.eventMs, isEnough: isAcknowledged };
  const times: number[] = [];
  for (let sent = 0; sent < TRIES; sent += 1) {
    const outcome = await subscribe(inspection, options);
    const isEvent = typeof outcome !== 'string' && outcome.kind === 'response' && isStream(outcome);
    if (!isEvent || !isAcknowledged(outcome) || outcome.complete) return null;
    times.push(outcome.parts.at(-1)?.atMs ?? 0);
  }
  return Math.min(...times);
}

/** How long a response of the server takes that is not a stream, at best. */
async function responseMs(inspection: Inspection): Promise<number | null> {
  const { request } = await inspection.conversations.in('modern');
  const times: number[] = [];
  for (let sent = 0; sent < TRIES; sent += 1) {
    const outcome = await inspection.postAuthorized(request('server/discover'));
    if (outcome.kind !== 'response' || outcome.status !== 200) return null;
    times.push(outcome.endedMs);
  }
  return Math.min(...times);
}

const sendAtOnce = ({ fixFor }: Inspection, start = ''): Promise<ProxyFix> =>
  fixFor(
    'smallEvents',
    `${start}let every proxy on the way, and the server, send a small event at once (TCP_NODELAY)`,
  );

async function firstEvent(inspection: Inspection): Promise<Observation> {
  if (!(await inspection.canConverse())) return skipped(NO_TOKEN);
  const eventMs = await firstEventMs(inspection);
  if (eventMs === null) return skipped('no event arrived on a subscription');
  const plainMs = await responseMs(inspection);
  if (plainMs === null) return skipped('server/discover got no result');
  const observed =
    `the first event arrived after ${Math.round(eventMs)} ms, ` +
    `a response without a stream after ${Math.round(plainMs)} ms`;
  return eventMs - plainMs < HELD_MS
    ? ok(observed)
    : warn(`${observed}, at best in ${TRIES} tries each`, await sendAtOnce(inspection));
}

/** When each event arrived, in milliseconds. */
function eventTimesOf({ parts }: HttpResponse): number[] {
  return parts.flatMap(({ atMs, text }) =>
    [...text.matchAll(/^data:/gm)].map(() => Math.round(atMs)),
  );
}

/** The times without those of events that arrived together with the one before. */
const arrivalsOf = (times: readonly number[]): number[] =>
  times.filter((time, at) => at === 0 || time - (times[at - 1] ?? 0) >= TOGETHER_MS);

/**
 * True where a proxy sends the events in groups, with a pause before each group. The end of the
 * stream ends the last pause.
 */
function arriveInGroups(times: readonly number[]): boolean {
  const arrivals = arrivalsOf(times);
  const pauses = arrivals.slice(1, -1).map((time, at) => time - (arrivals[at] ?? 0));
  return (
    times.length >= FEWEST_EVENTS &&
    pauses.length > 0 &&
    arrivals.length <= times.length / 2 &&
    pauses.every((pause) => pause >= HELD_MS)
  );
}

/** The times as text. A long list keeps its start and its end. */
function listOf(times: readonly number[]): string {
  const all = times.map(String);
  return all.length > 12
    ? [...all.slice(0, 6), '...', ...all.slice(-5)].join(', ')
    : all.join(', ');
}

async function callProgress(inspection: Inspection): Promise<Observation> {
  if (!(await inspection.canConverse())) return skipped(NO_TOKEN);
  for (const era of ['modern', 'legacy'] as const) {
    const outcome = (await (await inspection.conversations.in(era)).call())?.reply.outcome;
    if (outcome?.kind !== 'response' || !isStream(outcome)) continue;
    if (messagesOf(outcome).length < 2) continue;
    // A short call proves nothing.
    if (outcome.endedMs < 500) return skipped('the call was too short');
    const times = eventTimesOf(outcome);
    const observed = `${times.length} events after ${listOf(times)} ms`;
    if (outcome.endedMs - (times[0] ?? 0) < 50)
      return warn(
        `all events arrived at the end: ${observed}`,
        await disableBuffering(inspection, outcome),
      );
    return arriveInGroups(times)
      ? warn(
          `the events arrived in groups: ${observed}`,
          await sendAtOnce(inspection, 'nothing, if the tool sends them in groups. Otherwise '),
        )
      : ok(`the events arrived during the call: ${observed}`);
  }
  return skipped('no call reported progress; --tool selects one that does');
}

export const eventTimeChecks: readonly Check[] = [
  {
    name: 'time of the first event',
    expected: 'an event arrives as soon as a response that is not a stream',
    fix: 'send a small event at once',
    requirement: 'B-70',
    probe: firstEvent,
  },
  {
    name: 'call progress',
    expected: 'each event of a running call arrives when the server sends it',
    fix: 'send each event at once',
    requirement: 'B-70',
    probe: callProgress,
  },
];
