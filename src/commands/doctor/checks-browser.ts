// Decides what the doctor wants of a server that web pages are to call (Fetch standard).
import { initializeRequest } from '../mcp-request.js';
import { type Check, fail, ok, skipped, warn } from './check.js';
import { whyNot } from './look.js';
import { type Answer, ask, header } from './request.js';
import { CLIENT } from './talk.js';

/** Without these no call can be made at all. */
const NEEDED = [
  'authorization',
  'content-type',
  'mcp-protocol-version',
  'mcp-session-id',
  'mcp-method',
  'mcp-name',
];
const USEFUL = ['last-event-id', 'mcp-param-doctor'];
const EXPOSED_NEEDED = ['www-authenticate', 'mcp-session-id'];
const EXPOSED_USEFUL = ['retry-after', 'mcp-protocol-version'];

const list = (answer: Answer, name: string): string[] =>
  header(answer, name)
    .toLowerCase()
    .split(',')
    .map((one) => one.trim());

/** A star stands for every name but Authorization. */
const lacking = (held: readonly string[], wanted: readonly string[]): string[] =>
  wanted.filter(
    (name) => !held.includes(name) && (name === 'authorization' || !held.includes('*')),
  );

const allows = (answer: Answer, origin: string): boolean =>
  ['*', origin].includes(header(answer, 'access-control-allow-origin'));

const preflight = (url: string, origin: string) =>
  ask({
    url,
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': [...NEEDED, ...USEFUL].join(', '),
    },
  });

export const browserChecks: readonly Check[] = [
  {
    name: 'preflight',
    wants: 'OPTIONS from a web page is 2xx without a token and allows the headers of MCP',
    mend: `answer OPTIONS before authentication, with Access-Control-Allow-Headers: ${NEEDED.join(', ')} and the Mcp-Param-* that were asked for`,
    requirement: 'B-15',
    async look({ target: { url, origin } }) {
      const asked = await preflight(url, origin);
      if (asked.kind !== 'answer') return fail(whyNot(asked));
      if (asked.status === 403)
        return warn(
          `403: ${origin} may not call`,
          'allow this origin if web pages of it are to call; --origin tries another',
        );
      if (asked.status >= 300) return fail(whyNot(asked));
      if (!allows(asked, origin))
        return fail(
          `Access-Control-Allow-Origin: ${header(asked, 'access-control-allow-origin') || 'absent'}`,
        );
      const allowed = list(asked, 'access-control-allow-headers');
      const missing = lacking(allowed, NEEDED);
      if (missing.length > 0) return fail(`not allowed: ${missing.join(', ')}`);
      const useful = lacking(allowed, USEFUL);
      return useful.length > 0
        ? warn(`not allowed: ${useful.join(', ')}`)
        : ok(`${asked.status}, all headers allowed`);
    },
  },
  {
    name: 'readable by a web page',
    wants:
      'the 401 has Access-Control-Allow-Origin, and exposes WWW-Authenticate and Mcp-Session-Id; an open server exposes what it sends of them',
    mend: 'add Access-Control-Allow-Origin and Access-Control-Expose-Headers: WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version, Retry-After to every answer, errors too',
    requirement: 'B-15',
    async look({ target: { url, origin }, isOpen }) {
      const { headers, body } = initializeRequest(CLIENT);
      const asked = await ask({ url, method: 'POST', body, headers: { ...headers, origin } });
      if (asked.kind !== 'answer') return fail(whyNot(asked));
      if (asked.status === 403) return skipped(`403: ${origin} may not call`);
      if (!allows(asked, origin))
        return fail(`${asked.status} without Access-Control-Allow-Origin`);
      const exposed = list(asked, 'access-control-expose-headers');
      const open = await isOpen();
      // It sends no 401 in which a client could miss one of the others.
      const owed = (names: readonly string[]): readonly string[] =>
        names.filter((name) => !open || header(asked, name) !== '');
      const missing = lacking(exposed, owed(EXPOSED_NEEDED));
      if (missing.length > 0) return fail(`not exposed: ${missing.join(', ')}`);
      const useful = lacking(exposed, owed(EXPOSED_USEFUL));
      return useful.length > 0 ? warn(`not exposed: ${useful.join(', ')}`) : ok('all exposed');
    },
  },
  {
    name: 'foreign web page',
    wants: 'an origin that nobody allowed is 403, or at least gets no credentials',
    mend: 'check Origin against a list (DNS rebinding), and never answer Access-Control-Allow-Credentials to any origin',
    requirement: 'B-10, B-11',
    async look({ target: { url } }) {
      const origin = `https://${CLIENT}.invalid`;
      const { headers, body } = initializeRequest(CLIENT);
      const asked = await ask({ url, method: 'POST', body, headers: { ...headers, origin } });
      if (asked.kind !== 'answer') return fail(whyNot(asked));
      if (header(asked, 'access-control-allow-credentials') === 'true' && allows(asked, origin))
        return fail('any origin, with credentials');
      return asked.status === 403 ? ok('403') : warn(`${asked.status}`);
    },
  },
];
