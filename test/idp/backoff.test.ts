// The wait before the next attempt after a failure.
import { expect, test } from 'vitest';
import { backoffMs } from '../../src/idp/backoff.js';

const LIMITS = { firstMs: 1_000, longestMs: 30_000 };

test('the wait doubles up to its maximum (C-66)', () => {
  const waits = [0, 1, 2, 3, 4, 5, 6].map((failures) => backoffMs(failures, LIMITS, () => 1));
  expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30].map((seconds) => seconds * 1_000));
});

test('jitter spreads the wait over its upper half, so that replicas do not retry together', () => {
  expect([0, 0.5, 1].map((random) => backoffMs(1, LIMITS, () => random))).toEqual([1_000, 1_500, 2_000]);
});
