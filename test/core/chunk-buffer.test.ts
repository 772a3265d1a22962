// A chunk buffer joins chunks into one buffer, and small chunks cost little memory.
import { expect, test } from 'vitest';
import { ChunkBuffer } from '../../src/core/chunk-buffer.js';

test.each([0, 1, 2, 3, 5_000])('%i chunks are joined, and the buffer is empty after take', (count) => {
  const buffer = new ChunkBuffer();
  for (const round of ['a', 'bcd']) {
    const chunks = Array.from({ length: count }, (_none, at) => Buffer.from(`${round}${at} `));
    for (const chunk of chunks) buffer.add(chunk);
    expect(buffer.size).toBe(Buffer.concat(chunks).length);
    expect(buffer.take().equals(Buffer.concat(chunks))).toBe(true);
    expect([buffer.size, buffer.take().length]).toEqual([0, 0]);
  }
});

test('later chunks do not change the taken buffer or the added chunks', () => {
  const buffer = new ChunkBuffer();
  const [first, second] = [Buffer.from('first'), Buffer.from('second')];
  buffer.add(first);
  buffer.add(second);
  const taken = buffer.take();
  buffer.add(Buffer.from('third'));
  buffer.add(Buffer.from('fourth'));
  expect([taken, first, second].map(String)).toEqual(['firstsecond', 'first', 'second']);
});

test('a chunk of one byte does not cost an object of its own', () => {
  const buffer = new ChunkBuffer();
  const from = Buffer.from('x');
  const before = process.memoryUsage();
  for (let i = 0; i < 1_000_000; i++) buffer.add(from.subarray(0));
  const after = process.memoryUsage();
  expect(buffer.size).toBe(1_000_000);
  // A list of these chunks has more than 100 MiB. The loop leaves less garbage than a generation.
  expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(64 * 1024 * 1024);
});
