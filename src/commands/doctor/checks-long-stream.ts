// Checks that a stream stays open for a long time without an event. Only --long waits for it.
import { type Check, fail, type Observation, ok, skipped } from './check.js';
import { disableBuffering } from './checks-streams.js';
import { describeOutcome } from './document.js';
import { offersHttp2, sendHttp2Request } from './http2-request.js';
import type { Inspection } from './inspection.js';
import { claimsOf } from './jwt-claims.js';
import { isStream, type SendRequest, sendRequest } from './request.js';
import { openGetStream, type StreamOutcome, subscribe } from './stream-requests.js';

/** A stream may end this much before or after the token expires. */
const EXPIRY_MS = 90_000;

/** True if the stream ended because the token did: a gateway may end its streams then. */
function endsWithToken({ target: { token } }: Inspection): boolean {
  const { exp } = (token === null ? null : claimsOf(token)) ?? {};
  return typeof exp === 'number' && Math.abs(exp * 1000 - Date.now()) < EXPIRY_MS;
}

/** The time limit for the head of a stream, in time limits for an event. */
const HEAD_EVENTS = 6;

/** True if the server does not offer this stream. */
const isOtherResponse = (outcome: StreamOutcome): boolean =>
  typeof outcome === 'string' || (outcome.kind === 'response' && !isStream(outcome));

async function hold(inspection: Inspection, deadlineMs: number, send: SendRequest) {
  const { eventMs } = inspection.target;
  // A head that is missing for this time already proves the fault.
  const headMs = Math.min(deadlineMs, HEAD_EVENTS * eventMs);
  const options = { deadlineMs, headMs, isEnough: () => false, send };
  const modern = await subscribe(inspection, options);
  return isOtherResponse(modern) ? openGetStream(inspection, options) : modern;
}

async function evaluate(
  inspection: Inspection,
  outcome: StreamOutcome,
  idleMs: number,
): Promise<Observation> {
  if (typeof outcome === 'string') return skipped(outcome);
  if (outcome.kind === 'no response')
    return outcome.code === 'TIMEOUT'
      ? fail(
          `nothing arrived within ${Math.round(outcome.endedMs / 100) / 10} s of an open stream`,
          await disableBuffering(inspection),
        )
      : fail(`GET got ${describeOutcome(outcome)}`);
  if (outcome.status !== 200 || !isStream(outcome))
    return skipped('there is no stream to hold open');
  const seconds = (outcome.endedMs / 1000).toFixed(1);
  if (outcome.endedMs >= idleMs - 50) return ok(`the stream was open for ${seconds} s`);
  if (endsWithToken(inspection))
    return skipped(
      `the stream ended after ${seconds} s, with the token; use one that lives longer`,
    );
  return fail(
    `the stream ended after ${seconds} s`,
    await inspection.fixFor(
      'timeouts',
      'let every proxy on the way keep a stream open without a limit of its own, and send comments ' +
        'as keep-alive',
      outcome,
    ),
  );
}

/** Holds one stream over each version of HTTP, at the same time. */
export async function idleStream(inspection: Inspection): Promise<Observation> {
  const { idleMs, url } = inspection.target;
  if (idleMs === null) return skipped('only --long waits for it');
  const sends = [sendRequest];
  if (url.startsWith('https:') && (await offersHttp2(url))) sends.push(sendHttp2Request);
  const outcomes = await Promise.all(sends.map((send) => hold(inspection, idleMs, send)));
  const [first, second] = await Promise.all(
    outcomes.map((outcome) => evaluate(inspection, outcome, idleMs)),
  );
  if (first === undefined) return skipped('there is no stream to hold open');
  if (second === undefined) return first;
  const worse = first.result === 'fail' || second.result !== 'fail' ? first : second;
  const observed = `${first.observed}; over HTTP/2: ${second.observed}`;
  return { ...worse, observed };
}

export const longStreamChecks: readonly Check[] = [
  {
    name: 'idle stream',
    expected: 'a stream without events stays open',
    fix: 'let every proxy on the way keep a stream open without a limit of its own',
    requirement: 'B-72',
    probe: idleStream,
  },
];
