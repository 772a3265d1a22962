// The sealed texts of the facade: each is good for its own purpose, issuer and time.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { secret } from '../../../src/core/secret.js';
import { createFacadeTexts, type FacadeTexts } from '../../../src/oauth/facade/texts.js';
import { testClock } from '../../support/clock.js';

const ed25519 = () => secret(JSON.stringify(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })));
const p256 = () =>
  secret(JSON.stringify(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })));
const ISSUER = 'https://mcp.example.com/oauth/main';
const KEY = ed25519();
const clock = testClock();
const GRANTS = { behind: 'https://idp.example.com', issues: false };
const texts = createFacadeTexts([KEY], ISSUER, clock, GRANTS);
const PURPOSES = Object.keys(texts) as (keyof FacadeTexts)[];
const FOREIGN = { ok: false, flaw: 'foreign' };
const sealed = (purpose: keyof FacadeTexts): string => texts[purpose].seal(purpose as never, 60);

test.each(['state', 'code', 'refresh'] as const)(
  'a %s is foreign behind another identity provider, and in another mode',
  (purpose) => {
    const at = (change: Partial<typeof GRANTS>) => createFacadeTexts([KEY], ISSUER, clock, { ...GRANTS, ...change })[purpose];
    expect(at({}).open(sealed(purpose))).toEqual({ ok: true, value: purpose });
    expect(at({ behind: 'https://idp.example.org' }).open(sealed(purpose))).toEqual(FOREIGN);
    expect(at({ issues: true }).open(sealed(purpose))).toEqual(FOREIGN);
  },
);

describe.each(PURPOSES)('%s', (purpose) => {
  test('opens where it was sealed', () => expect(texts[purpose].open(sealed(purpose))).toEqual({ ok: true, value: purpose }));
  test.each(PURPOSES.filter((other) => other !== purpose))('is foreign as %s', (other) => {
    expect(texts[other].open(sealed(purpose))).toEqual(FOREIGN);
    expect(texts[other].secretFor(sealed(purpose))).toBeNull();
  });
  test('is foreign at another issuer', () =>
    expect(createFacadeTexts([KEY], `${ISSUER}2`, clock, GRANTS)[purpose].open(sealed(purpose))).toEqual(FOREIGN));
  test('is foreign to another key', () =>
    expect(createFacadeTexts([ed25519()], ISSUER, clock, GRANTS)[purpose].open(sealed(purpose))).toEqual(FOREIGN));
  test('is foreign with any one bit changed', () => {
    const text = sealed(purpose);
    const bytes = Buffer.from(text, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(texts[purpose].open(changed.toString('base64url'))).toEqual(FOREIGN);
    }
  });
});

test('ends at its second', () => {
  const own = testClock();
  const { code } = createFacadeTexts([KEY], ISSUER, own, GRANTS);
  const text = code.seal({} as never, 60);
  own.advance(59_000);
  expect(code.open(text).ok).toBe(true);
  own.advance(1_000);
  expect(code.open(text)).toEqual({ ok: false, flaw: 'expired' });
});

test('without an end it has none', () => {
  const own = testClock();
  const { client } = createFacadeTexts([KEY], ISSUER, own, GRANTS);
  const text = client.seal({} as never, null);
  own.advance(10 * 365 * 86_400_000);
  expect(client.open(text).ok).toBe(true);
});

test('a ring opens the texts of its older keys, and makes the same secret', () => {
  const old = p256();
  const before = createFacadeTexts([old], ISSUER, clock, GRANTS);
  const after = createFacadeTexts([KEY, old], ISSUER, clock, GRANTS);
  const text = before.client.seal({} as never, null);
  expect(after.client.open(text).ok).toBe(true);
  expect(after.client.secretFor(text)).toBe(before.client.secretFor(text));
  expect(after.client.secretFor(text)).toMatch(/^[\w-]{43}$/);
  expect(before.client.open(after.client.seal({} as never, null))).toEqual(FOREIGN);
});

test.each(['', 'a', 'not sealed', 'A'.repeat(100), 'A'.repeat(20_000)])('a foreign text: %.20s', (text) =>
  expect(texts.client.open(text)).toEqual(FOREIGN),
);
