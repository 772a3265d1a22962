// Which keys are refused as weak, and that no random key is.
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { keyFlaw } from '../../src/config/key-strength.js';

const hex = '9b1f04c7e2d85a6637c0fe41b8a29d5e';
const mixed = 'Zq3vT8nLwX5cRk9JdYb2Hm'; // 22 characters of 62: 130 bits

test.each<[key: string, prefix?: string]>([
  [hex],
  [mixed],
  [`sk_live_${mixed}`, 'sk_live_'],
  [`sk_live_${mixed}`],
  [randomBytes(16).toString('base64')],
])('%s is strong enough', (key, prefix) => expect(keyFlaw(key, prefix)).toBeNull());

test.each<[what: string, key: string, flaw: RegExp]>([
  ['nothing', '', /there is no key/],
  ['short hex', hex.slice(1), /about 124 bits, and a key needs 128/],
  ['short mixed text', mixed.slice(1), /about 126 bits/],
  ['digits', '3141592653589793238462643383279502884', /about 122 bits/],
  ['small letters', 'qkzjvbxwplmnyhtgrcdsfuoeai', /bits, and a key needs 128/],
  ['a prefix that fills it', `sk_live_${mixed.slice(8)}`, /about 84 bits/],
  ['a UUID', '6f1c2a34-9b8e-4d57-a0c3-5e1f7d2b9a46', /a UUID has at most 122 random bits/],
  ['few characters', 'abababababababababbaabababababababba', /fewer than 7 different characters/],
  ['a part twice', mixed.slice(0, 16) + mixed.slice(0, 16), /repeats a part of itself/],
  ['characters in their order', 'abcdefghijklmnopqrstuvwxyz0123456789', /in their order/],
  ['words', 'correct-horse-battery-staple-again', /made of words/],
  ['words, and one other character', 'CorrectHorseBatteryStaple1!', /made of words/],
  ['words with dots', 'correct.horse.battery.staple!', /made of words/],
  ['words with a year', 'AcmeProduction2026#McpGateway', /made of words/],
  ['words with colons', 'partner-a:acme-corp:production:2026', /made of words/],
  ['two sequences in turn', 'a1b2c3d4e5f6g7h8i9j0k1l2m3', /in their order/],
  ['well-known words', 'my-secret-password-changeme-example', /words/],
  ['white space', `${mixed} ${mixed}`, /white space or a line feed/],
  ['a line feed', `${mixed}\n${mixed}`, /white space or a line feed/],
  ['a control character', `${mixed}\u0007`, /characters that a header cannot carry/],
  ['an umlaut', `${mixed}ä`, /characters that a header cannot carry/],
  ['5,000 characters', 'x1Y2'.repeat(1250), /more than 4096 characters/],
  ['a JWT', 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln', /this is a JWT/],
])('%s: refused', (_what, key, flaw) => expect(keyFlaw(key)).toMatch(flaw));

test('a key without the prefix that was given', () => expect(keyFlaw(mixed, 'sk_')).toMatch(/does not begin with the prefix/));

test('no flaw shows the key', () => {
  for (const key of [hex.slice(1), mixed.slice(1), 'correct-horse-battery-staple-again']) expect(keyFlaw(key)).not.toContain(key);
});

test('no random key of 256 bits is refused, and no hexadecimal one of 128', () => {
  const refused = Array.from({ length: 2_000 }, () => [
    randomBytes(32).toString('base64url'),
    randomBytes(32).toString('hex'),
    randomBytes(16).toString('hex'),
  ])
    .flat()
    .filter((key) => keyFlaw(key) !== null);
  expect(refused).toEqual([]);
});

test('of the shortest random keys nearly none is refused', () => {
  // About 15 of 100,000 look like words, or lack small or capital letters.
  const refused = Array.from({ length: 2_000 }, () => `sk_live_${randomBytes(16).toString('base64url')}`).filter(
    (key) => keyFlaw(key) !== null,
  );
  expect(refused.length).toBeLessThan(8);
});

test('of random keys of 160 bits nearly none is refused', () => {
  // 5 of 400,000 look like words (measured). More than 2 of 2,000: once in 400,000 runs.
  const refused = Array.from({ length: 2_000 }, () => randomBytes(20).toString('base64')).filter((key) => keyFlaw(key) !== null);
  expect(refused.length).toBeLessThan(3);
});

test('4,096 characters take less than a second', () => {
  const before = performance.now();
  for (const piece of ['aB', 'Abc1-', 'ab-cd_', 'aaaab']) keyFlaw(piece.repeat(900).slice(0, 4096));
  expect(performance.now() - before).toBeLessThan(1_000);
});
