// Of each fault that is planted in the metadata of a server that is not ours the doctor says exactly what it is.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, test } from 'vitest';
import { failsAlone, html, INSERTED, type Planted, redirect, status } from './examined.js';
import type { Behaviour } from './strange-server.js';

const FAULTS: Planted[] = [
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
  ['another document at the URL of the challenge', otherDocument, ['metadata of the challenge'], 'another document'],
  [
    'a redirect from the slash at the end',
    { before: (req, res) => req.url === `${INSERTED}/` && redirect(res, INSERTED) },
    ['metadata with a slash at the end'],
    'a redirect to',
  ],
  [
    '500 behind the path',
    { before: (req, res) => req.url === '/mcp/.well-known/oauth-protected-resource' && status(res, 500) },
    ['metadata behind the path'],
    '500',
  ],
  [
    'metadata that no web page may read',
    {
      before: (req, res) => {
        const set = res.setHeader.bind(res);
        if (req.url === INSERTED)
          res.setHeader = (name, value) => (/^access-control-allow-origin$/i.test(name) ? res : set(name, value));
        return false;
      },
    },
    ['metadata in a browser'],
    'no Access-Control-Allow-Origin',
  ],
  [
    'the preflight of the metadata behind the login',
    { before: (req, res) => req.method === 'OPTIONS' && req.url === INSERTED && status(res, 401) },
    ['metadata in a browser'],
    'preflight: 401',
  ],
  [
    'a preflight of the metadata that allows too little',
    {
      before: (req, res) =>
        req.method === 'OPTIONS' && req.url === INSERTED && status(res, 200, { 'access-control-allow-headers': 'accept' }),
    },
    ['metadata in a browser'],
    'preflight allows accept',
  ],
  ['scopes_supported that is no list', { metadata: { scopes_supported: null } }, ['metadata fields'], 'no list of texts'],
];

function slashed(this: void, req: IncomingMessage, res: ServerResponse): boolean {
  if (req.url !== INSERTED || req.method !== 'GET') return false;
  const end = res.end.bind(res);
  res.end = ((text: string) => end(text.replace('/mcp"', '/mcp/"'))) as typeof res.end;
  return false;
}

/** The challenge leads to metadata that is not that of the well-known path. */
function otherDocument(good: Behaviour): Partial<Behaviour> {
  return {
    challenge: (parts) => good.challenge({ ...parts, metadataUrl: `${parts.metadataUrl}?other` }),
    before: (req, res) => {
      if (req.url !== `${INSERTED}?other`) return false;
      req.url = INSERTED;
      const end = res.end.bind(res);
      res.end = ((text: string) => end(text.replace('files:read', 'files:write'))) as typeof res.end;
      return false;
    },
  };
}

describe('a planted fault is found, and nothing else', () => {
  test.each(FAULTS)('%s', (_what, fault, fails, saw) => failsAlone(fault, fails, saw));
});
