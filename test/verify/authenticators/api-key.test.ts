// An API key of the registry: the principal of its entry, or a reason why this endpoint rejects it.
import { describe, expect, test } from 'vitest';
import type { ApiKey } from '../../../src/core/api-key.js';
import type { Caller } from '../../../src/core/principal.js';
import type { Result } from '../../../src/core/result.js';
import { createApiKeyRegistry } from '../../../src/verify/api-keys.js';
import { createApiKeyAuthenticator, keyPrincipal } from '../../../src/verify/authenticators/api-key.js';
import { testClock } from '../../support/clock.js';
import { apiKey, endpoint, KEY, keyBearer, keyCredential, keyHeader, keyScheme } from '../../support/endpoint.js';
import { reasonOf } from '../../support/kinds.js';

const SUNSET = Date.parse('2027-06-30');

function authenticator(keys: readonly ApiKey[], nowMs?: number) {
  const registry = createApiKeyRegistry();
  registry.replace(keys);
  const { authenticate } = createApiKeyAuthenticator(registry, testClock(nowMs));
  return {
    registry,
    present: (key = KEY, at = endpoint(), carrier = keyHeader) => authenticate(keyCredential(key, carrier), at) as Result<Caller>,
  };
}

test('a known key is a principal: its name, tenant and scopes, no issuer and no claims', () => {
  const key = apiKey(KEY, { sunsetMs: SUNSET });
  expect(authenticator([key], SUNSET - 1).present()).toEqual({
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
      expiresAt: SUNSET / 1000,
      method: 'api-key',
      key,
    },
  });
});

test('the carrier makes no difference, and each use gives the same object', () => {
  const { present } = authenticator([apiKey()]);
  const [first, ...others] = [keyHeader, keyScheme, keyBearer].map((carrier) => present(KEY, endpoint(), carrier));
  for (const one of others) expect(one.ok && first?.ok && one.value === first.value).toBe(true);
});

test.each(['', 'x', KEY.slice(1), `${KEY}x`, 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln'])('%j is unknown', (key) => {
  const { present } = authenticator([apiKey()]);
  expect(reasonOf(present())).toBe('ok');
  const rejected = present(key);
  expect(rejected).toMatchObject({ definition: { reason: 'key.unknown', status: 401 } });
  expect(JSON.stringify(rejected)).not.toContain(key === '' || key === 'x' ? KEY : key);
});

describe('the endpoints of a key', () => {
  test.each<[readonly string[] | null, string]>([
    [null, 'ok'],
    [['/mcp'], 'ok'],
    [['/other', '/mcp'], 'ok'],
    [['/other'], 'key.unknown'],
    [['/mcp/'], 'key.unknown'],
    [[], 'key.unknown'],
  ])('%j: %s', (endpoints, reason) => {
    expect(reasonOf(authenticator([apiKey(KEY, { endpoints })]).present())).toBe(reason);
  });

  test('a key of other endpoints gets the answer of an unknown key, and the log has its name', () => {
    const { present } = authenticator([apiKey(KEY, { endpoints: ['/other'], sunsetMs: 0 })]);
    const [foreign, unknown] = [present(), present('x')];
    expect(!foreign.ok && !unknown.ok && foreign.definition === unknown.definition).toBe(true);
    expect(foreign).toMatchObject({
      vouched: { subject: 'partner-a', issuer: null, keyFingerprint: apiKey().sha256.slice(0, 8) },
    });
  });
});

test('the sunset is the first moment at which a key is rejected', () => {
  const at = (nowMs: number): string => reasonOf(authenticator([apiKey(KEY, { sunsetMs: SUNSET })], nowMs).present());
  expect([at(SUNSET - 1), at(SUNSET), at(SUNSET + 1)]).toEqual(['ok', 'key.sunset', 'key.sunset']);
});

test('a reload counts from the next request on', () => {
  const { registry, present } = authenticator([apiKey()]);
  const before = present();
  registry.replace([apiKey()]);
  const same = present();
  expect(before.ok && same.ok && before.value === same.value).toBe(true);
  registry.replace([apiKey(KEY, { tenant: 'globex' })]);
  expect(present()).toMatchObject({ value: { tenant: 'globex' } });
  registry.replace([]);
  expect(reasonOf(present())).toBe('key.unknown');
});

test('two keys, and a key and a user of the same name, are different principals', () => {
  const ids = [
    keyPrincipal(apiKey()).id,
    keyPrincipal(apiKey(KEY, { name: 'partner-b' })).id,
    keyPrincipal(apiKey(KEY, { tenant: null })).id,
    keyPrincipal(apiKey(KEY, { tenant: 'globex' })).id,
    keyPrincipal(apiKey(KEY, { tenant: null, name: '4:acme key:partner-a' })).id,
  ];
  expect(new Set(ids).size).toBe(ids.length);
  // A new key of the same name is the same caller: its sessions go on.
  expect(keyPrincipal(apiKey('sk_live_new')).id).toBe(keyPrincipal(apiKey()).id);
});
