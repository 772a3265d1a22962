// The doctor finds each fault in the challenge of a third-party server, and in its responses to
// requests without a token or with a bad one.
import type { IncomingMessage } from 'node:http';
import { describe, test } from 'vitest';
import { expectFailures, html, linked, type Planted, redirect, status, WELL_KNOWN } from './run-doctor.js';

const FAULTS: Planted[] = [
  ['relative resource_metadata', linked(WELL_KNOWN), ['resource_metadata'], 'the URL is not absolute'],
  [
    'resource_metadata of another origin',
    linked('https://elsewhere.invalid/prm'),
    ['resource_metadata', 'metadata of the challenge'],
    'the URL has another origin',
  ],
  [
    'no resource_metadata',
    (good) => ({ challenge: (parts) => [String(good.challenge(parts)[0]).replace(/resource_metadata="[^"]*", /, '')] }),
    ['resource_metadata'],
    'the challenge has no resource_metadata',
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
    'GET got 405, HEAD got 405, DELETE got 405',
  ],
  [
    'a web page for GET',
    { before: (req, res) => req.url === '/mcp' && req.method === 'GET' && html(res) },
    ['401 before 405', 'GET stream'],
    'GET got 200',
  ],
  [
    'error without a credential',
    { challenge: ({ metadataUrl }) => [`Bearer error="invalid_token", resource_metadata="${metadataUrl}", scope="a"`] },
    ['no error without a token'],
    'error="invalid_token"',
  ],
  ['no challenge', { challenge: () => [] }, ['challenge format', 'invalid token'], 'no WWW-Authenticate header'],
  [
    'two challenge lines',
    (good) => ({ challenge: (parts) => ['Basic realm="x"', ...good.challenge(parts)] }),
    ['challenge format', 'resource_metadata', 'invalid token'],
    '2 WWW-Authenticate lines',
  ],
  [
    'two challenges in one line',
    (good) => ({ challenge: (parts) => [`${good.challenge(parts)[0]}, Basic realm="x"`] }),
    ['challenge format'],
    'several challenges in one line',
  ],
  [
    'a challenge that does not begin with Bearer',
    (good) => ({ challenge: (parts) => [`Negotiate, ${good.challenge(parts)[0]}`] }),
    ['challenge format', 'resource_metadata', 'invalid token'],
    'does not begin with "Bearer ": Negotiate',
  ],
  [
    'bearer in small letters',
    (good) => ({ challenge: (parts) => [String(good.challenge(parts)[0]).replace('Bearer', 'bearer')] }),
    ['challenge format'],
    'does not begin with "Bearer ": bearer resource',
  ],
  [
    'parameters without quotes',
    {
      challenge: ({ metadataUrl, error }) => [
        `Bearer ${error === null ? '' : 'error="invalid_token", '}resource_metadata="${metadataUrl}", scope=a`,
      ],
    },
    ['challenge parameters'],
    'scope is not quoted',
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
    '"scope=" occurs in another parameter',
  ],
  [
    'a challenge that varies',
    (good) => ({ challenge: (parts) => [`${good.challenge(parts)[0]}, realm="${++drawn}"`] }),
    ['same challenge'],
    /^the challenges differ: .*realm=/,
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
    'contains the host of X-Forwarded-Host',
  ],
  ['200 with an error in the body', { rejectionStatus: 200 }, ['login required'], 'got 200 with application/json'],
  ['403 instead of 401', { rejectionStatus: 403 }, ['login required'], 'got 403'],
  [
    'a redirect to a login page',
    { before: (req, res) => req.url === '/mcp' && req.headers.authorization === undefined && redirect(res, '/login') },
    ['no redirect'],
    'POST got 307, a redirect to /login',
  ],
  [
    '500 for a bad token',
    {
      before: (req, res) =>
        String(req.headers.authorization).includes('portcullis-doctor') && req.url === '/mcp' && status(res, 500),
    },
    ['invalid token'],
    'an invalid token got 500',
  ],
  ['every token accepted', { takesAnyToken: true }, ['invalid token'], 'the server accepts any token'],
  ['metadata of a server without a login', { before: addToken, takesAnyToken: true }, ['login required'], 'needs no login, but'],
  [
    'a parameter twice',
    (good) => ({ challenge: (parts) => [`${good.challenge(parts)[0]}, scope="b"`] }),
    ['challenge format', 'challenge parameters'],
    'a parameter appears twice',
  ],
  [
    'resource_metadata over http',
    linked('http://mcp.example.com/prm'),
    ['resource_metadata', 'metadata of the challenge'],
    'the URL is not https',
  ],
  [
    'the same challenge for a bad token and for no token',
    (good) => ({ challenge: (parts) => good.challenge({ ...parts, error: null }) }),
    ['invalid token'],
    'got 401 without error',
  ],
];
let drawn = 0;

/** Adds a token to a request without one. */
function addToken(req: IncomingMessage): boolean {
  req.headers.authorization ??= 'Bearer x';
  return false;
}

describe('the doctor finds the planted fault and no other', () => {
  test.each(FAULTS)('%s', (_title, fault, fails, observed) => expectFailures(fault, fails, observed));
});
