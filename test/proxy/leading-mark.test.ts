// A byte order mark after bytes of the gateway, in any chunks.
import { expect, test } from 'vitest';
import { LeadingMark } from '../../src/proxy/leading-mark.js';
import { open, pass, watchStreams } from '../support/watched-stream.js';

watchStreams();

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const EVENT = 'data: 1\n\n';

test.each<[string, Buffer, Buffer]>([
  ['a mark and an event', Buffer.concat([BOM, Buffer.from(EVENT)]), Buffer.from(EVENT)],
  ['a mark alone', BOM, Buffer.alloc(0)],
  ['two marks: the second is the first character of a line', Buffer.concat([BOM, BOM]), BOM],
  ['no mark', Buffer.from(EVENT), Buffer.from(EVENT)],
  ['a mark that is not at the start', Buffer.from(`x\u{feff}${EVENT}`), Buffer.from(`x\u{feff}${EVENT}`)],
  ['another character with two bytes of it', Buffer.from('\u{fef0}x'), Buffer.from('\u{fef0}x')],
  ['another character with one byte of it', Buffer.from('\u{f000}x'), Buffer.from('\u{f000}x')],
  ['one byte and the end', BOM.subarray(0, 1), Buffer.alloc(0)],
])('B-72: %s', (_what, bytes, expected) => {
  for (const size of [1, 2, 3, bytes.length]) {
    const mark = new LeadingMark();
    const out: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) out.push(mark.strip(bytes.subarray(at, at + size)));
    expect(Buffer.concat(out)).toEqual(expected);
  }
});

test('B-72: after a comment the first event loses its mark, so that a client reads it', () => {
  const { comments, sends } = open({}, { keepAliveSeconds: 2 });
  pass(4000);
  expect(comments).toHaveLength(2);
  expect(sends(Buffer.concat([BOM, Buffer.from(EVENT)]))).toBe(EVENT);
});

test('B-70: without a comment before it, the mark is forwarded', () => {
  const { comments, sends } = open({}, { keepAliveSeconds: 2 });
  expect(Buffer.from(sends(Buffer.concat([BOM, Buffer.from(EVENT)]))).subarray(0, 3)).toEqual(BOM);
  pass(2000);
  expect(comments).toHaveLength(1);
});
