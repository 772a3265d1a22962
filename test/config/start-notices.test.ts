// The warnings of the start: few, each with a value to write, and none for the examples.
import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseYaml } from '../../src/config/load.js';
import { startNotices } from '../../src/config/start-notices.js';
import { DOC_ENVIRONMENT, withOwnValues } from '../support/doc-environment.js';

const URL_OF = 'https://mcp.example.com/mcp';

const BARE = 's3cret-token';
const KEY = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
const noticesOf = (fields: Record<string, unknown>, root: Record<string, unknown> = {}) =>
  startNotices(
    parseYaml(
      JSON.stringify({
        publicUrl: 'https://mcp.example.com',
        issuers: { main: { issuer: 'https://auth.example.com' }, other: { issuer: 'https://other.example.com' } },
        ...root,
        endpoints: [{ path: '/mcp', issuers: ['main'], upstream: 'http://10.0.0.5:3000/mcp', ...fields }],
      }),
      { BARE, WITH_SCHEME: `Bearer ${BARE}`, KEY: String(KEY) },
    ),
  );

const upstreamOf = (own: Record<string, unknown>) => ({ upstream: { url: 'http://10.0.0.5:3000/mcp', ...own } });
const IDENTITY = { identity: { keys: ['${env:KEY}'] } };
const JWT = upstreamOf({ credential: { kind: 'identity', audience: 'files' } });
const BOTH = { issuers: ['main', 'other'] };

describe('a facade that issues tokens', () => {
  const noticesWith = (preset: string, issuer: string, fields: Record<string, unknown> = {}) => {
    const facade = { clientId: 'gateway', clientSecret: '${env:BARE}', keys: ['${env:KEY}'], ...fields };
    return noticesOf({}, { issuers: { main: { preset, issuer, facade } } });
  };

  test.each([
    ['google', 'https://accounts.google.com'],
    ['github', 'https://github.com/login/oauth'],
    ['gitlab', 'https://gitlab.com'],
    ['slack', 'https://slack.com'],
  ])('at %s for everybody is one warning', (preset, issuer) => {
    const detail = expect.stringContaining('facade.requiredClaims');
    expect(noticesWith(preset, issuer)).toEqual([{ event: 'config.facade_open', level: 'warn', issuer, detail }]);
    expect(noticesWith(preset, issuer, { requiredClaims: { hd: 'example.com' } })).toEqual([]);
  });

  test('at a server of the operator causes no warning', () => {
    expect(noticesWith('gitlab', 'https://gitlab.example.com')).toEqual([]);
    expect(noticesWith('github', 'https://github.example.com/login/oauth')).toEqual([]);
    expect(noticesWith('generic', 'https://auth.example.com', { mode: 'issued' })).toEqual([]);
  });
});

describe('an upstream', () => {
  test('that gets the token of each caller is one warning', () => {
    const detail = expect.stringContaining('kind: exchange or identity');
    expect(noticesOf(upstreamOf({ credential: { kind: 'forward' } }))).toEqual([
      { event: 'config.token_forwarded', level: 'warn', endpoint: '/mcp', detail },
    ]);
  });

  test('with an Authorization of one word is one warning, which does not show it', () => {
    const bare = noticesOf(upstreamOf({ credential: { kind: 'static', authorization: '${env:BARE}' } }));
    expect(bare.map(({ event }) => event)).toEqual(['config.upstream_authorization_bare']);
    expect(JSON.stringify(bare)).not.toContain(BARE);
    expect(noticesOf(upstreamOf({ credential: { kind: 'static', authorization: '${env:WITH_SCHEME}' } }))).toEqual([]);
    expect(noticesOf(upstreamOf({ credential: { kind: 'static', header: 'X-Api-Key', value: '${env:BARE}' } }))).toEqual([]);
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['an identity JWT', { ...BOTH, ...JWT }, 'by sub_id of the JWT, not by sub'],
    ['{subject}', { ...BOTH, ...upstreamOf({ headers: { 'X-User': '{subject?}' } }) }, 'add a header with {issuer?}'],
    ['{claim.sub}', { ...BOTH, ...upstreamOf({ headers: { 'X-User': '{claim.sub}' } }) }, 'add a header with {issuer?}'],
    [
      '{subject} beside API keys',
      { apiKeys: [{ header: 'X-Api-Key' }], ...upstreamOf({ headers: { 'X-User': '{subject}' } }) },
      'or API keys too',
    ],
  ])('with %s of several issuers is one warning', (_what, fields, write) => {
    const keys = 'apiKeys' in fields ? { apiKeys: { a: { sha256: '0c'.repeat(32) } } } : {};
    const identity = _what === 'an identity JWT' ? IDENTITY : {};
    const detail = expect.stringContaining(write);
    expect(noticesOf(fields, { ...identity, ...keys })).toEqual([
      { event: 'config.subject_ambiguous', level: 'warn', endpoint: '/mcp', detail },
    ]);
  });

  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['an identity JWT of one issuer', JWT, IDENTITY],
    ['{subject} of one issuer', upstreamOf({ headers: { 'X-User': '{subject}' } }), {}],
    [
      '{subject} and {issuer} of two',
      { ...BOTH, ...upstreamOf({ headers: { 'X-User': '{subject}', 'X-Issuer': '{issuer}' } }) },
      {},
    ],
    [
      '{claim.sub} and {claim.iss} of two',
      { ...BOTH, ...upstreamOf({ headers: { 'X-User': '{claim.sub}', 'X-Issuer': '{claim.iss}' } }) },
      {},
    ],
    ['{tenant} of two', { ...BOTH, ...upstreamOf({ headers: { 'X-Tenant': '{tenant}' } }) }, {}],
  ])('no warning for %s', (_what, fields, root) => expect(noticesOf(fields, root)).toEqual([]));
});

