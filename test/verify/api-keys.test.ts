// The registry of API keys: finds a key by its hash, and a reload replaces all of them at once.
import { hash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { fingerprintOf } from '../../src/core/api-key.js';
import { secret } from '../../src/core/secret.js';
import { createApiKeyRegistry } from '../../src/verify/api-keys.js';
import { apiKey, KEY } from '../support/endpoint.js';

const OTHER = 'sk_live_b3RoZXIgdGhhbiB0aGUgZmlyc3Qgb25l';
const one = apiKey();
const other = apiKey(OTHER, { name: 'partner-b', tenant: 'globex' });

function registry(...keys: (typeof one)[]) {
  const made = createApiKeyRegistry();
  made.replace(keys);
  return made;
}

test('each key finds its own entry', () => {
  const keys = registry(one, other);
  expect([keys.find(KEY), keys.find(OTHER)]).toEqual([one, other]);
  expect(keys.find(KEY)).toBe(one);
});

test.each(['', 'x', `${KEY} `, KEY.slice(0, -1), KEY.toUpperCase(), one.sha256, '__proto__', 'partner-a', 'k'.repeat(32_768)])(
  '%j finds none',
  (key) => {
    expect(registry(one, other).find(KEY)).toBe(one);
    expect(registry(one, other).find(key)).toBeNull();
  },
);

test('an empty registry knows no key and no name', () => {
  expect([createApiKeyRegistry().find(KEY), createApiKeyRegistry().named('partner-a', fingerprintOf(one))]).toEqual([null, null]);
});

test('an entry with a hash that another key has in part is not that key', () => {
  const near = { ...one, sha256: `${one.sha256.slice(0, 63)}${one.sha256.endsWith('0') ? '1' : '0'}` };
  expect(registry(near).find(KEY)).toBeNull();
});

test('a name is found with the fingerprint of its key only', () => {
  const keys = registry(one, other);
  expect(keys.named('partner-a', fingerprintOf(one))).toBe(one);
  for (const [name, fingerprint] of [
    ['partner-a', fingerprintOf(other)],
    ['partner-b', fingerprintOf(one)],
    ['partner-a', ''],
    ['partner-a', one.sha256],
    ['__proto__', fingerprintOf(one)],
    ['', ''],
  ] as const)
    expect([name, keys.named(name, fingerprint)]).toEqual([name, null]);
});

test('after a reload an equal entry is the same object, and a removed one is gone', () => {
  const keys = registry(one, other);
  keys.replace([apiKey()]);
  expect([keys.find(KEY), keys.has(one)]).toEqual([one, true]);
  expect(keys.find(KEY)).toBe(one);
  expect([keys.find(OTHER), keys.has(other), keys.named('partner-b', fingerprintOf(other))]).toEqual([null, false, null]);
});

test.each<[string, Partial<typeof one>]>([
  ['name', { name: 'partner-c' }],
  ['tenant', { tenant: null }],
  ['scopes', { scopes: ['files:read', 'files:write'] }],
  ['other scopes', { scopes: ['files:write'] }],
  ['sunset', { sunsetMs: Date.parse('2027-06-30') }],
  ['upstream credential', { upstreamAuthorization: secret('Token other') }],
  ['endpoints', { endpoints: ['/mcp'] }],
])('an entry whose %s changed is another object, and the old one is gone', (_what, change) => {
  const keys = registry(one);
  const changed = apiKey(KEY, change);
  keys.replace([changed]);
  expect([keys.has(one), keys.has(changed)]).toEqual([false, true]);
  expect(keys.find(KEY)).toBe(changed);
});

test('a name that gets a new key no longer has the old one', () => {
  const keys = registry(one);
  keys.replace([apiKey(OTHER)]);
  expect([keys.find(KEY), keys.has(one), keys.named('partner-a', fingerprintOf(one))]).toEqual([null, false, null]);
  expect(keys.find(OTHER)?.name).toBe('partner-a');
});

test('a key is found among 100,000 as fast as among 10', () => {
  const many = (count: number) =>
    registry(
      one,
      ...Array.from({ length: count }, (_, at) => apiKey(undefined, { name: `k${at}`, sha256: hash('sha256', randomBytes(32)) })),
    );
  const timeOf = (keys: ReturnType<typeof registry>): number => {
    const started = performance.now();
    for (let i = 0; i < 5_000; i++) if (keys.find(KEY) !== one) throw new Error('the key was not found');
    return performance.now() - started;
  };
  const [few, all] = [many(10), many(100_000)];
  for (const keys of [few, all]) timeOf(keys);
  // A walk over the keys would take a thousand times longer.
  expect(timeOf(all)).toBeLessThan(20 * timeOf(few) + 50);
});

test('the next sunset is the first one ahead', () => {
  const at = (...sunsets: (number | null)[]) =>
    registry(...sunsets.map((sunsetMs, i) => apiKey(`${KEY}${i}`, { name: `key-${i}`, sunsetMs }))).nextSunsetMs(1000);
  expect([at(), at(null), at(500, 1000), at(3000, null, 2000, 900)]).toEqual([null, null, null, 2000]);
});
