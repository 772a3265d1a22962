// What the doctor only warns of: no client that is known fails by it, and the server is not as it should be.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { mintToken, rsaKey } from '../fixtures/mint.js';
import { examined, type Fault, heading, INSERTED, json, OPEN, rewriting, status, told } from './examined.js';
import { startStrange } from './strange-server.js';

const PRM = '/.well-known/oauth-protected-resource';
const challengedWith = (end: string): Fault => ({
  challenge: ({ metadataUrl, error }) => [
    `Bearer ${error === null ? '' : 'error="invalid_token", '}resource_metadata="${metadataUrl}"${end}`,
  ],
});
const atRoot = (path: string): Fault => ({
  before: (req, res) => req.url === PRM && json(res, { resource: `http://${req.headers.host}${path}` }),
});

/** What, the doing of it, the check that warns, and what it saw. */
const WARNINGS: [what: string, fault: Fault, name: string, saw: string | RegExp][] = [
  ['no scope in the challenge', challengedWith(''), 'challenge scope', 'absent'],
  ['offline_access in the challenge', challengedWith(', scope="a offline_access"'), 'challenge scope', 'a offline_access'],
  [
    'tokens that cannot be checked now',
    { before: (req, res) => String(req.headers.authorization).includes('portcullis-doctor-') && status(res, 503) },
    'a bad token',
    '503: it cannot check tokens now',
  ],
  ['metadata of this URL at the root', atRoot('/mcp'), 'metadata at the root', /^a document of http:.*\/mcp$/],
  ['metadata of another URL at the root', atRoot('/other'), 'metadata at the root', /^a document of http:.*\/other$/],
  [
    'the login behind the path',
    { before: (req, res) => req.url === `/mcp${PRM}` && status(res, 401) },
    'metadata behind the path',
    '401',
  ],
  [
    '404 as a page',
    {
      before: (req, res) => {
        if (!String(req.url).startsWith('/.well-known/portcullis-doctor')) return false;
        res.writeHead(404, { 'content-type': 'text/html' }).end('<p>nothing');
        return true;
      },
    },
    'unknown well-known path',
    '404 as HTML',
  ],
  [
    'no HEAD of the metadata',
    { before: (req, res) => req.url === INSERTED && req.method === 'HEAD' && status(res, 405) },
    'metadata for whoever asks',
    'HEAD: 405',
  ],
  ['no scopes_supported', { metadata: { scopes_supported: undefined } }, 'metadata fields', 'no scopes_supported'],
  ['an empty scopes_supported', { metadata: { scopes_supported: [] } }, 'metadata fields', 'scopes_supported is empty'],
  ['offline_access in it', { metadata: { scopes_supported: ['a', 'offline_access'] } }, 'metadata fields', 'is listed'],
  [
    'no bearer_methods_supported',
    { metadata: { bearer_methods_supported: undefined } },
    'metadata fields',
    'no bearer_methods_supported',
  ],
  ['no registration', { server: { registration_endpoint: undefined } }, 'registration', 'neither'],
  [
    'a page that may not call',
    { before: (req, res) => req.url === '/mcp' && req.method === 'OPTIONS' && status(res, 403) },
    'preflight',
    '403: http://localhost:6274 may not call',
  ],
  [
    'a preflight without Last-Event-ID',
    { preflightHeaders: 'authorization, content-type, mcp-protocol-version, mcp-session-id, mcp-method, mcp-name' },
    'preflight',
    'not allowed: last-event-id, mcp-param-doctor',
  ],
  ['little exposed', { exposed: 'WWW-Authenticate, Mcp-Session-Id' }, 'readable by a web page', 'not exposed: retry-after'],
  [
    'every page may ask',
    {
      before: (req) => {
        if (String(req.headers.origin).endsWith('.invalid')) delete req.headers.origin;
        return false;
      },
    },
    'foreign web page',
    '401',
  ],
  [
    'a tool that failed',
    rewriting('"result":{"content"', '"result":{"isError":true,"content"'),
    'call of a tool, modern',
    'time: the tool says that it failed',
  ],
  ['200 for a notification', heading((code) => (code === 202 ? 200 : code)), 'notification', '200'],
  [
    'a session in the modern era',
    heading((code, fields) => {
      fields['mcp-session-id'] = 'x';
      return code;
    }),
    'no session in the modern era',
    'there is one',
  ],
  [
    'streams that may be buffered',
    (good) =>
      heading((code, fields) => {
        delete fields['x-accel-buffering'];
        return code;
      })({ ...good, around: () => {} }),
    'headers of streams',
    'no X-Accel-Buffering: no',
  ],
];

describe('a server that is not as it should be is warned of', () => {
  test.each(WARNINGS)('%s', async (_what, fault, name, saw) => {
    const strange = await startStrange(fault);
    const found = await examined(strange);
    await strange.stop();
    expect(told(found, 'fail')).toEqual([]);
    const one = found.find(({ check }) => check.name === name);
    expect(one).toMatchObject({ verdict: 'warn', saw: expect.stringMatching(saw) });
  });
});

test('an open server needs no login, and is told to be one', async () => {
  const strange = await startStrange(OPEN);
  const found = await examined(strange, { token: null });
  await strange.stop();
  expect(told(found, 'fail')).toEqual([]);
  expect(told(found, 'warn')).toContain('warn login asked for: 200: anybody may call this server');
  expect(told(found, 'ok')).toContain('ok call of a tool, modern: time');
});

/** The scheme of the resource in capitals. */
function capitals(req: IncomingMessage, res: ServerResponse): boolean {
  if (req.url !== INSERTED || req.method !== 'GET') return false;
  const end = res.end.bind(res);
  res.end = ((text: string) => end(text.replace('"resource":"http:', '"resource":"HTTP:'))) as typeof res.end;
  return false;
}

test('a URL in other letters is the same one, though not for every client', async () => {
  const strange = await startStrange({ before: capitals });
  const found = await examined(strange);
  await strange.stop();
  expect(told(found, 'fail')).toEqual([]);
  expect(told(found, 'warn')).toContainEqual(expect.stringContaining('the same URL in other letters'));
});

test('what a token says of itself, unverified', async () => {
  const strange = await startStrange({ takesAnyToken: true });
  const { origin } = strange;
  const claims = { exp: undefined };
  const token = mintToken({ issuer: 'https://elsewhere.example', audience: 'x', key: rsaKey(), claims });
  const found = await examined(strange, { token });
  await strange.stop();
  expect(told(found, 'warn')).toEqual(
    expect.arrayContaining([
      'warn time of the token: no exp',
      `warn audience of the token: aud "x", resource ${origin}/mcp`,
      `warn issuer of the token: iss "https://elsewhere.example", and authorization_servers has ${strange.issuer}`,
    ]),
  );
});
