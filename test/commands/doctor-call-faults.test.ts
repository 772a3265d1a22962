// The doctor finds each fault of a third-party server in its authorization server, and in its
// responses to web pages, calls and stream requests.
import { describe, expect, test } from 'vitest';
import { createInspection } from '../../src/commands/doctor/inspection.js';
import { allChecks } from '../../src/commands/doctor/run-checks.js';
import { ecKey, mintToken } from '../fixtures/mint.js';
import {
  changingHead,
  expectFailures,
  hasToken,
  json,
  linesOf,
  type Planted,
  rewriting,
  runDoctor,
  status,
  TARGET,
} from './run-doctor.js';
import { buffering, startThirdPartyServer } from './third-party-server.js';

const FAULTS: Planted[] = [
  [
    'no authorization servers',
    { metadata: { authorization_servers: [] } },
    ['authorization_servers'],
    'names no authorization server',
  ],
  [
    'an authorization server without metadata',
    (good) => ({ metadata: { authorization_servers: ['http://127.0.0.1:9'] }, challenge: good.challenge }),
    ['authorization server metadata'],
    'ECONNREFUSED',
  ],
  [
    'another issuer',
    { server: { issuer: 'https://elsewhere.example' } },
    ['issuer'],
    'issuer is https://elsewhere.example, but authorization_servers has',
  ],
  [
    'no PKCE',
    { server: { code_challenge_methods_supported: undefined } },
    ['PKCE'],
    'code_challenge_methods_supported is missing',
  ],
  [
    'PKCE without S256',
    { server: { code_challenge_methods_supported: ['plain'] } },
    ['PKCE'],
    'code_challenge_methods_supported is plain',
  ],
  [
    'no token endpoint',
    { server: { token_endpoint: undefined } },
    ['authorization and token endpoint'],
    'token_endpoint is missing',
  ],
  [
    'a preflight that needs a login',
    { before: (req, res) => req.method === 'OPTIONS' && req.url === '/mcp' && status(res, 401) },
    ['preflight'],
    'the preflight got 401 with application/json',
  ],
  [
    'a preflight that does not allow the MCP headers',
    { preflightHeaders: 'content-type, *' },
    ['preflight'],
    'does not allow authorization',
  ],
  ['no expose headers', { exposed: '' }, ['readable by a web page'], 'does not expose www-authenticate'],
  ['events that a proxy holds back', { around: buffering }, ['immediate event'], 'nothing arrived within 1 s of an open stream'],
  [
    'compressed events',
    { around: (res) => res.setHeader('content-encoding', 'gzip') },
    ['stream headers'],
    'the stream has Content-Encoding: gzip',
  ],
  [
    'status 500 in both eras',
    { before: (req, res) => req.url === '/mcp' && hasToken(req) && status(res, 500) },
    ['opening request, modern', 'opening request, legacy', 'supported era'],
    'server/discover got 500 with application/json',
  ],
  [
    'a rejected token',
    { before: (req, res) => req.url === '/mcp' && hasToken(req) && status(res, 403) },
    ['token accepted'],
    'server/discover got 403 without a challenge',
  ],
  [
    'an authorization server over http',
    { metadata: { authorization_servers: ['http://issuer.example.com'] } },
    ['authorization_servers', 'authorization server metadata'],
    'an issuer is not https',
  ],
  [
    'no response type code in the metadata',
    { server: { response_types_supported: ['token'] } },
    ['authorization and token endpoint'],
    'response_types_supported does not include code',
  ],
  [
    'a copy of the metadata of another authorization server',
    {
      before: (req, res) =>
        req.url === '/.well-known/oauth-authorization-server' && json(res, { issuer: 'https://elsewhere.example' }),
    },
    ['authorization server metadata at the origin'],
    'got metadata of https://elsewhere.example',
  ],
  [
    'a server that cuts off web pages',
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
    'a preflight that allows no origin',
    {
      before: (req, res) =>
        req.url === '/mcp' && req.method === 'OPTIONS' && status(res, 200, { 'access-control-allow-headers': 'authorization' }),
    },
    ['preflight'],
    'Access-Control-Allow-Origin is missing',
  ],
  [
    'a 401 that web pages cannot read',
    {
      before: (req) => {
        if (req.url === '/mcp' && req.method === 'POST') delete req.headers.origin;
        return false;
      },
    },
    ['readable by a web page'],
    'POST got 401 without Access-Control-Allow-Origin',
  ],
  [
    'every web page allowed, with credentials',
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
    'allows every origin, with credentials',
  ],
  [
    'tools/list without a list',
    rewriting('"tools":[', '"things":['),
    ['tool list, modern', 'tool list, legacy'],
    /^tools\/list got 200 with .*, no list$/,
  ],
  [
    'a call that gets a JSON-RPC error',
    rewriting('"result":{"content"', '"error":{"code":-32603,"message":"broken","content"'),
    ['tool call, modern', 'tool call, legacy'],
    'time got 200 with application/json, JSON-RPC error -32603 broken',
  ],
  ['500 for a notification', changingHead((code) => (code === 202 ? 500 : code)), ['notification'], 'got 500'],
  [
    'a subscription without an acknowledgement',
    rewriting('notifications/subscriptions/acknowledged', 'notifications/other'),
    ['immediate event'],
    'no acknowledgement arrived within 1 s',
  ],
  [
    'a GET stream whose headers a proxy holds back',
    { before: (req) => req.url === '/mcp' && req.method === 'GET' && hasToken(req) },
    ['GET stream'],
    'no headers arrived within 1 s',
  ],
  [
    'a stream with a length',
    changingHead((code, headers) => {
      if (headers['content-type']?.startsWith('text/event-stream')) headers['content-length'] = '100000';
      return code;
    }),
    ['stream headers'],
    'the stream has Content-Length',
  ],
];

describe('the doctor finds the planted fault and no other', () => {
  test.each(FAULTS)('%s', (_title, fault, fails, observed) => expectFailures(fault, fails, observed));
});

test('an expired token: the doctor says so before the server rejects it', async () => {
  const server = await startThirdPartyServer();
  const { origin, issuer } = server;
  const token = mintToken({ issuer, audience: `${origin}/mcp`, key: ecKey(), ttl: -60 });
  const findings = await runDoctor(server, { token });
  await server.stop();
  expect(linesOf(findings, 'fail')).toEqual([
    expect.stringMatching(/^fail token lifetime: the token expired \d+ s ago$/),
    expect.stringMatching(/^fail token accepted: server\/discover got 401 with Bearer /),
  ]);
});

test('a URL with http: the doctor reports it, and does not send the token', async () => {
  const inspection = createInspection({ ...TARGET, url: 'http://mcp.example.com/mcp', token: 'x' });
  const probe = (name: string) => allChecks.find((check) => check.name === name)?.probe(inspection);
  expect(await probe('https')).toEqual({ result: 'fail', observed: 'served over http' });
  expect(await probe('token over a protected connection')).toEqual({
    result: 'fail',
    observed: 'the URL is http, and not on loopback',
  });
});
