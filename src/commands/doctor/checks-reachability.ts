// Checks that an MCP server responds at the URL, and that it uses https. If the server cannot be
// reached, run-checks.ts skips all other checks: they would only repeat the first failure.
import { connectionFault, isTlsFault } from '../../core/connection-fault.js';
import { isProtectedUrl } from '../../core/loopback.js';
import { isUnknownAuthority, TRUST_PRIVATE_CA } from './certificate-fix.js';
import { type Check, fail, type Observation, ok, skipped } from './check.js';
import { describeOutcome } from './document.js';
import type { Inspection } from './inspection.js';
import { messagesOf } from './mcp-conversation.js';
import { type HttpResponse, header, isStream, mediaType, type NoResponse } from './request.js';
import { serverDown } from './server-down.js';

const METHOD_NOT_FOUND = -32601;

function unreachable(outcome: NoResponse): Observation {
  const observed = `POST got ${describeOutcome(outcome)}`;
  if (isTlsFault(outcome.code)) {
    const fix =
      'fix the certificate or its chain: the name must match, the server must send the ' +
      'intermediate certificates, and none may be expired';
    return fail(
      observed,
      isUnknownAuthority(outcome.code) ? `${fix}. Or, ${TRUST_PRIVATE_CA}` : fix,
    );
  }
  if (connectionFault(outcome.code) === 'dns')
    return fail(
      observed,
      'check the host name in the URL: DNS has no address for it here. The name may be misspelt, ' +
        'its record may be missing, or it may belong to another network',
    );
  return fail(observed);
}

/** A server of 2026-07-28 alone responds with 404 to an unknown method: it is an MCP server. */
const isNotFound = (response: HttpResponse): boolean =>
  [404, 410, 421].includes(response.status) &&
  !messagesOf(response).some(
    ({ error }) => (error as { code?: unknown } | undefined)?.code === METHOD_NOT_FOUND,
  );

/** True for a server whose rejection no client knows, but which works with a token. */
const worksWithToken = async ({ sendsToken, conversations }: Inspection): Promise<boolean> =>
  sendsToken &&
  ((await conversations.in('modern')).supported || (await conversations.in('legacy')).supported);

/** The path that this gateway names where only slashes differ (route.slash). */
function namedPath(response: HttpResponse): string | null {
  for (const { error } of messagesOf(response)) {
    const { data } = (error ?? {}) as { data?: { path?: unknown } };
    if (typeof data?.path === 'string' && data.path.startsWith('/')) return data.path;
  }
  return null;
}

async function nothingHere(
  { target: { url }, url: { origin }, path, metadata }: Inspection,
  response: HttpResponse,
  got: string,
): Promise<Observation> {
  const named = namedPath(response);
  if (named !== null)
    return fail(
      `${got}: only slashes differ from the path ${named}`,
      `use the URL ${origin}${named}. If you did, a proxy on the way adds or removes a slash`,
    );
  const { resource } = (await metadata()) ?? {};
  const hints = [
    'check the URL: it must be exact, with its path, like https://mcp.example.com/files/mcp.',
    response.status === 421 ? 'The server does not have this host: let proxies pass Host on.' : '',
    path.endsWith('/') ? 'The URL ends with a slash: try it without.' : '',
    typeof resource === 'string' && resource !== url ? `The metadata names ${resource}.` : '',
    'If a server should be here, make it respond with 401 and a challenge',
  ];
  const fix = hints.filter((hint) => hint !== '').join(' ');
  return fail(`${got}: no MCP server responds at this URL`, fix);
}

const LOGIN_WORD = /log-?in|sign-?in|auth|sso|saml|access/i;

/** A login page of a proxy is at another path; a redirect to https or to a slash is not. */
function isLoginPage(location: string, { href, pathname }: URL): boolean {
  if (!URL.canParse(location, href)) return false;
  const to = new URL(location, href);
  const isSamePath = to.pathname.replace(/\/+$/, '') === pathname.replace(/\/+$/, '');
  return !isSamePath && LOGIN_WORD.test(`${to.hostname}${to.pathname}`);
}

/** If this check fails, run-checks.ts names another reason than for the others. */
export const serverCheck: Check = {
  name: 'MCP server',
  expected: 'POST gets a response like that of an MCP server: 401, JSON or an event stream',
  fix:
    'check the URL and its port: a web server or a proxy responds here. If its login page comes ' +
    'before the MCP server, make it respond with 401 and a challenge instead',
  requirement: 'A-20, B-01',
  async probe(inspection) {
    const outcome = await inspection.withoutToken('POST');
    if (outcome.kind !== 'response') return skipped('POST got no response');
    const got = `POST got ${describeOutcome(outcome)}`;
    const speaksMcp =
      outcome.status === 401 || mediaType(outcome) === 'application/json' || isStream(outcome);
    const down = serverDown(outcome);
    if (speaksMcp && down === null && !isNotFound(outcome)) return ok(got);
    if (await worksWithToken(inspection)) return ok(got);
    if (down !== null) return down;
    if (isNotFound(outcome)) return nothingHere(inspection, outcome, got);
    if ((await inspection.metadata()) !== null)
      return ok(`${got}, and the server has resource metadata`);
    return fail(`${got}, and there is no resource metadata: this is not an MCP server`);
  },
};

export const reachabilityChecks: readonly Check[] = [
  {
    name: 'reachable',
    expected: 'an HTTP response, and a certificate that clients trust',
    fix: 'check the address, the port and the firewall',
    requirement: 'B-01, C-22',
    async probe(inspection) {
      const outcome = await inspection.withoutToken('POST');
      return outcome.kind === 'response' ? ok(`POST got ${outcome.status}`) : unreachable(outcome);
    },
  },
  {
    name: 'no redirect',
    expected: 'the URL itself responds',
    fix:
      'give clients the URL at the end of the redirect, and respond there: a redirected POST ' +
      'loses its body or its token',
    requirement: 'D-31',
    async probe(inspection) {
      const outcome = await inspection.withoutToken('POST');
      if (outcome.kind !== 'response') return skipped('POST got no response');
      if (outcome.status < 300 || outcome.status >= 400) return ok('the URL does not redirect');
      const location = header(outcome, 'location');
      const observed = `POST got ${outcome.status}, a redirect to ${location}`;
      return isLoginPage(location, inspection.url)
        ? fail(
            observed,
            await inspection.fixFor(
              'ownLogin',
              'let the requests to this URL reach the server: a proxy asks for a login of its own',
              outcome,
            ),
          )
        : fail(observed);
    },
  },
  serverCheck,
];

export const httpsCheck: Check = {
  name: 'https',
  expected: 'https, or http on loopback',
  fix: 'put TLS in front of the server: others on the network can read tokens over http',
  requirement: 'A-07, C-22',
  probe({ target: { url } }) {
    if (!isProtectedUrl(url)) return fail('served over http');
    return ok(url.startsWith('https:') ? 'served over https' : 'served over http on loopback');
  },
};
