// The doctor on a server that is not ours: nothing to say of a good one, and of each planted fault exactly what it is.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { listenLoopback } from '../../src/commands/demo/loopback.js';
import type { Found } from '../../src/commands/doctor/check.js';
import { allChecks, examine } from '../../src/commands/doctor/examine.js';
import { createLook, type Target } from '../../src/commands/doctor/look.js';
import { withDeadline } from '../fixtures/wait.js';
import { type Behaviour, buffering, type Strange, startStrange } from './strange-server.js';

const TARGET = { tool: null, origin: 'http://localhost:6274', quietMs: null, eventMs: 1000 };

async function examined(strange: Strange, more: Partial<Target> = {}): Promise<Found[]> {
  const target = { ...TARGET, url: strange.url, token: strange.token, ...more };
  return withDeadline(
    'the examination',
    examine(target, () => {}),
    30_000,
  );
}

const told = (found: readonly Found[], ...verdicts: Found['verdict'][]): string[] =>
  found.filter(({ verdict }) => verdicts.includes(verdict)).map(({ check, verdict, saw }) => `${verdict} ${check.name}: ${saw}`);

const html = (res: ServerResponse): true => {
  res.writeHead(200, { 'content-type': 'text/html' });
  res.end('<!doctype html><title>app</title>');
  return true;
};
const redirect = (res: ServerResponse, location: string): true => {
  res.writeHead(307, { location });
  res.end();
  return true;
};
const status = (res: ServerResponse, code: number): true => {
  res.writeHead(code, { 'content-type': 'application/json' });
  res.end('{}');
  return true;
};
const INSERTED = '/.well-known/oauth-protected-resource/mcp';

/** Another resource_metadata in an otherwise good challenge. */
const linked =
  (to: string) =>
  (good: Behaviour): Partial<Behaviour> => ({ challenge: (parts) => good.challenge({ ...parts, metadataUrl: to }) });

type Fault = [
  what: string,
  fault: Partial<Behaviour> | ((good: Behaviour) => Partial<Behaviour>),
  /** All that fails, and a part of what is seen of the first. */
  fails: string[],
  saw: string | RegExp,
];

