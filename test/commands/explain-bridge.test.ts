// `explain` of bearer tokens at an endpoint of the bridge, and of its tokens elsewhere. The scene
// checks that no output has a token, a key or a whole hash.
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import { BRIDGE_TYP, type BridgeClaims } from '../../src/core/bridge-token.js';
import { secret } from '../../src/core/secret.js';
import { createSigningRing } from '../../src/oauth/signing-keys.js';
import { mintToken, rsaKey } from '../fixtures/mint.js';
import { BRIDGE, newKey, now, PUBLIC_URL, sha256, startKeysScene } from './explain-keys-scene.js';

const scene = startKeysScene();
afterAll(() => scene.stop());
const { keys, explain, token } = scene;

const STEPS = [
  'credential',
  'one token',
  'kind of token',
  'accepted issuer',
  'typ',
  'key of the bridge',
  'dates',
  'claims',
  'signature',
  'registered key',
  'audience',
  'endpoints of the key',
  'sunset',
  'scope',
  'upstream',
];

test('a good token: each step, and the key that it is', async () => {
  const { code, credential, steps } = await explain('/mcp', await token('partner-a', keys.a));
  expect([code, credential]).toEqual([0, 'bearer token']);
  expect(steps.map(({ name, state }) => `${name}: ${state}`)).toEqual(STEPS.map((name) => `${name}: pass`));
  expect(steps[9]).toMatchObject({
    observed: { sub: 'partner-a', name: 'partner-a', fingerprint: sha256(keys.a).slice(0, 8), tenant: 'acme' },
  });
});

/** A token that the ring of another deployment signed. */
async function foreign(): Promise<string> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const ring = createSigningRing<BridgeClaims>([secret(JSON.stringify(privateKey.export({ format: 'jwk' })))], BRIDGE_TYP);
  const claims = { iss: BRIDGE, sub: 'partner-a', aud: [`${PUBLIC_URL}/mcp`], client_id: 'x', key: sha256(keys.a).slice(0, 8) };
  return ring.sign({ ...claims, iat: now(), exp: now() + 600, jti: 'j' });
}

const idp = (more = {}) =>
  mintToken({ issuer: 'https://auth.example.com', audience: `${PUBLIC_URL}/mcp`, key: rsaKey(), ...more });

const forged = async (): Promise<string> => (await token('partner-a', keys.a)).replace(/\.[^.]*$/, `.${'A'.repeat(86)}`);

type Case = [title: string, path: string, text: () => Promise<string> | string, failed: string, reason: string, words: RegExp];

const GET_ONE = 'let the client get one at https://mcp\\.example\\.com/oauth/token, with its API key as the client secret';

const REJECTED: Case[] = [
  ['an opaque text', '/mcp', () => `Bearer ${newKey()}`, 'kind of token', 'token.malformed', new RegExp(`^${GET_ONE}; .*X-Api-Key: KEY`)],
  ['a token of an issuer', '/mcp', () => idp(), 'accepted issuer', 'token.issuer', new RegExp(`^this is a token of the issuer main, and this endpoint takes tokens of the bridge only: ${GET_ONE}$`)],
  ['a token of a stranger', '/mcp', () => idp({ issuer: 'https://evil.example' }), 'accepted issuer', 'token.issuer', new RegExp(`^this endpoint takes tokens of the bridge only: ${GET_ONE}$`)],
  ['a token that the bridge did not type', '/mcp', () => idp({ issuer: BRIDGE, header: { typ: 'JWT' } }), 'typ', 'token.type', /^$/],
  ['another ring', '/mcp', foreign, 'key of the bridge', 'token.key_unknown', /^another deployment issued the token, or its key left bridge\.keys\. /],
  ['an expired token', '/mcp', () => token('partner-a', keys.a, { iat: now() - 900, exp: now() - 100 }), 'dates', 'token.expired', /^a token of the bridge lives 3600 s at most: /],
  ['a forged signature', '/mcp', forged, 'signature', 'token.signature', /^$/],
  ['a key that was replaced', '/mcp', () => token('partner-a', keys.live), 'registered key', 'token.inactive', /^the key partner-a was replaced, and has the fingerprint [0-9a-f]{8} now: /],
  ['a key that was removed', '/mcp', () => token('gone', keys.a), 'registered key', 'token.inactive', /^the registry has no key with the name gone\. Its tokens end with it$/],
  ['another audience', '/live', () => token('live', keys.live), 'audience', 'audience.mismatch', /and with the resource https:\/\/mcp\.example\.com\/live or without one$/],
  ['a key of other endpoints', '/live', () => token('partner-a', keys.a, { aud: [`${PUBLIC_URL}/live`] }), 'endpoints of the key', 'audience.mismatch', /^the entry partner-a is for other endpoints$/],
  ['a key after its sunset', '/mcp', () => token('old', keys.old), 'sunset', 'key.sunset', /^the operator retired the key old/],
  ['a key without a scope', '/mcp', () => token('swap', keys.swap), 'scope', 'scope.insufficient', /^the entry swap lacks files:read$/],
  ['a token of the bridge at an endpoint of an issuer', '/idp', () => token('partner-a', keys.a), 'accepted issuer', 'token.issuer', /^this is a token of the bridge: it is good at \/mcp, \/live only$/],
  ['a token of the bridge where keys come alone', '/keys', () => token('partner-a', keys.a), 'accepted issuer', 'token.issuer', /^this is a token of the bridge: it is good at \/mcp, \/live only$/],
  ['a token of the bridge as an API key', '/mcp', async () => `X-Api-Key: ${await token('partner-a', keys.a)}`, 'registered key', 'key.unknown', /^this is a JWT, and not an API key: /],
]; // biome-ignore format: one row each

describe('a token that the endpoint rejects: the step, the reason, and the fix', () => {
  test.each(REJECTED)('%s', async (_title, path, text, failed, reason, words) => {
    const explained = await explain(path, await text());
    expect([explained.code, explained.failed, explained.reason]).toEqual([1, failed, reason]);
    expect(explained.fix?.words ?? '').toMatch(words);
  });

  test('the change for a token of an issuer: the endpoint leaves the bridge', async () => {
    const { fix } = await explain('/mcp', idp());
    expect(fix?.write).toEqual(['endpoints:', '  - path: /mcp', '    bridge: false', '    issuers: [main]']);
    expect(fix?.warning).toContain('the endpoint rejects tokens of the bridge');
  });

  test('the change for a missing scope is that of the entry', async () => {
    const { fix } = await explain('/mcp', await token('partner-a', keys.a), ['--tool', 'write']);
    expect(fix?.write).toEqual(['apiKeys:', '  partner-a:', '    scopes: [files:read, files:write]']);
  });
});
