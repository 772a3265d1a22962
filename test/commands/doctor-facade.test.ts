// The doctor in front of a facade: of the real gateway, and of servers with one fault each. It
// registers at no other authorization server.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FacadeScene, startFacadeScene } from '../fixtures/facade-scene.js';
import { linesOf, runAsJson } from './doctor-report.js';
import { linesOf as findingLines, html, json, redirect, runDoctor, status, WELL_KNOWN } from './run-doctor.js';
import { type Fault, startThirdPartyServer } from './third-party-server.js';

const NAMES = ['facade metadata', 'facade registration', 'facade login page', 'facade return address'];

describe.each(['pass', 'issued'])('the facade of the gateway in the mode %s', (mode) => {
  let scene: FacadeScene;
  beforeAll(async () => {
    scene = await startFacadeScene({ facade: { mode } });
  });
  afterAll(() => scene.stop());

  test('all four checks are good, and nothing fails', async () => {
    const { code, report } = await runAsJson([scene.client.resource]);
    expect([code, linesOf(report, 'fail')]).toEqual([0, []]);
    expect(linesOf(report, 'ok')).toEqual(
      expect.arrayContaining([
        `authorization_servers: ${scene.client.issuer}`,
        expect.stringMatching(/^PKCE: .*S256/),
        `facade metadata: found for ${scene.client.issuer}`,
        'facade registration: POST got 201 with a client id',
        'facade login page: GET got 200 with the consent page, which no other page can frame',
        'facade return address: GET got 400 with a page, and no redirect',
      ]),
    );
  });
});

type Parts = { issuer: string; origin: string; query: URLSearchParams };
type Handle = (res: ServerResponse, parts: Parts) => true;
const PAGE = {
  'content-type': 'text/html',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
  'set-cookie': '__Host-login-main=a; Secure',
};
const page =
  (code: number, headers: Record<string, string | undefined> = {}): Handle =>
  (res) => {
    const all = Object.entries({ ...PAGE, ...headers }).filter((one): one is [string, string] => one[1] !== undefined);
    res.writeHead(code, Object.fromEntries(all));
    res.end('<!doctype html><form method="post"></form>');
    return true;
  };
const created: Handle = (res) => {
  res.writeHead(201, { 'content-type': 'application/json' });
  res.end(JSON.stringify({ client_id: randomBytes(8).toString('hex') }));
  return true;
};
const refused =
  (code: number, error: string): Handle =>
  (res) => {
    res.writeHead(code, { 'content-type': 'application/json' });
    res.end(JSON.stringify({ error }));
    return true;
  };
const isForeign = ({ query }: Parts): boolean => !String(query.get('redirect_uri')).startsWith('http://127.0.0.1');
const document = (issuer: string) => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  registration_endpoint: `${issuer}/register`,
  jwks_uri: `${issuer}/jwks`,
  response_types_supported: ['code'],
  scopes_supported: ['files:read'],
  token_endpoint_auth_methods_supported: ['none'],
  code_challenge_methods_supported: ['S256'],
});
const OAUTH = '/.well-known/oauth-authorization-server/oauth/main';
const OPENID = '/.well-known/openid-configuration/oauth/main';

/** A server with a facade; `handlers` replace its answers by path. */
function facade(handlers: Record<string, Handle> = {}): Fault {
  const good: Record<string, Handle> = {
    [WELL_KNOWN]: (res, { issuer, origin }) => {
      const resource = { resource: `${origin}/mcp`, authorization_servers: [issuer] };
      return json(res, { ...resource, scopes_supported: ['files:read'], bearer_methods_supported: ['header'] });
    },
    [OAUTH]: (res, { issuer }) => json(res, document(issuer)),
    [OPENID]: (res, { issuer }) => json(res, document(issuer)),
    '/oauth/main/register': created,
    '/oauth/main/authorize': (res, parts) => page(isForeign(parts) ? 400 : 200)(res, parts),
  };
  const before = (req: IncomingMessage, res: ServerResponse): boolean => {
    if (req.method === 'OPTIONS') return false;
    const origin = `http://${req.headers.host}`;
    const { pathname, searchParams: query } = new URL(req.url ?? '', origin);
    const handle = handlers[pathname] ?? good[pathname];
    if (handle === undefined) return false;
    res.setHeader('access-control-allow-origin', '*');
    return handle(res, { issuer: `${origin}/oauth/main`, origin, query });
  };
  return { before };
}

async function walk(fault: Fault) {
  const server = await startThirdPartyServer(fault);
  const findings = await runDoctor(server);
  await server.stop();
  const own = findings.filter(({ check }) => NAMES.includes(check.name));
  return { findings, lines: findingLines(own, 'fail', 'warn'), seen: server.seen.map(({ where }) => where), own };
}

