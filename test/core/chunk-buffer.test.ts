// What came in pieces is one buffer, and small pieces cost what they hold.
import { expect, test } from 'vitest';
import { ChunkBuffer } from '../../src/core/chunk-buffer.js';

test.each([0, 1, 2, 3, 5_000])('%i pieces are what was added, and nothing is left behind', (count) => {
  const gathered = new ChunkBuffer();
  for (const round of ['a', 'bcd']) {
    const pieces = Array.from({ length: count }, (_none, at) => Buffer.from(`${round}${at} `));
    for (const piece of pieces) gathered.add(piece);
    expect(gathered.size).toBe(Buffer.concat(pieces).length);
    expect(gathered.take().equals(Buffer.concat(pieces))).toBe(true);
    expect([gathered.size, gathered.take().length]).toEqual([0, 0]);
  }
});

test('what was taken stays as it was, and so does what was added', () => {
  const gathered = new ChunkBuffer();
  const [first, second] = [Buffer.from('first'), Buffer.from('second')];
  gathered.add(first);
  gathered.add(second);
  const taken = gathered.take();
  gathered.add(Buffer.from('third'));
  gathered.add(Buffer.from('fourth'));
  expect([taken, first, second].map(String)).toEqual(['firstsecond', 'first', 'second']);
});

test('a piece of one byte costs no object of its own', () => {
  const gathered = new ChunkBuffer();
  const from = Buffer.from('x');
  const before = process.memoryUsage();
  for (let i = 0; i < 1_000_000; i++) gathered.add(from.subarray(0));
  const after = process.memoryUsage();
  expect(gathered.size).toBe(1_000_000);
  // Kept as they came they are above 100 MiB; what the loop leaves to be collected is less than a generation.
  expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(64 * 1024 * 1024);
});
