// `explain` of API keys: the entry, the place, the endpoints and the scopes, and the likely cause
// for an unknown key. The scene checks that no output has a key or a whole hash.
import { afterAll, describe, expect, test } from 'vitest';
import { newKey, sha256, startKeysScene } from './explain-keys-scene.js';

const scene = startKeysScene();
afterAll(() => scene.stop());
const { keys, explain } = scene;

const PLACES = ['X-Api-Key: KEY', 'Authorization: Token KEY', 'Authorization: Bearer sk_live_KEY'];

describe('a key that the endpoint takes', () => {
  test('the key alone: the entry, and where callers write it', async () => {
    const { code, credential, text, steps } = await explain('/mcp', keys.a);
    expect([code, credential]).toEqual([0, 'API key']);
    expect(text.split('\n')[0]).toBe('Checks of an API key at /mcp (https://mcp.example.com/mcp)');
    expect(steps.map(({ name, state }) => [name, state])).toEqual(
      ['credential', 'registered key', 'endpoints of the key', 'sunset', 'scope', 'upstream'].map((name) => [name, 'pass']),
    );
    expect(steps[0]).toMatchObject({
      observed: { header: 'X-Api-Key', given: 'the key alone' },
      expected: { 'API keys in': PLACES },
    });
    expect(steps[1]).toMatchObject({
      observed: { name: 'partner-a', fingerprint: sha256(keys.a).slice(0, 8), tenant: 'acme' },
      expected: { keys: '6 in the configuration' },
    });
    expect(steps[2]).toMatchObject({ observed: { endpoints: ['/mcp', '/keys'] }, expected: { endpoint: '/mcp' } });
    expect(steps[3]).toMatchObject({ observed: { sunset: 'none' } });
  });

  test.each<[string, (key: string) => string, Record<string, string>]>([
    ['its header', (key) => `X-Api-Key: ${key}`, { header: 'X-Api-Key' }],
    ['its header in small letters', (key) => `x-api-key: ${key}`, { header: 'X-Api-Key' }],
    ['its scheme', (key) => `Token ${key}`, { scheme: 'Token' }],
    ['the whole header', (key) => `Authorization: token ${key}`, { scheme: 'token' }],
  ])('with %s', async (_what, write, observed) => {
    const { code, credential, steps } = await explain('/mcp', write(keys.a));
    expect([code, credential, steps[0]?.observed]).toEqual([0, 'API key', observed]);
  });

  test('as a bearer token with its prefix, and alone where only such keys are taken', async () => {
    for (const [path, text] of [
      ['/mcp', `Bearer ${keys.live}`],
      ['/live', keys.live],
    ] as const) {
      const { code, credential, steps } = await explain(path, text);
      expect([code, credential, steps[0]?.observed.scheme]).toEqual([0, 'API key', 'Bearer']);
    }
  });

  test('an entry with its own upstream credential: only that there is one', async () => {
    const { steps } = await explain('/keys', keys.swap);
    expect(steps[1]?.observed).toEqual({
      name: 'swap',
      fingerprint: sha256(keys.swap).slice(0, 8),
      upstreamAuthorization: 'its own',
    });
  });

  test('as an argument and on standard input', async () => {
    await explain('/mcp', keys.a);
    const end = 'The gateway would accept the request.';
    const { code, output } = await scene.run(['--endpoint', '/mcp', `X-Api-Key: ${keys.a}`], '');
    expect([code, output.split('\n').at(-1), output.includes(keys.a)]).toEqual([0, end, false]);
  });
});

type Case = [title: string, path: string, text: () => string, failed: string, reason: string, words: string | RegExp];