test('the good one has no fault, and gets each request once', async () => {
  const { findings, lines, seen } = await walk(facade());
  expect([findingLines(findings, 'fail'), lines]).toEqual([[], []]);
  expect(seen.filter((where) => where.includes('/oauth/main/register'))).toEqual(['POST server/oauth/main/register']);
});

describe('a fault', () => {
  const login = (answer: Handle) =>
    facade({ '/oauth/main/authorize': (res, parts) => (isForeign(parts) ? page(400) : answer)(res, parts) });
  const foreign = (answer: Handle) =>
    facade({ '/oauth/main/authorize': (res, parts) => (isForeign(parts) ? answer : page(200))(res, parts) });
  test.each<[string, Fault, string, string]>([
    [
      'RFC 8414 not passed on',
      facade({ [OAUTH]: (res) => status(res, 404) }),
      'fail facade metadata: GET http',
      'well-known paths',
    ],
    [
      'no S256',
      facade({ [OAUTH]: (res, { issuer }) => json(res, { ...document(issuer), code_challenge_methods_supported: ['plain'] }) }),
      'fail facade metadata: it has no S256',
      'do not change the document',
    ],
    [
      'no public clients',
      facade({ [OAUTH]: (res, { issuer }) => json(res, { ...document(issuer), token_endpoint_auth_methods_supported: [] }) }),
      'fail facade metadata: it takes no clients without a secret',
      'do not change the document',
    ],
    [
      'a page for POST',
      facade({ '/oauth/main/register': (res) => html(res) }),
      'fail facade registration: POST got 200',
      'below /oauth/',
    ],
    [
      'no loopback',
      facade({ '/oauth/main/register': refused(400, 'invalid_redirect_uri') }),
      'warn facade registration: POST got 400',
      'add http://127.0.0.1 to redirectUris',
    ],
    [
      'no record',
      facade({ '/oauth/main/register': refused(503, 'temporarily_unavailable') }),
      'fail facade registration: POST got 503',
      'read the log of the gateway',
    ],
    [
      'too many',
      facade({ '/oauth/main/register': refused(429, 'too_many_requests') }),
      'warn facade registration',
      'wait a minute',
    ],
    ['a short URL only', login((res) => status(res, 414)), 'fail facade login page: GET got 414', 'URLs of 8 KB'],
    ['an outage', login(page(503)), 'fail facade login page: GET got 503', 'read the log of the gateway'],
    ['a redirect', login((res) => redirect(res, '/login')), 'fail facade login page: GET got 307', 'below /oauth/'],
    [
      'no policy',
      login(page(200, { 'content-security-policy': undefined })),
      'fail facade login page: the page came without its Content-Security-Policy',
      'keep the headers',
    ],
    [
      'a policy that allows frames',
      login(page(200, { 'content-security-policy': "default-src 'none'" })),
      'fail facade login page: the page came without its Content-Security-Policy',
      'keep the headers',
    ],
    [
      'frames',
      login(page(200, { 'x-frame-options': 'SAMEORIGIN' })),
      'fail facade login page: the page came without X-Frame-Options: DENY',
      'keep the headers',
    ],
    [
      'no cookie',
      login(page(200, { 'set-cookie': undefined })),
      'fail facade login page: the page came without the cookie of the login',
      'keep the headers',
    ],
    [
      'an open redirect',
      foreign((res, { query }) => redirect(res, String(query.get('redirect_uri')))),
      'fail facade return address: GET got 307, a redirect to https://portcullis-doctor.invalid/callback',
      'remove its rule for errors',
    ],
    ['JSON for people', foreign((res) => status(res, 400)), 'fail facade return address: GET got 400', 'unchanged to the client'],
  ])('%s', async (_name, fault, line, fix) => {
    const { lines, own } = await walk(fault);
    expect(lines).toEqual([expect.stringContaining(line)]);
    expect(own.find(({ result }) => result === 'fail' || result === 'warn')).toMatchObject(
      own.some(({ fix: one }) => one !== undefined)
        ? { fix: expect.stringContaining(fix) }
        : { check: { fix: expect.stringContaining(fix) } },
    );
  });
});

test('an authorization server that is not a facade gets no registration', async () => {
  const { findings, own, seen } = await walk({});
  expect(findingLines(findings, 'fail')).toEqual([]);
  expect(own.map(({ result }) => result)).toEqual(Array(4).fill('skipped'));
  expect(seen.filter((where) => where.startsWith('POST') && !where.endsWith('/mcp'))).toEqual([]);
});
