// The warnings of the start about API keys.
import { describe, expect, test } from 'vitest';
import { keyNotices, sunsetNotices } from '../../src/config/key-notices.js';
import { resolveConfig } from '../../src/config/load.js';
import { startNotices } from '../../src/config/start-notices.js';
import type { ApiKey } from '../../src/core/api-key.js';

const hash = (first: string): string => first.repeat(32);
const SECRET = '$' + '{env:UPSTREAM}';

const config = (keys: Record<string, object>, endpoint: object = {}, UPSTREAM = 'Bearer s3cret', root: object = {}) =>
  resolveConfig(
    {
      publicUrl: 'https://mcp.example.com',
      apiKeys: keys,
      ...root,
      endpoints: [{ path: '/mcp', apiKeys: [{ header: 'X-Api-Key' }], upstream: 'http://10.0.0.5:3000/mcp', ...endpoint }],
    },
    { UPSTREAM },
  );
const found = (...parts: Parameters<typeof config>) =>
  keyNotices(config(...parts)).map(({ event, endpoint, detail }) => [event, endpoint, detail]);

const KEY = { sha256: hash('a1') };

test.each<[string, Parameters<typeof config>, readonly [string, string | undefined, string]]>([
  ['no key at all', [{}], ['config.no_api_keys', undefined, 'apiKeys is empty']],
  [
    'a base scope that no key has',
    [{ a: KEY }, { scopes: ['read', 'write'] }],
    ['config.no_key_passes', '/mcp', ': read, write'],
  ],
  [
    'a secret without its scheme',
    [{ a: { ...KEY, upstreamAuthorization: SECRET } }, {}, 's3cret'],
    ['config.upstream_authorization_bare', undefined, 'such as Bearer: a'],
  ],
])('%s is one warning', (_what, parts, [event, endpoint, detail]) => {
  const notices = found(...parts);
  expect(notices).toEqual([[event, endpoint, expect.stringContaining(detail)]]);
  expect(JSON.stringify(notices)).not.toContain('s3cret');
  expect(startNotices(config(...parts)).map((notice) => notice.event)).toEqual([event]);
});

test('an endpoint that no key names is one warning', () => {
  const second = { path: '/b', apiKeys: [{ header: 'X-Api-Key' }], upstream: 'http://10.0.0.5:3000/mcp' };
  const { endpoints, ...rest } = config({ a: { ...KEY, endpoints: ['/mcp'] } });
  const both = resolveConfig(
    {
      publicUrl: rest.publicUrl,
      apiKeys: { a: { ...KEY, endpoints: ['/mcp'] } },
      endpoints: [{ ...second, path: '/mcp' }, second],
    },
    {},
  );
  expect(endpoints).toHaveLength(1);
  expect(keyNotices(both)).toEqual([
    expect.objectContaining({
      event: 'config.no_key_passes',
      endpoint: '/b',
      detail: expect.stringContaining('no API key is for this'),
    }),
  ]);
});

describe('a key without endpoints', () => {
  const at = (host: string | string[], path = '/mcp', more: object = {}) => ({
    path,
    host,
    apiKeys: [{ header: 'X-Api-Key' }],
    upstream: 'http://10.0.0.5:3000/mcp',
    ...more,
  });
  const eventsOf = (keys: Record<string, object>, ...endpoints: object[]) =>
    keyNotices(resolveConfig({ publicUrl: 'https://mcp.example.com', apiKeys: keys, endpoints }, {}));
  const TENANTS = [at('a.example.com'), at('b.example.com')];

  test('is a warning where it passes under two hosts', () => {
    expect(eventsOf({ one: KEY, two: { sha256: hash('b2'), endpoints: ['a.example.com/mcp'] } }, ...TENANTS)).toEqual([
      { event: 'config.key_every_host', level: 'warn', detail: expect.stringMatching(/write endpoints, .*: one$/) },
    ]);
  });

  test.each<[string, Record<string, object>, object[]]>([
    ['a key that names its endpoint', { one: { ...KEY, endpoints: ['a.example.com/mcp', 'b.example.com/mcp'] } }, TENANTS],
    ['one endpoint with two hosts', { one: KEY }, [at(['a.example.com', 'b.example.com'])]],
    ['two paths under the same hosts', { one: KEY }, [at('a.example.com'), at('a.example.com', '/b')]],
  ])('no warning for %s', (_what, keys, endpoints) => expect(eventsOf(keys, ...endpoints)).toEqual([]));

  test('no warning where its scopes let it pass under one host alone', () => {
    const events = eventsOf(
      { one: KEY, all: { sha256: hash('b2'), scopes: ['b'], endpoints: ['b.example.com/mcp'] } },
      at('a.example.com'),
      at('b.example.com', '/mcp', { scopes: ['b'] }),
    );
    expect(events).toEqual([]);
  });
});

test.each<[string, Parameters<typeof config>]>([
  ['a key', [{ a: KEY }]],
  ['a key with the base scopes', [{ a: { ...KEY, scopes: ['read'] } }, { scopes: ['read'] }]],
  ['a scope that implies them', [{ a: { ...KEY, scopes: ['all'] } }, { scopes: ['read'], scopeImplies: { all: ['read'] } }]],
  ['one of two keys that can pass', [{ a: KEY, b: { sha256: hash('b2'), scopes: ['read'] } }, { scopes: ['read'] }]],
  ['a secret with its scheme', [{ a: { ...KEY, upstreamAuthorization: SECRET } }]],
  ['keys in a file', [{}, { scopes: ['read'] }, undefined, { apiKeysFile: '/keys.jsonl' }]],
])('no warning for %s', (_what, parts) => expect(found(...parts)).toEqual([]));

describe('the sunset of a key', () => {
  const DAY = 86_400_000;
  const now = Date.parse('2027-06-15T12:00:00Z');
  const key = (name: string, sunsetMs: number | null): ApiKey => ({
    name,
    sha256: hash('a1'),
    scopes: [],
    tenant: null,
    upstreamAuthorization: null,
    sunsetMs,
    endpoints: null,
  });

  test('has a warning when it is over, and when it comes soon', () => {
    const keys = [
      key('never', null),
      key('later', now + 31 * DAY),
      key('over', now),
      key('soon', now + 30 * DAY),
      key('next', now + 1),
    ];
    expect(sunsetNotices(keys, now).map(({ event, level, detail }) => [event, level, String(detail).split(': ')[1]])).toEqual([
      ['config.key_past_sunset', 'warn', 'over'],
      ['config.key_sunset_soon', 'warn', 'soon, next'],
    ]);
    expect(sunsetNotices(keys.slice(0, 2), now)).toEqual([]);
  });

  test('names 20 keys at most', () => {
    const many = Array.from({ length: 100_000 }, (_, i) => key(`p${i}`, now));
    const [notice, ...others] = sunsetNotices(many, now);
    expect(others).toEqual([]);
    expect(notice?.detail).toMatch(/: p0, .*, p19 and 99980 more$/);
  });
});
