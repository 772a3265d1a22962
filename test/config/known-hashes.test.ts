import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { isKnownHash, knownHashProblem } from '../../src/config/known-hashes.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

test.each([
  ['test', '"test"'],
  ['Test', '"Test"'],
  ['PASSWORD', '"PASSWORD"'],
  ['secret', '"secret"'],
  ['changeme', '"changeme"'],
  ['abc', '"abc"'],
  ['', 'an empty text'],
  ['\n', 'an empty text with a line feed'],
  ['hello', '"hello"'],
  ['admin', '"admin"'],
  ['123456', '"123456"'],
  ['token', '"token"'],
  ['apikey', '"apikey"'],
  ['YOUR_API_KEY', '"YOUR_API_KEY"'],
  ['sk_test_123', '"sk_test_123"'],
  ['test\n', '"test" with a line feed'],
  ['gX1fBat3bV', '"gX1fBat3bV"'],
])('the hash of %j is well-known', (secret, words) => {
  expect(knownHashProblem(sha256(secret))).toBe(
    `this is the SHA-256 of ${words}, which attackers try first; make a key with portcullis hash-key`,
  );
  expect(isKnownHash(sha256(secret).toUpperCase())).toBe(true);
});

test('the published hash of "test" is well-known', () => {
  expect(isKnownHash('9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08')).toBe(true);
});

test('the zeros of the documentation say so', () => {
  expect(knownHashProblem('0'.repeat(64))).toMatch(/^this is the hash of an example in the documentation; make a key/);
});

test('the hash of a random key is not', () => {
  const hash = sha256(randomBytes(32).toString('base64url'));
  expect(knownHashProblem(hash)).toBeNull();
  expect(isKnownHash(hash)).toBe(false);
});
