// The doctor finds each fault in the metadata of a third-party server.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, test } from 'vitest';
import { expectFailures, html, type Planted, redirect, status, WELL_KNOWN } from './run-doctor.js';
import type { Behaviour } from './third-party-server.js';

const FAULTS: Planted[] = [
  [
    'resource of another path',
    { metadata: { resource: 'https://mcp.example.com/' } },
    ['resource'],
    'resource is https://mcp.example.com/, but the URL is',
  ],
  ['resource with a trailing slash', { before: addTrailingSlash }, ['resource'], 'only the trailing slash differs'],
  ['no resource', { metadata: { resource: undefined } }, ['resource'], 'resource is missing'],
  [
    'HTML at the well-known path',
    { before: (req, res) => req.url === WELL_KNOWN && html(res) },
    ['metadata at the well-known path'],
    'got 200 with an HTML page',
  ],
  [
    'HTML at every other well-known path',
    { before: (req, res) => String(req.url).includes('/.well-known/') && req.url !== WELL_KNOWN && html(res) },
    [
      'metadata at the root',
      'metadata after the path',
      'metadata with a trailing slash',
      'unknown well-known path',
      'authorization server metadata at the origin',
    ],
    'GET got 200 with an HTML page',
  ],
  [
    'well-known paths that need a login',
    { before: (req, res) => String(req.url).startsWith('/.well-known/') && status(res, 401) },
    [
      'metadata at the well-known path',
      'metadata at the root',
      'metadata with a trailing slash',
      'unknown well-known path',
      'authorization server metadata at the origin',
    ],
    'got 401 with application/json',
  ],
  [
    'metadata that is not served with a bad token',
    { before: (req, res) => req.url === WELL_KNOWN && req.headers.authorization !== undefined && status(res, 401) },
    ['metadata without authentication'],
    'GET with a bad token got 401',
  ],
  [
    'a redirect from the metadata',
    { before: (req, res) => req.url === WELL_KNOWN && redirect(res, '/metadata') },
    ['metadata at the well-known path'],
    'got 307, a redirect to /metadata',
  ],
  ['another document at the URL of the challenge', otherDocument, ['metadata of the challenge'], 'the document differs'],
  [
    'a redirect from the trailing slash',
    { before: (req, res) => req.url === `${WELL_KNOWN}/` && redirect(res, WELL_KNOWN) },
    ['metadata with a trailing slash'],
    'GET got 307, a redirect to',
  ],
  [
    '500 after the path',
    { before: (req, res) => req.url === '/mcp/.well-known/oauth-protected-resource' && status(res, 500) },
    ['metadata after the path'],
    'GET got 500',
  ],
  [
    'metadata that web pages cannot read',
    {
      before: (req, res) => {
        const set = res.setHeader.bind(res);
        if (req.url === WELL_KNOWN)
          res.setHeader = (name, value) => (/^access-control-allow-origin$/i.test(name) ? res : set(name, value));
        return false;
      },
    },
    ['metadata in a browser'],
    'no Access-Control-Allow-Origin for http://localhost:6274',
  ],
  [
    'a preflight of the metadata that needs a login',
    { before: (req, res) => req.method === 'OPTIONS' && req.url === WELL_KNOWN && status(res, 401) },
    ['metadata in a browser'],
    'the preflight got 401',
  ],
  [
    'a preflight of the metadata that allows too little',
    {
      before: (req, res) =>
        req.method === 'OPTIONS' && req.url === WELL_KNOWN && status(res, 200, { 'access-control-allow-headers': 'accept' }),
    },
    ['metadata in a browser'],
    'the preflight allows only accept',
  ],
  ['scopes_supported that is not a list', { metadata: { scopes_supported: null } }, ['metadata fields'], 'not a list of strings'],
];

function addTrailingSlash(this: void, req: IncomingMessage, res: ServerResponse): boolean {
  if (req.url !== WELL_KNOWN || req.method !== 'GET') return false;
  const end = res.end.bind(res);
  res.end = ((text: string) => end(text.replace('/mcp"', '/mcp/"'))) as typeof res.end;
  return false;
}

/** The challenge leads to other metadata than the well-known path. */
function otherDocument(good: Behaviour): Partial<Behaviour> {
  return {
    challenge: (parts) => good.challenge({ ...parts, metadataUrl: `${parts.metadataUrl}?other` }),
    before: (req, res) => {
      if (req.url !== `${WELL_KNOWN}?other`) return false;
      req.url = WELL_KNOWN;
      const end = res.end.bind(res);
      res.end = ((text: string) => end(text.replace('files:read', 'files:write'))) as typeof res.end;
      return false;
    },
  };
}

describe('the doctor finds the planted fault and no other', () => {
  test.each(FAULTS)('%s', (_title, fault, fails, observed) => expectFailures(fault, fails, observed));
});