const UNKNOWN: Case[] = [
  ['a key without an entry', '/mcp', newKey, 'registered key', 'key.unknown', /^no entry of the registry has its hash\. .*hash-key --stdin/],
  ['a hash of the key and a line feed', '/mcp', () => keys.echo, 'registered key', 'key.unknown', /^the entry echoed has the hash of this key with a line feed/],
  ['a missing prefix', '/mcp', () => keys.bare, 'registered key', 'key.unknown', 'this is the key prefixless without its prefix sk_live_. Send all of it'],
  ['quotes', '/mcp', () => `"${keys.a}"`, 'registered key', 'key.unknown', 'this is the key partner-a, but it is in quotes. Send the key alone'],
  ['white space inside', '/mcp', () => `X-Api-Key: ${keys.a.slice(0, 9)} ${keys.a.slice(9)}`, 'registered key', 'key.unknown', /^this is the key partner-a, but it has white space/],
  ['white space inside, without a header', '/mcp', () => `${keys.live.slice(0, 19)} ${keys.live.slice(19)}`, 'registered key', 'key.unknown', /^this is the key live, but it has white space/],
  ['a key of another endpoint', '/both', () => keys.a, 'endpoints of the key', 'key.unknown', 'the entry partner-a is for other endpoints'],
  ['a key after its sunset', '/mcp', () => keys.old, 'sunset', 'key.sunset', /^the operator retired the key old\. Make a new one/],
  ['a key without a scope', '/mcp', () => keys.swap, 'scope', 'scope.insufficient', 'the entry swap lacks files:read'],
  ['a header that the endpoint does not read', '/live', () => `X-Api-Key: ${keys.live}`, 'credential', 'credential.missing', 'this is the key live: let the client send Authorization: Bearer sk_live_KEY'],
  ['a scheme that the endpoint does not read', '/keys', () => `Token ${keys.a}`, 'credential', 'credential.scheme', 'this is the key partner-a: let the client send X-Api-Key: KEY'],
  ['a bearer token without its prefix', '/mcp', () => `Bearer ${keys.a}`, 'kind of token', 'token.malformed', 'this is the key partner-a: let the client send X-Api-Key: KEY or Authorization: Token KEY'],
  ['a bearer token where there are no tokens', '/keys', () => `Bearer ${keys.a}`, 'kind of token', 'token.malformed', 'this is the key partner-a: let the client send X-Api-Key: KEY'],
  ['a key that cannot have the prefix', '/live', () => keys.a, 'kind of token', 'token.malformed', /^this is the key partner-a, and it does not begin as keys do here; .* Bearer sk_live_KEY$/],
  ['an endpoint without API keys', '/idp', () => keys.a, 'kind of token', 'token.malformed', 'this is the key partner-a, and this endpoint takes no API keys'],
  ['its header at an endpoint without API keys', '/idp', () => `X-Api-Key: ${keys.a}`, 'credential', 'credential.missing', 'this is the key partner-a, and this endpoint takes no API keys'],
  ['an unknown key in a wrong scheme', '/keys', () => `Token ${newKey()}`, 'credential', 'credential.scheme', 'this endpoint reads API keys from X-Api-Key: KEY'],
]; // biome-ignore format: one row each

describe('a key that the endpoint rejects: the step, the reason, and the fix', () => {
  test.each(UNKNOWN)('%s', async (_title, path, text, failed, reason, words) => {
    const given = text();
    const explained = await explain(path, given);
    expect([explained.code, explained.failed, explained.reason]).toEqual([1, failed, reason]);
    expect(explained.fix?.words).toMatch(words);
    if (typeof words === 'string') expect(explained.fix?.words).toBe(words);
    const key = given.split(' ').at(-1) ?? '';
    expect(explained.text + JSON.stringify(explained)).not.toContain(key.replaceAll('"', ''));
  });

  test('the hash in place of the key', async () => {
    const { code, output } = await scene.run(['--endpoint', '/mcp'], sha256(keys.a));
    expect([code, output]).toEqual([1, expect.stringContaining('this is the hash of the key partner-a, and not the key')]);
    expect(output).not.toContain(sha256(keys.a));
  });

  test.each<[string, string, string]>([
    ['credential.scheme', '/keys', 'Token x-unknown-key'],
    ['token.malformed', '/mcp', 'Bearer x-unknown-key'],
  ])('%s: the detail names the places of the endpoint, as the log does', async (reason, path, text) => {
    const explained = await explain(path, text);
    expect([explained.reason, explained.detail]).toEqual([reason, expect.stringContaining('X-Api-Key: KEY')]);
  });

  test('a registry without keys', async () => {
    const { apiKeys: _, ...raw } = scene.raw;
    const { reason, fix } = await explain('/mcp', keys.a, [], { ...raw, apiKeys: {} });
    expect([reason, fix?.words]).toEqual(['key.unknown', expect.stringContaining('the registry has no keys')]);
  });
});

describe('the change of the configuration', () => {
  test('scopes of the entry, with those that it has', async () => {
    const { fix, reason } = await explain('/mcp', keys.a, ['--tool', 'write']);
    expect([reason, fix?.write]).toEqual([
      'scope.insufficient',
      ['apiKeys:', '  partner-a:', '    scopes: [files:read, files:write]'],
    ]);
    expect(fix?.place).toMatch(/^To accept such a key, write in .*gateway\.yaml, near line \d+$/);
    expect(fix?.warning).toContain('the holder of the key may do all');
  });

  test('endpoints of the entry', async () => {
    const { fix } = await explain('/both', keys.a);
    expect(fix?.write).toEqual(['apiKeys:', '  partner-a:', '    endpoints: [/mcp, /keys, /both]']);
  });

  test.each<[string, () => string, string[], string[]?]>([
    ['/keys', () => `Token ${keys.a}`, ['header: X-Api-Key', 'scheme: Token']],
    ['/live', () => `X-Api-Key: ${keys.live}`, ['bearerPrefix: sk_live_', 'header: X-Api-Key']],
    ['/live', () => keys.a, ['bearerPrefix: sk_live_', 'header: X-Api-Key']],
    ['/idp', () => `Token ${keys.a}`, ['scheme: Token'], ['    bridge: false']],
  ])('a further place at %s', async (path, text, places, more = []) => {
    const { fix } = await explain(path, text());
    expect(fix?.write?.slice(2)).toEqual(['    apiKeys:', ...places.map((one) => `      - ${one}`), ...more]);
  });
});

test('a pass-through credential stays without an explanation: exit code 2', async () => {
  const { code, errors } = await scene.run(['--endpoint', '/passed'], `Token ${keys.a}`);
  expect([code, errors]).toEqual([2, expect.stringContaining('cannot explain a pass-through credential')]);
});
