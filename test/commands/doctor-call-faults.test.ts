// Of each fault that is planted in the authorization server, the pages, the calls or the streams of a server that is not ours the doctor says
// exactly what it is.
import { describe, expect, test } from 'vitest';
import { allChecks } from '../../src/commands/doctor/examine.js';
import { createLook } from '../../src/commands/doctor/look.js';
import { mintToken, rsaKey } from '../fixtures/mint.js';
import { examined, failsAlone, hasToken, heading, json, type Planted, rewriting, status, TARGET, told } from './examined.js';
import { buffering, startStrange } from './strange-server.js';

const FAULTS: Planted[] = [
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
    { before: (req, res) => req.url === '/mcp' && hasToken(req) && status(res, 500) },
    ['first word, modern', 'first word, legacy', 'some era'],
    '500',
  ],
  [
    'the token refused',
    { before: (req, res) => req.url === '/mcp' && hasToken(req) && status(res, 403) },
    ['token taken'],
    '403: without a challenge',
  ],
  [
    'an authorization server over http',
    { metadata: { authorization_servers: ['http://issuer.example.com'] } },
    ['authorization_servers', 'metadata of the authorization server'],
    'not https',
  ],
  [
    'no response type code',
    { server: { response_types_supported: ['token'] } },
    ['authorization and token endpoint'],
    'no response type code',
  ],
  [
    'a copy of the metadata of another issuer',
    {
      before: (req, res) =>
        req.url === '/.well-known/oauth-authorization-server' && json(res, { issuer: 'https://elsewhere.example' }),
    },
    ['copy of that metadata at the origin'],
    'issuer https://elsewhere.example',
  ],
  [
    'web pages cut off',
    {
      before: (req) => {
        if (req.url !== '/mcp' || req.headers.origin === undefined) return false;
        req.socket.destroy();
        return true;
      },
    },
    ['preflight', 'readable by a web page', 'foreign web page'],
    'ECONNRESET',
  ],
  [
    'a preflight for no origin',
    {
      before: (req, res) =>
        req.url === '/mcp' && req.method === 'OPTIONS' && status(res, 200, { 'access-control-allow-headers': 'authorization' }),
    },
    ['preflight'],
    'Access-Control-Allow-Origin: absent',
  ],
  [
    'a 401 that no web page may read',
    {
      before: (req) => {
        if (req.url === '/mcp' && req.method === 'POST') delete req.headers.origin;
        return false;
      },
    },
    ['readable by a web page'],
    '401 without Access-Control-Allow-Origin',
  ],
  [
    'any web page, with credentials',
    {
      before: (req, res) => {
        const { origin } = req.headers;
        if (!origin?.endsWith('.invalid')) return false;
        res.setHeader('access-control-allow-origin', origin);
        res.setHeader('access-control-allow-credentials', 'true');
        delete req.headers.origin;
        return false;
      },
    },
    ['foreign web page'],
    'any origin, with credentials',
  ],
  ['tools/list without a list', rewriting('"tools":[', '"things":['), ['tools, modern', 'tools, legacy'], '200'],
  [
    'a call answered with an error',
    rewriting('"result":{"content"', '"error":{"code":-32603,"message":"broken","content"'),
    ['call of a tool, modern', 'call of a tool, legacy'],
    'time: 200 application/json, JSON-RPC -32603 broken',
  ],
  ['500 for a notification', heading((code) => (code === 202 ? 500 : code)), ['notification'], '500'],
  [
    'a subscription that is not acknowledged',
    rewriting('notifications/subscriptions/acknowledged', 'notifications/other'),
    ['event at once'],
    'no acknowledgement within 1 s',
  ],
  [
    'a GET stream whose head is held back',
    { before: (req) => req.url === '/mcp' && req.method === 'GET' && hasToken(req) },
    ['GET stream'],
    'no head within 1 s',
  ],
  [
    'a stream with a length',
    heading((code, fields) => {
      if (fields['content-type']?.startsWith('text/event-stream')) fields['content-length'] = '100000';
      return code;
    }),
    ['headers of streams'],
    'Content-Length',
  ],
];

describe('a planted fault is found, and nothing else', () => {
  test.each(FAULTS)('%s', (_what, fault, fails, saw) => failsAlone(fault, fails, saw));
});

test('a token that has ended is told before it is refused', async () => {
  const strange = await startStrange();
  const { origin, issuer } = strange;
  const token = mintToken({ issuer, audience: `${origin}/mcp`, key: rsaKey(), ttl: -60 });
  const found = await examined(strange, { token });
  await strange.stop();
  expect(told(found, 'fail')).toEqual([
    expect.stringMatching(/^fail time of the token: it ended \d+ s ago$/),
    expect.stringMatching(/^fail token taken: 401/),
  ]);
});

test('a line that anybody can read, before a token is sent on it', async () => {
  const look = createLook({ ...TARGET, url: 'http://mcp.example.com/mcp', token: 'x' });
  const named = (name: string) => allChecks.find((check) => check.name === name)?.look(look);
  expect(await named('https')).toEqual({ verdict: 'fail', saw: 'plain http' });
  expect(await named('token on a safe line')).toEqual({ verdict: 'fail', saw: 'plain http' });
});
