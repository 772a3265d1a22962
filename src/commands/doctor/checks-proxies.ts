// Checks that proxies on the way pass on unusual requests: a long token, a large body, a header
// with an underscore.
import { initializeRequest } from '../mcp-request.js';
import { type Check, fail, type Observation, ok, skipped, warn } from './check.js';
import { CLIENT_NAME } from './client-name.js';
import { describeOutcome } from './document.js';
import { challengesOf, type Inspection } from './inspection.js';
import { hasStatus, isHtml, type Outcome, sendRequest } from './request.js';
import { allowLongHeaders, isChallengeWithoutToken, SHORT_TOKEN } from './token-loss.js';

const NOT_401 = 'POST without a token did not get 401';

/** The lengths of made-up tokens, in characters. */
const LONG_TOKEN = 16_384;
const SHORTER_TOKENS = [12_000, 8_000, 4_000];
/** Tokens of real issuers with some groups have this length. */
const USUAL_TOKEN = 4_000;

async function longToken(inspection: Inspection): Promise<Observation> {
  const withoutToken = await inspection.withoutToken('POST');
  const short = await inspection.withMadeUpToken(SHORT_TOKEN);
  if (!hasStatus(short, 401)) return skipped('an invalid token did not get 401');
  const long = await inspection.withMadeUpToken(LONG_TOKEN);
  if (hasStatus(long, 401))
    return isChallengeWithoutToken(short, withoutToken)
      ? skipped('the server answers as if the request had no token')
      : ok('a made-up token of 16 KB got 401, like a short one');
  let longest = SHORT_TOKEN;
  for (const length of SHORTER_TOKENS) {
    if (!hasStatus(await inspection.withMadeUpToken(length), 401)) continue;
    longest = length;
    break;
  }
  const observed =
    `a made-up token of 16 KB got ${describeOutcome(long)}; ` +
    `one of ${longest} characters got 401`;
  const fix = await allowLongHeaders(inspection, long);
  return longest < USUAL_TOKEN ? fail(observed, fix) : warn(observed, fix);
}

const LARGE_BODY_BYTES = 2 * 1024 * 1024;
/** Enough for 1 Mbit/s. */
const LARGE_BODY_MS = 30_000;
/** A proxy that loses some answers does not lose each one. */
const LARGE_BODIES = 3;

const READ_THE_REST =
  'read the rest of the body, for a bounded time, before the connection closes: otherwise ' +
  'clients and proxies that still write lose the answer';

function sendLargeBody({ target: { url } }: Inspection): Promise<Outcome> {
  const { headers, body } = initializeRequest(CLIENT_NAME);
  // White space after the message: the JSON is valid.
  const large = body.padEnd(LARGE_BODY_BYTES);
  return sendRequest({ url, method: 'POST', headers, body: large, deadlineMs: LARGE_BODY_MS });
}

async function largeBody(inspection: Inspection): Promise<Observation> {
  const withoutToken = await inspection.withoutToken('POST');
  if (!hasStatus(withoutToken, 401)) return skipped(NOT_401);
  const hasChallenge = challengesOf(withoutToken).lines.length > 0;
  for (let sent = 1; sent <= LARGE_BODIES; sent += 1) {
    const outcome = await sendLargeBody(inspection);
    const got = `request ${sent} of ${LARGE_BODIES} with 2 MB got ${describeOutcome(outcome)}`;
    if (hasStatus(outcome, 413))
      return warn(
        got,
        await inspection.fixFor(
          'largeBodies',
          'let the proxies on the way accept bodies as large as the server does. Nothing, if the ' +
            'server itself refuses 2 MB, and no client sends as much',
          outcome,
        ),
      );
    if (outcome.kind === 'no response' && outcome.code === 'TIMEOUT')
      return warn(got, `nothing, if the connection is slow. Otherwise ${READ_THE_REST}`);
    if (outcome.kind !== 'response' || outcome.status !== 401) return fail(got);
    if (!outcome.complete) return fail(`${got}, and its body was cut off`);
    if (hasChallenge && challengesOf(outcome).lines.length === 0)
      return fail(`${got}, without its challenge`);
  }
  return ok(`${LARGE_BODIES} requests with 2 MB got the whole 401`);
}

/** Sends two lines of one header. This gateway rejects a repeated Mcp-Param header with 400. */
function sendTwice({ target: { url } }: Inspection, name: string): Promise<Outcome> {
  const { headers, body } = initializeRequest(CLIENT_NAME);
  return sendRequest({ url, method: 'POST', body, headers: { ...headers, [name]: ['1', '2'] } });
}

async function underscores(inspection: Inspection): Promise<Observation> {
  if (!hasStatus(await inspection.withoutToken('POST'), 401)) return skipped(NOT_401);
  // The control: a name that every proxy passes on.
  const plain = await sendTwice(inspection, 'mcp-param-ab');
  if (!hasStatus(plain, 400) || isPage(plain))
    return skipped(
      'the doctor cannot see it: only this gateway rejects a repeated Mcp-Param header, and a ' +
        'proxy may join its lines',
    );
  const lost: string[] = [];
  for (const name of ['Mcp-Param-a_b', 'Mcp-Param-a.b'])
    if (hasStatus(await sendTwice(inspection, name.toLowerCase()), 401)) lost.push(name);
  return lost.length === 0
    ? ok('Mcp-Param-a_b and Mcp-Param-a.b reach the server')
    : warn(
        `${lost.join(' and ')} ${lost.length === 1 ? 'does' : 'do'} not reach the server`,
        await inspection.fixFor(
          'underscores',
          'let the proxies on the way pass on headers with `_` and `.` in the name',
          plain,
        ),
      );
}

const isPage = (outcome: Outcome): boolean => outcome.kind === 'response' && isHtml(outcome);

export const proxyChecks: readonly Check[] = [
  {
    name: 'long token',
    expected: 'a made-up token of 16 KB gets the same 401 as a short one',
    fix: 'accept request headers of 64 KB: tokens with groups or roles are long',
    requirement: 'RFC 9110 section 5.4',
    probe: longToken,
  },
  {
    name: 'large body without a token',
    expected: 'a client that sends 2 MB without a token reads the whole 401',
    fix: READ_THE_REST,
    requirement: 'RFC 9112 section 9.6',
    probe: largeBody,
  },
  {
    name: 'Mcp-Param headers',
    expected: 'headers with an underscore or a dot in the name reach the server',
    fix: 'let every proxy on the way pass them on',
    requirement: 'B-55',
    probe: underscores,
  },
];
