// Access tokens of the bridge: the life of a good token is that of its API key.
import { describe, expect, test } from 'vitest';
import { checkAudience } from '../../../src/authorize/audience.js';
import type { SigningKey } from '../../fixtures/mint.js';
import { bridge, edwards, FILES, FINGERPRINT, files, mintBridge, newest, older, partner } from '../../support/bridge.js';
import { apiKey, endpoint, KEY, RESOURCE } from '../../support/endpoint.js';
import { reasonOf } from '../../support/kinds.js';

const expOf = (token: string): number => JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString()).exp;

test('a good token is the principal of its key, until its own end', async () => {
  const token = mintBridge();
  expect(await bridge().present(token)).toEqual({
    ok: true,
    value: {
      kind: 'key',
      id: '- 4:acme key:partner-a',
      issuer: null,
      subject: 'partner-a',
      tenant: 'acme',
      client: 'partner-a',
      scopes: ['files:read'],
      claims: {},
      expiresAt: expOf(token),
      method: 'bridge',
      key: partner,
    },
  });
});

test.each<[string, SigningKey]>([
  ['the newest', newest],
  ['an older', older],
  ['an Ed25519', edwards],
])('%s key of the ring verifies, one that left it does not', async (_which, key) => {
  const rest = [newest, older, edwards].filter((other) => other !== key);
  expect(await bridge().reason(mintBridge({ key }))).toBe('ok');
  expect(await bridge([partner], rest).reason(mintBridge({ key }))).toBe('token.key_unknown');
});

describe('the cache of verified tokens', () => {
  test('gives one object for each token, at every endpoint of its audience', async () => {
    const at = bridge();
    const token = mintBridge({ audience: [RESOURCE, FILES] });
    expect(at.cached(token)).toBeUndefined();
    const first = await at.present(token);
    for (const again of [at.cached(token), at.cached(token, files)])
      expect(again?.ok && first.ok && again.value === first.value).toBe(true);
    const other = await at.present(mintBridge());
    expect(other.ok && first.ok && other.value === first.value).toBe(false);
  });

  test('gives one object to calls at the same time', async () => {
    const at = bridge();
    const token = mintBridge();
    const [first, ...others] = await Promise.all(Array.from({ length: 20 }, () => at.present(token)));
    for (const one of others) expect(one.ok && first?.ok && one.value === first.value).toBe(true);
  });

  test('holds no rejected token', async () => {
    const at = bridge();
    const token = mintBridge({ signature: Buffer.alloc(64) });
    expect(await at.reason(token)).toBe('token.signature');
    expect(at.cached(token)).toBeUndefined();
  });

  test('holds the audience of the token, which each use checks', async () => {
    const at = bridge();
    const token = mintBridge();
    expect(await at.reason(token)).toBe('ok');
    expect(reasonOf(at.cached(token, files))).toBe('audience.mismatch');
    const rule = () => null;
    expect(reasonOf(await at.tokens(rule).authenticate({ kind: 'bearer', token }, files))).toBe('ok');
    expect(reasonOf(await at.tokens(checkAudience).authenticate({ kind: 'bearer', token }, files))).toBe('audience.mismatch');
  });

  test('lets a token end at its exp', async () => {
    const at = bridge();
    const token = mintBridge({ ttl: 60 });
    expect(await at.reason(token)).toBe('ok');
    at.clock.setWall(expOf(token) * 1000 - 1);
    expect(reasonOf(at.cached(token))).toBe('ok');
    at.clock.setWall(expOf(token) * 1000);
    expect(reasonOf(at.cached(token))).toBe('token.expired');
    expect(await bridge([partner]).reason(mintBridge({ ttl: -1 }))).toBe('token.expired');
  });
});

describe('at each use the token has what its key has now', () => {
  /** The token was used before the reload, or is first used after it. */
  const after = async (keys: Parameters<typeof bridge>[0], token = mintBridge()) => {
    const at = bridge();
    const used = mintBridge();
    expect(await at.reason(used)).toBe('ok');
    at.registry.replace(keys ?? []);
    return [at.cached(used), await at.present(token)];
  };

  test('the key is gone: 401, so that the client asks for another token', async () => {
    for (const result of await after([])) {
      expect(reasonOf(result)).toBe('token.inactive');
      expect(result).toMatchObject({
        definition: { status: 401, challenge: 'invalid_token' },
        vouched: { subject: 'partner-a', issuer: null, method: 'bridge', keyFingerprint: FINGERPRINT },
      });
    }
  });

  test('its name has a new key', async () => {
    for (const result of await after([apiKey('sk_live_another')])) expect(reasonOf(result)).toBe('token.inactive');
  });

  test('its key has another name', async () => {
    for (const result of await after([apiKey(KEY, { name: 'partner-b' })])) expect(reasonOf(result)).toBe('token.inactive');
  });

  test('an equal entry changes nothing', async () => {
    for (const result of await after([apiKey()])) expect(result).toMatchObject({ value: { key: partner } });
  });

  test('other scopes and another tenant', async () => {
    for (const result of await after([apiKey(KEY, { scopes: ['admin'], tenant: 'globex' })]))
      expect(result).toMatchObject({
        value: { scopes: ['admin'], tenant: 'globex', id: '- 6:globex key:partner-a', method: 'bridge' },
      });
  });

  test('the key is for other endpoints now', async () => {
    for (const result of await after([apiKey(KEY, { endpoints: ['/files'] })]))
      expect(reasonOf(result)).toBe('audience.mismatch');
    for (const result of await after([apiKey(KEY, { endpoints: ['/mcp'] })])) expect(reasonOf(result)).toBe('ok');
  });

  test('its sunset has passed', async () => {
    for (const result of await after([apiKey(KEY, { sunsetMs: Date.now() - 1 })])) {
      expect(reasonOf(result)).toBe('key.sunset');
      expect(result).toMatchObject({ vouched: { method: 'bridge', keyFingerprint: FINGERPRINT } });
    }
  });

  test('the end is that of the token, or the sunset of its key if that comes first', async () => {
    const token = mintBridge();
    const soon = Math.floor(Date.now() / 1000) + 60;
    for (const result of await after([apiKey(KEY, { sunsetMs: soon * 1000 })]))
      expect(result).toMatchObject({ value: { expiresAt: soon } });
    const [, late] = await after([apiKey(KEY, { sunsetMs: Date.parse('2200-01-01') })], token);
    expect(late).toMatchObject({ value: { expiresAt: expOf(token) } });
  });
});

test('a token of another bridge, or for another server, is rejected', async () => {
  expect(await bridge().reason(mintBridge())).toBe('ok');
  expect(await bridge().reason(mintBridge({ issuer: 'https://other.example.com/bridge' }))).toBe('token.issuer');
  expect(await bridge().reason(mintBridge(), endpoint({ audience: ['https://other.example.com/mcp'] }))).toBe(
    'audience.mismatch',
  );
});
