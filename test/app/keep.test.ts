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

test('it forgets the parts that no runtime uses, and builds them anew', () => {
  const keep = createKeep<object>();
  const build = () => ({});
  const [one, other] = [keep.get(1, build), keep.get(2, build)];
  expect(keep.retain(new Set([other]))).toEqual([one]);
  expect(keep.all()).toEqual([other]);
  expect(keep.get(1, build)).not.toBe(one);
  expect(keep.get(2, build)).toBe(other);
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
