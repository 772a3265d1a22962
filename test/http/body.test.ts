// The body reader: a body is complete, too large or abandoned, and it reports that once.
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import type { Result } from '../../src/core/result.js';
import { BodyReader } from '../../src/http/body.js';
import { until } from '../fixtures/wait.js';
import { settle } from '../support/keys.js';

function reading(limitBytes: number, declared = 0) {
  const stream = new PassThrough();
  const reported: Result<Buffer>[] = [];
  const reader = new BodyReader(stream as unknown as IncomingMessage, declared, limitBytes, {
    onBody: (read) => void reported.push(read),
  });
  const first = async () => {
    await until('the reader reports the body', () => reported.length > 0);
    const [read] = reported;
    return read?.ok ? read.value.toString() : read?.definition.reason;
  };
  return { stream, reported, reader, first };
}

test.each<[string, string[]]>([
  ['nothing', []],
  ['one chunk', ['abcdefgh']],
  ['two chunks', ['abcd', 'efgh']],
  ['a chunk for each byte', [...'abcdefgh']],
])('a body of %s is complete (B-27)', async (_what, pieces) => {
  const { stream, first, reported } = reading(8);
  for (const piece of pieces) {
    stream.write(piece);
    await settle();
  }
  expect(reported).toEqual([]);
  stream.end();
  expect(await first()).toBe(pieces.join(''));
});

test('a limit of 0 is for a method without a body: no byte passes, and the end does (RFC 9110 section 9.3.1)', async () => {
  const none = reading(0);
  none.stream.end();
  expect(await none.first()).toBe('');
  const some = reading(0);
  some.stream.end('x');
  expect(await some.first()).toBe('connection.bad_request');
});

test('a body of a declared length is complete with its last byte, and reported once (B-27)', async () => {
  const { stream, first, reported } = reading(8, 6);
  stream.write('abc');
  await settle();
  expect(reported).toEqual([]);
  stream.write('def');
  expect(await first()).toBe('abcdef');
  stream.end();
  await settle();
  expect(reported).toHaveLength(1);
});

test.each<[string, string[]]>([
  ['one chunk', ['abcdefghi']],
  ['the last of several chunks', ['abcd', 'efgh', 'i']],
])('a body of one byte more than the limit is too large: in %s (D-16)', async (_what, pieces) => {
  const { stream, first, reported } = reading(8);
  for (const piece of pieces) {
    stream.write(piece);
    await settle();
  }
  expect(await first()).toBe('body.too_large');
  stream.end();
  stream.resume();
  await settle();
  expect(reported.filter((read) => read.ok)).toEqual([]);
});

test('a client that disconnects is reported, and its partial body is not taken for complete', async () => {
  const { stream, first, reader } = reading(8);
  stream.write('abc');
  await settle();
  reader.onDisconnect();
  expect(await first()).toBe('client.disconnected');
});
