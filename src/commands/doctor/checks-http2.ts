// Checks that clients that use HTTP/2 get the same answers, and the head of a stream at once.
import { initializeRequest } from '../mcp-request.js';
import { type Check, fail, type Observation, ok, skipped } from './check.js';
import { evaluateGetStream, evaluateSubscription, isAcknowledged } from './checks-streams.js';
import { CLIENT_NAME } from './client-name.js';
import { describeOutcome } from './document.js';
import { offersHttp2, sendHttp2Request } from './http2-request.js';
import { challengesOf, type Inspection } from './inspection.js';
import { isStream, type Outcome } from './request.js';
import { openGetStream, subscribe } from './stream-requests.js';

const NOT_HTTPS = 'the URL is not https';
const NO_HTTP2 = 'the server does not offer HTTP/2';

async function withHttp2(
  inspection: Inspection,
  probe: () => Promise<Observation>,
): Promise<Observation> {
  const { url } = inspection.target;
  if (!url.startsWith('https:')) return skipped(NOT_HTTPS);
  return (await offersHttp2(url)) ? probe() : skipped(NO_HTTP2);
}

const describe = (outcome: Outcome): string => {
  const { lines } = challengesOf(outcome);
  return `${describeOutcome(outcome)}${lines.length === 0 ? '' : ` and ${lines.join(' | ')}`}`;
};

export const http2Checks: readonly Check[] = [
  {
    name: 'HTTP/2',
    expected: 'POST without a token gets the same response over HTTP/2 as over HTTP/1.1',
    fix: 'configure both versions alike: clients choose HTTP/2 where the server offers it',
    requirement: 'A-20, RFC 9113 section 3.2',
    probe: (inspection) =>
      withHttp2(inspection, async () => {
        const { headers, body } = initializeRequest(CLIENT_NAME);
        const { url } = inspection.target;
        const second = await sendHttp2Request({ url, method: 'POST', headers, body });
        const [one, two] = [describe(await inspection.withoutToken('POST')), describe(second)];
        return one === two
          ? ok(`POST without a token got ${describeOutcome(second)} over both versions`)
          : fail(`POST without a token got ${one}; over HTTP/2 ${two}`);
      }),
  },
  {
    name: 'streams over HTTP/2',
    expected: 'the head of a quiet stream and the first event arrive immediately',
    fix: 'disable buffering for HTTP/2 too',
    requirement: 'B-70',
    probe: (inspection) =>
      withHttp2(inspection, async () => {
        const common = { deadlineMs: inspection.target.eventMs, send: sendHttp2Request };
        const modern = await evaluateSubscription(
          inspection,
          await subscribe(inspection, { ...common, isEnough: isAcknowledged }),
        );
        const legacy = await evaluateGetStream(
          inspection,
          await openGetStream(inspection, { ...common, isEnough: isStream }),
        );
        const results = [modern, legacy];
        return (
          results.find(({ result }) => result === 'fail') ??
          results.find(({ result }) => result === 'ok') ??
          modern
        );
      }),
  },
];