const FAULTS: Fault[] = [
  [
    'resource of another path',
    { metadata: { resource: 'https://mcp.example.com/' } },
    ['resource'],
    'https://mcp.example.com/, and the URL is',
  ],
  [
    'resource with a slash more',
    (_good) => ({ metadata: {}, before: slashed }),
    ['resource'],
    'only the slash at the end differs',
  ],
  ['no resource', { metadata: { resource: undefined } }, ['resource'], 'missing'],
  ['relative resource_metadata', linked(INSERTED), ['resource_metadata'], 'not absolute'],
  [
    'resource_metadata of another origin',
    linked('https://elsewhere.invalid/prm'),
    ['resource_metadata', 'metadata of the challenge'],
    'another origin',
  ],
  [
    'no resource_metadata',
    (good) => ({ challenge: (parts) => [String(good.challenge(parts)[0]).replace(/resource_metadata="[^"]*", /, '')] }),
    ['resource_metadata'],
    'absent',
  ],
  [
    '405 before 401',
    {
      before: (req, res) =>
        req.url === '/mcp' &&
        ['GET', 'HEAD', 'DELETE'].includes(String(req.method)) &&
        req.headers.authorization === undefined &&
        status(res, 405),
    },
    ['401 before 405'],
    'GET 405, HEAD 405, DELETE 405',
  ],
  [
    'a banner for GET',
    { before: (req, res) => req.url === '/mcp' && req.method === 'GET' && html(res) },
    ['401 before 405', 'GET stream'],
    'GET 200',
  ],
  [
    'HTML at the well-known path',
    { before: (req, res) => req.url === INSERTED && html(res) },
    ['metadata at the well-known path'],
    '200 HTML',
  ],
  [
    'HTML at every other well-known path',
    { before: (req, res) => String(req.url).includes('/.well-known/') && req.url !== INSERTED && html(res) },
    [
      'metadata at the root',
      'metadata behind the path',
      'metadata with a slash at the end',
      'unknown well-known path',
      'copy of that metadata at the origin',
    ],
    '200 HTML',
  ],
  [
    'well-known paths behind the login',
    { before: (req, res) => String(req.url).startsWith('/.well-known/') && status(res, 401) },
    [
      'metadata at the well-known path',
      'metadata at the root',
      'metadata with a slash at the end',
      'unknown well-known path',
      'copy of that metadata at the origin',
    ],
    '401',
  ],
  [
    'metadata behind a bad token',
    { before: (req, res) => req.url === INSERTED && req.headers.authorization !== undefined && status(res, 401) },
    ['metadata for whoever asks'],
    'with a bad token: 401',
  ],
  [
    'metadata redirected',
    { before: (req, res) => req.url === INSERTED && redirect(res, '/metadata') },
    ['metadata at the well-known path'],
    'a redirect to /metadata',
  ],
  [
    'error without a credential',
    { challenge: ({ metadataUrl }) => [`Bearer error="invalid_token", resource_metadata="${metadataUrl}", scope="a"`] },
    ['no error without a token'],
    'error="invalid_token"',
  ],
  ['no challenge', { challenge: () => [] }, ['challenge line', 'a bad token'], 'no WWW-Authenticate'],
  [
    'two challenge lines',
    (good) => ({ challenge: (parts) => ['Basic realm="x"', ...good.challenge(parts)] }),
    ['challenge line', 'resource_metadata', 'a bad token'],
    '2 lines',
  ],
  [
    'two challenges in one line',
    (good) => ({ challenge: (parts) => [`${good.challenge(parts)[0]}, Basic realm="x"`] }),
    ['challenge line'],
    'several challenges',
  ],
  [
    'a challenge that does not begin with Bearer',
    (good) => ({ challenge: (parts) => [`Negotiate, ${good.challenge(parts)[0]}`] }),
    ['challenge line', 'resource_metadata', 'a bad token'],
    'Negotiate',
  ],
  [
    'bearer in small letters',
    (good) => ({ challenge: (parts) => [String(good.challenge(parts)[0]).replace('Bearer', 'bearer')] }),
    ['challenge line'],
    'bearer resource',
  ],
  [
    'parameters that are not quoted',
    {
      challenge: ({ metadataUrl, error }) => [
        `Bearer ${error === null ? '' : 'error="invalid_token", '}resource_metadata="${metadataUrl}", scope=a`,
      ],
    },
    ['challenge parameters'],
    'not in quotes',
  ],
  [
    'an empty scope',
    {
      challenge: ({ metadataUrl, error }) => [
        `Bearer ${error === null ? '' : 'error="invalid_token", '}resource_metadata="${metadataUrl}", scope=""`,
      ],
    },
    ['challenge parameters'],
    'scope is empty',
  ],
  [
    'a text that looks like a parameter',
    (good) => ({ challenge: (parts) => [`${good.challenge(parts)[0]}, error_description="ask with scope=x"`] }),
    ['challenge parameters'],
    'stands in another parameter',
  ],
  [
    'a challenge that varies',
    (good) => ({ challenge: (parts) => [`${good.challenge(parts)[0]}, realm="${++drawn}"`] }),
    ['same challenge'],
    'realm=',
  ],
  [
    'a challenge built from request headers',
    (good) => ({
      challenge: (parts) =>
        good.challenge({
          ...parts,
          metadataUrl: parts.metadataUrl.replace(
            /127\.0\.0\.1:\d+/,
            String(parts.req.headers['x-forwarded-host'] ?? parts.req.headers.host),
          ),
        }),
    }),
    ['forwarded host'],
    'it stands in the challenge',
  ],
  ['200 with an error in the body', { refuse: 200 }, ['login asked for'], '200 application/json'],
  ['403 in place of 401', { refuse: 403 }, ['login asked for'], '403'],
  [
    'a redirect to a login page',
    { before: (req, res) => req.url === '/mcp' && req.headers.authorization === undefined && redirect(res, '/login') },
    ['no redirect'],
    '307 to /login',
  ],
  [
    '500 for a bad token',
    {
      before: (req, res) =>
        String(req.headers.authorization).includes('portcullis-doctor') && req.url === '/mcp' && status(res, 500),
    },
    ['a bad token'],
    '500',
  ],
  ['any token taken', { takesAnyToken: true }, ['a bad token'], 'it takes any token'],
  ['no authorization servers', { metadata: { authorization_servers: [] } }, ['authorization_servers'], 'none'],
  [
    'an authorization server without metadata',
    (good) => ({ metadata: { authorization_servers: ['http://127.0.0.1:9'] }, challenge: good.challenge }),
    ['metadata of the authorization server'],
    'ECONNREFUSED',
  ],
  [
    'another issuer',
    { server: { issuer: 'https://elsewhere.example' } },
    ['issuer'],
    'https://elsewhere.example, and authorization_servers has',
  ],
  ['no PKCE', { server: { code_challenge_methods_supported: undefined } }, ['PKCE'], 'not said'],
  ['PKCE without S256', { server: { code_challenge_methods_supported: ['plain'] } }, ['PKCE'], 'plain'],
  ['no token endpoint', { server: { token_endpoint: undefined } }, ['authorization and token endpoint'], 'token_endpoint'],
  [
    'the preflight behind the login',
    { before: (req, res) => req.method === 'OPTIONS' && req.url === '/mcp' && status(res, 401) },
    ['preflight'],
    '401',
  ],
  ['headers of MCP not allowed', { preflightHeaders: 'content-type, *' }, ['preflight'], 'not allowed: authorization'],
  ['no expose headers', { exposed: '' }, ['readable by a web page'], 'not exposed: www-authenticate'],
  ['SSE held back', { around: buffering }, ['event at once'], 'nothing within 1 s of an open stream'],
  [
    'SSE compressed',
    { around: (res) => res.setHeader('content-encoding', 'gzip') },
    ['headers of streams'],
    'Content-Encoding: gzip',
  ],
  [
    'broken in both eras',
    { before: (req, res) => req.url === '/mcp' && String(req.headers.authorization).includes('eyJ') && status(res, 500) },
    ['first word, modern', 'first word, legacy', 'some era'],
    '500',
  ],
  [
    'the token refused',
    { before: (req, res) => req.url === '/mcp' && String(req.headers.authorization).includes('eyJ') && status(res, 403) },
    ['token taken'],
    '403: without a challenge',
  ],
];
let drawn = 0;

function slashed(this: void, req: IncomingMessage, res: ServerResponse): boolean {
  if (req.url !== INSERTED || req.method !== 'GET') return false;
  const end = res.end.bind(res);
  res.end = ((text: string) => end(text.replace('/mcp"', '/mcp/"'))) as typeof res.end;
  return false;
}

describe('a good server that is not ours', () => {
  test('nothing fails; each fault below is the only one of its server', async () => {
    const strange = await startStrange();
    const found = await examined(strange);
    await strange.stop();
    expect(told(found, 'fail')).toEqual([]);
    // Codex alone would miss the copy of the metadata.
    expect(told(found, 'warn')).toEqual([
      'warn copy of that metadata at the origin: 404: Codex takes the server for one without login',
    ]);
    expect(told(found, 'skipped').map((line) => line.split(':')[0])).toEqual([
      'skipped progress of the call',
      'skipped quiet stream',
    ]);
    expect(found.length).toBe(allChecks.length);
  });

  test('only a tool that reads and needs nothing is called, once in each era; another one by name alone', async () => {
    const strange = await startStrange();
    await examined(strange);
    expect(strange.called).toEqual(['time', 'time']);
    await examined(strange, { tool: 'wipe' });
    expect(strange.called.slice(2)).toEqual(['wipe', 'wipe']);
    const found = await examined(strange, { tool: 'nothing' });
    expect(told(found, 'fail')).toEqual([
      'fail call of a tool, modern: there is no tool nothing',
      'fail call of a tool, legacy: there is no tool nothing',
    ]);
    await strange.stop();
  });

  test('404 at the URL: the mend asks whether it is whole', async () => {
    const strange = await startStrange({ before: (req, res) => req.url === '/mcp' && status(res, 404) });
    const found = await examined(strange);
    await strange.stop();
    const login = found.find(({ check }) => check.name === 'login asked for');
    expect(login).toMatchObject({
      verdict: 'fail',
      mend: expect.stringMatching(/^look whether the URL is whole, with its path/),
    });
  });

  test('the token goes to the URL alone', async () => {
    const strange = await startStrange();
    await examined(strange);
    const { origin, seen } = strange;
    await strange.stop();
    expect(seen.filter(({ withToken }) => withToken).length).toBeGreaterThan(5);
    expect(seen.filter(({ where, withToken }) => withToken && !/^(POST|GET|DELETE) server\/mcp$/.test(where))).toEqual([]);
    expect(seen.some(({ where }) => where.includes('issuer/.well-known'))).toBe(true);
    expect(origin).toMatch(/^http:\/\/127/);
  });

  test('the token follows no redirect, and travels by no open line', async () => {
    const arrived: string[] = [];
    const elsewhere = await listenLoopback((req, res) => {
      arrived.push(String(req.url));
      res.end();
    });
    const strange = await startStrange({
      before: (req, res) => String(req.headers.authorization).includes('eyJ') && redirect(res, `${elsewhere.url}/steal`),
    });
    const found = await examined(strange);
    await Promise.all([strange.stop(), elsewhere.close()]);
    expect(told(found, 'skipped')).toContainEqual(expect.stringContaining(`a redirect to ${elsewhere.url}/steal`));
    expect(arrived).toEqual([]);
    const look = (url: string) => createLook({ ...TARGET, url, token: strange.token });
    expect([look(strange.url).mayAuthorize, look('http://mcp.example.com/mcp').mayAuthorize]).toEqual([true, false]);
  });

  test('a quiet stream is held open as long as asked for', async () => {
    const strange = await startStrange();
    const found = await examined(strange, { quietMs: 600 });
    expect(told(found, 'ok').filter((line) => line.includes('quiet stream'))).toEqual([
      expect.stringMatching(/open for 0\.[6-9] s/),
    ]);
    await strange.stop();
    const cut = await startStrange({
      around: (res) => {
        res.setHeader('x-accel-buffering', 'no');
        setTimeout(() => res.destroy(), 300).unref();
      },
    });
    const found2 = await examined(cut, { quietMs: 900 });
    await cut.stop();
    expect(told(found2, 'fail')).toEqual([expect.stringMatching(/^fail quiet stream: it ended after 0\.[3-8] s$/)]);
  });
});

describe('a planted fault is found, and nothing else', () => {
  test.each(FAULTS)('%s', async (_what, fault, fails, saw) => {
    const strange = await startStrange(fault);
    const found = await examined(strange);
    await strange.stop();
    const failed = found.filter(({ verdict }) => verdict === 'fail');
    expect(failed.map(({ check }) => check.name)).toEqual(fails);
    expect(failed[0]?.saw).toMatch(saw);
  });
});
