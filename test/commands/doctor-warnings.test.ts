// The warnings of the doctor: the server does not follow a recommendation, but every known client
// works.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { ecKey, mintToken } from '../fixtures/mint.js';
import { changingHead, json, linesOf, OPEN, rewriting, runDoctor, status, WELL_KNOWN } from './run-doctor.js';
import { type Fault, startThirdPartyServer } from './third-party-server.js';

const RESOURCE_METADATA = '/.well-known/oauth-protected-resource';
const challengeEndingWith = (end: string): Fault => ({
  challenge: ({ metadataUrl, error }) => [
    `Bearer ${error === null ? '' : 'error="invalid_token", '}resource_metadata="${metadataUrl}"${end}`,
  ],
});
const atRoot = (path: string): Fault => ({
  before: (req, res) => req.url === RESOURCE_METADATA && json(res, { resource: `http://${req.headers.host}${path}` }),
});

/** `name` is the name of the check that warns. */
const WARNINGS: [title: string, fault: Fault, name: string, observed: string | RegExp][] = [
  [
    'no scope in the challenge, and none in the metadata',
    { ...challengeEndingWith(''), metadata: { scopes_supported: undefined } },
    'challenge scope',
    /^the challenge has no scope$/,
  ],
  [
    'no scope in the challenge, and some in the metadata',
    challengeEndingWith(''),
    'challenge scope',
    'the challenge has no scope: clients request scopes_supported',
  ],
  [
    'offline_access in the challenge',
    challengeEndingWith(', scope="a offline_access"'),
    'challenge scope',
    'includes offline_access: a',
  ],
  [
    'a server that cannot check tokens now',
    { before: (req, res) => String(req.headers.authorization).includes('portcullis-doctor-') && status(res, 503) },
    'invalid token',
    'an invalid token got 503: the server cannot check tokens now',
  ],
  ['metadata of this URL at the root', atRoot('/mcp'), 'metadata at the root', /^GET got metadata of http:.*\/mcp$/],
  ['metadata of another URL at the root', atRoot('/other'), 'metadata at the root', /^GET got metadata of http:.*\/other$/],
  [
    'a login after the path',
    { before: (req, res) => req.url === `/mcp${RESOURCE_METADATA}` && status(res, 401) },
    'metadata after the path',
    'GET got 401',
  ],
  [
    '404 as a web page',
    {
      before: (req, res) => {
        if (!String(req.url).startsWith('/.well-known/portcullis-doctor')) return false;
        res.writeHead(404, { 'content-type': 'text/html' }).end('<p>nothing');
        return true;
      },
    },
    'unknown well-known path',
    'GET got 404 as HTML',
  ],
  [
    'no HEAD of the metadata',
    { before: (req, res) => req.url === WELL_KNOWN && req.method === 'HEAD' && status(res, 405) },
    'metadata without authentication',
    'HEAD got 405',
  ],
  ['no scopes_supported', { metadata: { scopes_supported: undefined } }, 'metadata fields', 'scopes_supported is missing'],
  ['an empty scopes_supported', { metadata: { scopes_supported: [] } }, 'metadata fields', 'scopes_supported is empty'],
  [
    'offline_access in scopes_supported',
    { metadata: { scopes_supported: ['a', 'offline_access'] } },
    'metadata fields',
    'includes offline_access',
  ],
  [
    'no bearer_methods_supported',
    { metadata: { bearer_methods_supported: undefined } },
    'metadata fields',
    'bearer_methods_supported does not include header',
  ],
  ['no registration', { server: { registration_endpoint: undefined } }, 'registration', 'supports neither'],
  [
    'an origin that may not call',
    { before: (req, res) => req.url === '/mcp' && req.method === 'OPTIONS' && status(res, 403) },
    'preflight',
    'the preflight got 403: the server does not allow http://localhost:6274',
  ],
  [
    'a preflight without Last-Event-ID',
    { preflightHeaders: 'authorization, content-type, mcp-protocol-version, mcp-session-id, mcp-method, mcp-name' },
    'preflight',
    'the preflight does not allow last-event-id, mcp-param-doctor',
  ],
  [
    'few exposed headers',
    { exposed: 'WWW-Authenticate, Mcp-Session-Id' },
    'readable by a web page',
    'does not expose retry-after',
  ],
  [
    'every web page may call',
    {
      before: (req) => {
        if (String(req.headers.origin).endsWith('.invalid')) delete req.headers.origin;
        return false;
      },
    },
    'foreign web page',
    'a foreign origin got 401 instead of 403',
  ],
  [
    'a tool that reports an error',
    rewriting('"result":{"content"', '"result":{"isError":true,"content"'),
    'tool call, modern',
    'time reports an error of its own',
  ],
  ['200 for a notification', changingHead((code) => (code === 202 ? 200 : code)), 'notification', 'got 200 instead of 202'],
  [
    'a session in the modern era',
    changingHead((code, headers) => {
      headers['mcp-session-id'] = 'x';
      return code;
    }),
    'no session in the modern era',
    'the response has an Mcp-Session-Id',
  ],
  [
    'streams that a proxy may buffer',
    (good) =>
      changingHead((code, headers) => {
        delete headers['x-accel-buffering'];
        return code;
      })({ ...good, around: () => {} }),
    'stream headers',
    'the stream lacks X-Accel-Buffering: no',
  ],
];

