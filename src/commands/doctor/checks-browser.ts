// Checks that web pages can call the server (CORS, Fetch standard), and that foreign ones cannot.
import { type Check, fail, ok, skipped, warn } from './check.js';
import { CLIENT_NAME } from './client-name.js';
import { describeOutcome } from './document.js';
import type { ProxyFix } from './fronts.js';
import type { Inspection } from './inspection.js';
import { type HttpResponse, header, isHtml, type Outcome, sendRequest } from './request.js';

/** A web page can make no call without these. */
const REQUIRED_HEADERS = [
  'authorization',
  'content-type',
  'mcp-protocol-version',
  'mcp-session-id',
  'mcp-method',
  'mcp-name',
];
const USEFUL_HEADERS = ['last-event-id', 'mcp-param-doctor'];
const REQUIRED_EXPOSED = ['www-authenticate', 'mcp-session-id'];
const USEFUL_EXPOSED = ['retry-after', 'mcp-protocol-version'];

const listOf = (response: HttpResponse, name: string): string[] =>
  header(response, name)
    .toLowerCase()
    .split(',')
    .map((one) => one.trim());

/** An asterisk includes every name but Authorization. */
const missingFrom = (present: readonly string[], names: readonly string[]): string[] =>
  names.filter(
    (name) => !present.includes(name) && (name === 'authorization' || !present.includes('*')),
  );

const allows = (response: HttpResponse, origin: string): boolean =>
  ['*', origin].includes(header(response, 'access-control-allow-origin'));

const sendPreflight = (url: string, origin: string): Promise<Outcome> =>
  sendRequest({
    url,
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': [...REQUIRED_HEADERS, ...USEFUL_HEADERS].join(', '),
    },
  });

async function sendPost(
  { target: { url }, openingRequest }: Inspection,
  origin: string,
): Promise<Outcome> {
  const { headers, body } = await openingRequest();
  return sendRequest({ url, method: 'POST', body, headers: { ...headers, origin } });
}

/** A page of a proxy replaces the answer of the server, and its headers. */
const unchanged = ({ fixFor }: Inspection, page: Outcome): Promise<ProxyFix> =>
  fixFor(
    'challenges',
    'let the proxies on the way pass on the answers of the server unchanged: web pages cannot read ' +
      'a page of a proxy without Access-Control-Allow-Origin',
    page,
  );

export const browserChecks: readonly Check[] = [
  {
    name: 'preflight',
    expected: 'OPTIONS from a web page gets 2xx without a token, and allows the MCP headers',
    fix:
      'respond to OPTIONS before authentication, with Access-Control-Allow-Headers: ' +
      `${REQUIRED_HEADERS.join(', ')} and the requested Mcp-Param-* headers`,
    requirement: 'B-15',
    async probe({ target: { url, origin } }) {
      const preflight = await sendPreflight(url, origin);
      if (preflight.kind === 'response' && preflight.status === 403)
        return warn(
          `the preflight got 403: the server does not allow ${origin}`,
          'allow this origin if its web pages call the server; --origin tests another one',
        );
      if (preflight.kind !== 'response' || preflight.status >= 300)
        return fail(`the preflight got ${describeOutcome(preflight)}`);
      if (!allows(preflight, origin)) {
        const allowed = header(preflight, 'access-control-allow-origin');
        return fail(`Access-Control-Allow-Origin is ${allowed === '' ? 'missing' : allowed}`);
      }
      const allowed = listOf(preflight, 'access-control-allow-headers');
      const missing = missingFrom(allowed, REQUIRED_HEADERS);
      if (missing.length > 0) return fail(`the preflight does not allow ${missing.join(', ')}`);
      const useful = missingFrom(allowed, USEFUL_HEADERS);
      return useful.length > 0
        ? warn(`the preflight does not allow ${useful.join(', ')}`)
        : ok(`the preflight got ${preflight.status}, and all headers are allowed`);
    },
  },
  {
    name: 'readable by a web page',
    expected:
      'the 401 has Access-Control-Allow-Origin, and exposes WWW-Authenticate and ' +
      'Mcp-Session-Id; an open server exposes those that it sends',
    fix:
      'add Access-Control-Allow-Origin to every response, errors included, and ' +
      'Access-Control-Expose-Headers: ' +
      'WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version, Retry-After',
    requirement: 'B-15',
    async probe(inspection) {
      const { origin } = inspection.target;
      const response = await sendPost(inspection, origin);
      if (response.kind !== 'response') return fail(`POST got ${describeOutcome(response)}`);
      if (response.status === 403)
        return skipped(`POST got 403: the server does not allow ${origin}`);
      if (!allows(response, origin))
        return fail(
          `POST got ${response.status} without Access-Control-Allow-Origin`,
          isHtml(response) ? await unchanged(inspection, response) : undefined,
        );
      const exposed = listOf(response, 'access-control-expose-headers');
      const open = await inspection.isOpen();
      // An open server sends no 401, in which a client would need a header that is missing here.
      const relevant = (names: readonly string[]): readonly string[] =>
        names.filter((name) => !open || header(response, name) !== '');
      const missing = missingFrom(exposed, relevant(REQUIRED_EXPOSED));
      if (missing.length > 0) return fail(`the response does not expose ${missing.join(', ')}`);
      const useful = missingFrom(exposed, relevant(USEFUL_EXPOSED));
      return useful.length > 0
        ? warn(`the response does not expose ${useful.join(', ')}`)
        : ok('the response exposes all headers');
    },
  },
  {
    name: 'foreign web page',
    expected: 'an origin that is not allowed gets 403, or at least no credentials',
    fix:
      'check Origin against a list (DNS rebinding), and never send ' +
      'Access-Control-Allow-Credentials to every origin',
    requirement: 'B-10, B-11',
    async probe(inspection) {
      const origin = `https://${CLIENT_NAME}.invalid`;
      const response = await sendPost(inspection, origin);
      if (response.kind !== 'response') return fail(`POST got ${describeOutcome(response)}`);
      const withCredentials = header(response, 'access-control-allow-credentials') === 'true';
      if (withCredentials && allows(response, origin))
        return fail('the server allows every origin, with credentials');
      return response.status === 403
        ? ok('a foreign origin got 403')
        : warn(`a foreign origin got ${response.status} instead of 403`);
    },
  },
];
