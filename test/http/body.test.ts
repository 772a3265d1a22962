// When a request body is whole, too large or abandoned; told once.
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import type { Result } from '../../src/core/result.js';
import { BodyReader } from '../../src/http/body.js';
import { until } from '../fixtures/wait.js';
import { settle } from '../support/keys.js';

function reading(limitBytes: number, declared = 0) {
  const stream = new PassThrough();
  const told: Result<Buffer>[] = [];
  const reader = new BodyReader(stream as unknown as IncomingMessage, declared, limitBytes, {
    onBody: (read) => void told.push(read),
  });
  const first = async () => {
    await until('the body is told', () => told.length > 0);
    const [read] = told;
    return read?.ok ? read.value.toString() : read?.definition.reason;
  };
  return { stream, told, reader, first };
}

test.each<[string, string[]]>([
  ['nothing', []],
  ['one piece', ['abcdefgh']],
  ['two pieces', ['abcd', 'efgh']],
  ['a piece for each byte', [...'abcdefgh']],
])('a body of %s is whole (B-27)', async (_what, pieces) => {
  const { stream, first, told } = reading(8);
  for (const piece of pieces) {
    stream.write(piece);
    await settle();
  }
  expect(told).toEqual([]);
  stream.end();
  expect(await first()).toBe(pieces.join(''));
});

test('a body whose length was declared is whole with its last byte, and told once (B-27)', async () => {
  const { stream, first, told } = reading(8, 6);
  stream.write('abc');
  await settle();
  expect(told).toEqual([]);
  stream.write('def');
  expect(await first()).toBe('abcdef');
  stream.end();
  await settle();
  expect(told).toHaveLength(1);
});

test.each<[string, string[]]>([
  ['one piece', ['abcdefghi']],
  ['the last of several', ['abcd', 'efgh', 'i']],
])('a byte more than the limit is too large: in %s (D-16)', async (_what, pieces) => {
  const { stream, first, told } = reading(8);
  for (const piece of pieces) {
    stream.write(piece);
    await settle();
  }
  expect(await first()).toBe('body.too_large');
  stream.end();
  stream.resume();
  await settle();
  expect(told.filter((read) => read.ok)).toEqual([]);
});

test('a caller that left is told as such, and what was sent is not taken for whole', async () => {
  const { stream, first, reader } = reading(8);
  stream.write('abc');
  await settle();
  reader.onDisconnect();
  expect(await first()).toBe('client.disconnected');
});