describe('the doctor warns, and no check fails', () => {
  test.each(WARNINGS)('%s', async (_title, fault, name, observed) => {
    const server = await startThirdPartyServer(fault);
    const findings = await runDoctor(server);
    await server.stop();
    expect(linesOf(findings, 'fail')).toEqual([]);
    const finding = findings.find(({ check }) => check.name === name);
    expect(finding).toMatchObject({ result: 'warn', observed: expect.stringMatching(observed) });
  });
});

test('a server without a login: the doctor warns, and still calls a tool', async () => {
  const server = await startThirdPartyServer(OPEN);
  const findings = await runDoctor(server, { token: null });
  await server.stop();
  expect(linesOf(findings, 'fail')).toEqual([]);
  expect(linesOf(findings, 'warn')).toContain('warn login required: POST without a token got 200: the server needs no login');
  expect(linesOf(findings, 'ok')).toContain('ok tool call, modern: time got a result');
});

/** Writes the scheme of the resource in capitals. */
function capitalScheme(req: IncomingMessage, res: ServerResponse): boolean {
  if (req.url !== WELL_KNOWN || req.method !== 'GET') return false;
  const end = res.end.bind(res);
  res.end = ((text: string) => end(text.replace('"resource":"http:', '"resource":"HTTP:'))) as typeof res.end;
  return false;
}

test('the same URL in another spelling: a warning, because some clients compare strictly', async () => {
  const server = await startThirdPartyServer({ before: capitalScheme });
  const findings = await runDoctor(server);
  await server.stop();
  expect(linesOf(findings, 'fail')).toEqual([]);
  expect(linesOf(findings, 'warn')).toContainEqual(expect.stringContaining('the same URL in another spelling'));
});

test('the unverified claims of a token', async () => {
  const server = await startThirdPartyServer({ takesAnyToken: true });
  const { origin } = server;
  const claims = { exp: undefined };
  const token = mintToken({ issuer: 'https://elsewhere.example', audience: 'x', key: ecKey(), claims });
  const findings = await runDoctor(server, { token });
  await server.stop();
  expect(linesOf(findings, 'warn')).toEqual(
    expect.arrayContaining([
      'warn token lifetime: the token has no exp',
      `warn token audience: aud is "x", the resource is ${origin}/mcp`,
      `warn token issuer: iss is "https://elsewhere.example", but authorization_servers has ${server.issuer}`,
    ]),
  );
});
