// Of each fault that is planted in the challenge of a server that is not ours, or in what it answers to those who bring no token or a bad one,
// the doctor says exactly what it is.
import type { IncomingMessage } from 'node:http';
import { describe, test } from 'vitest';
import { failsAlone, html, INSERTED, linked, type Planted, redirect, status } from './examined.js';

const FAULTS: Planted[] = [
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
  ['metadata, though anybody may call', { before: asBearer, takesAnyToken: true }, ['login asked for'], '200: anybody may call'],
  [
    'a parameter twice',
    (good) => ({ challenge: (parts) => [`${good.challenge(parts)[0]}, scope="b"`] }),
    ['challenge line', 'challenge parameters'],
    'a parameter twice',
  ],
  [
    'resource_metadata over http',
    linked('http://mcp.example.com/prm'),
    ['resource_metadata', 'metadata of the challenge'],
    'not https',
  ],
  [
    '401 for a bad token as for none',
    (good) => ({ challenge: (parts) => good.challenge({ ...parts, error: null }) }),
    ['a bad token'],
    '401 without error',
  ],
];
let drawn = 0;

/** Whoever brings no token is as one who brings some. */
function asBearer(req: IncomingMessage): boolean {
  req.headers.authorization ??= 'Bearer x';
  return false;
}

describe('a planted fault is found, and nothing else', () => {
  test.each(FAULTS)('%s', (_what, fault, fails, saw) => failsAlone(fault, fails, saw));
});