test.each<[string, Record<string, unknown>, string, string]>([
  ['an audience with a slash', { audience: [`${URL_OF}/`] }, 'config.audience_slash', `audience: ["${URL_OF}","${URL_OF}/"]`],
  [
    'an upstream without a path',
    { upstream: 'http://10.0.0.5:3000' },
    'config.upstream_path',
    'upstream: http://10.0.0.5:3000/mcp',
  ],
  ['an upstream map without a path', { upstream: { url: 'https://h' } }, 'config.upstream_path', 'upstream: https://h/mcp'],
  ['a resource with a slash', { resource: `${URL_OF}/` }, 'config.resource_slash', `resource: ${URL_OF}`],
])('%s is one warning', (_what, fields, event, write) => {
  expect(noticesOf(fields)).toEqual([{ event, level: 'warn', endpoint: '/mcp', detail: expect.stringContaining(write) }]);
});

test.each<[string, Record<string, unknown>]>([
  ['nothing written', {}],
  ['both audiences', { audience: [URL_OF, `${URL_OF}/`] }],
  ['another audience', { audience: ['api://mcp'] }],
  ['an upstream at the root', { upstream: 'http://10.0.0.5:3000/' }],
  ['an upstream over http', { upstream: 'http://mcp.internal:3000/mcp' }],
  ['a resource of another host', { resource: 'https://files.example.com/mcp' }],
  ['a resource that is a host', { resource: 'https://files.example.com/' }],
])('no warning for %s', (_what, fields) => expect(noticesOf(fields)).toEqual([]));

describe('no warning for the examples', () => {
  const root = new URL('../../', import.meta.url);
  const read = (name: string): string => readFileSync(new URL(name, root), 'utf8');
  const documents = ['README.md', ...readdirSync(new URL('docs/', root)).map((name) => `docs/${name}`)];
  const whole = documents
    .filter((name) => name.endsWith('.md'))
    .flatMap((name) =>
      [...read(name).matchAll(/^( *)```yaml\n([\s\S]*?)^ *```$/gm)].map(
        ([, indent = '', text = '']) => [name, text.replaceAll(new RegExp(`^${indent}`, 'gm'), '')] as const,
      ),
    )
    .filter(([, text]) => 'publicUrl' in (parse(text) as object) && 'endpoints' in (parse(text) as object));

  test('of the documents', () => {
    expect(whole.length).toBeGreaterThan(2);
    for (const [name, text] of whole)
      expect([name, startNotices(parseYaml(withOwnValues(text), DOC_ENVIRONMENT))]).toEqual([name, []]);
  });

  test('of examples/portcullis.yaml and of the test with ten lines', () => {
    for (const name of ['examples/portcullis.yaml', 'test/config/golden/readme.yaml'])
      expect(startNotices(parseYaml(read(name), DOC_ENVIRONMENT))).toEqual([]);
  });
});
