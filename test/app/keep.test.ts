// Parts that outlive a swap: an equal configuration keeps its part, another one gets a new part.
import { describe, expect, test } from 'vitest';
import { createKeep, fingerprintOf } from '../../src/app/keep.js';
import { secret } from '../../src/core/secret.js';

test('an equal configuration keeps its part, another one builds a part', () => {
  const keep = createKeep<object>();
  const build = () => ({});
  const first = keep.get({ a: 1, b: [2] }, build);
  expect(keep.get({ a: 1, b: [2] }, build)).toBe(first);
  const other = keep.get({ a: 1, b: [3] }, build);
  expect(other).not.toBe(first);
  expect(keep.all()).toEqual([first, other]);
});

describe('the fingerprint', () => {
  test('changes with a secret, although every secret prints the same', () => {
    const one = { clientSecret: secret('one') };
    const two = { clientSecret: secret('two') };
    expect(JSON.stringify(one)).toBe(JSON.stringify(two));
    expect(fingerprintOf(one)).not.toBe(fingerprintOf(two));
    expect(fingerprintOf(one)).toBe(fingerprintOf({ clientSecret: secret('one') }));
  });
  test('changes with an entry of a map', () => {
    expect(fingerprintOf(new Map([['a', 1]]))).not.toBe(fingerprintOf(new Map([['a', 2]])));
  });
  test('does not contain a secret', () => {
    expect(fingerprintOf({ clientSecret: secret('one-secret') })).not.toContain('one-secret');
  });
});
