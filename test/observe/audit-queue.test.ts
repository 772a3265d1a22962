// The queue of the audit: one write at a time, in order, bounded, and every record counted.
import { describe, expect, test } from 'vitest';
import type { Notice } from '../../src/core/notice.js';
import { type AuditSink, createAuditQueue } from '../../src/observe/audit-queue.js';
import { testClock } from '../support/clock.js';

type Done = Parameters<AuditSink['write']>[1];

function queueOf(maxBytes = 1_000) {
  const clock = testClock();
  const writes: { text: string; done: Done }[] = [];
  const timers: { ms: number; run: () => void }[] = [];
  const notices: Notice[] = [];
  const counts = { written: 0, lost: 0 };
  const state = { closed: 0, reopened: 0 };
  const sink: AuditSink = {
    write: (lines, done) => void writes.push({ text: lines.toString(), done }),
    reopen: () => void state.reopened++,
    close: () => void state.closed++,
  };
  const schedule = (ms: number, run: () => void) => {
    timers.push({ ms, run });
    return () => {};
  };
  const notify = (notice: Notice) => void notices.push(notice);
  const queue = createAuditQueue({ sink, name: 'the file', counts, clock, schedule, notify, maxBytes });
  const add = (...texts: string[]) => queue.add(texts.map((text) => Buffer.from(text)));
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { queue, add, turn, writes, timers, notices, counts, clock, state };
}

const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });

test('the records of one turn are one write, and later ones wait for it', async () => {
  const { add, turn, writes, counts } = queueOf();
  add('a\n');
  add('b\n', 'c\n');
  await turn();
  add('d\n');
  await turn();
  expect(writes.map(({ text }) => text)).toEqual(['a\nb\nc\n']);
  writes[0]?.done(6, null);
  expect(counts.written).toBe(3);
  expect(writes.map(({ text }) => text)).toEqual(['a\nb\nc\n', 'd\n']);
});

test('a write that ends within a line: the rest follows on a line of its own', async () => {
  const { queue, add, turn, writes, timers, counts, notices } = queueOf();
  add('aaaa\n', 'bbbb\n');
  await turn();
  writes[0]?.done(7, full);
  expect([counts.written, queue.isUp()]).toEqual([1, false]);
  expect(notices).toMatchObject([{ event: 'audit.down', detail: expect.stringContaining('the file: ENOSPC') }]);
  timers[0]?.run();
  expect(writes[1]?.text).toBe('\nbbbb\n');
  writes[1]?.done(6, null);
  expect([counts.written, queue.isUp()]).toEqual([2, true]);
  expect(notices.at(-1)).toMatchObject({ event: 'audit.up', lost: 0 });
});

describe('no room', () => {
  test('records that do not fit are counted, and one line says so', async () => {
    const { queue, add, turn, writes, timers, counts, notices } = queueOf(10);
    add('aaaa\n', 'bbbb\n');
    await turn();
    expect(queue.isUp()).toBe(false);
    add('c\n', 'd\n');
    add('e\n');
    expect(counts.lost).toBe(3);
    expect(notices.filter(({ event }) => event === 'audit.lost')).toHaveLength(1);
    writes[0]?.done(0, full);
    timers[0]?.run();
    writes[1]?.done(10, null);
    expect([queue.isUp(), counts.written]).toEqual([true, 2]);
    expect(notices.at(-1)).toMatchObject({ event: 'audit.up', lost: 3 });
  });

  test('the queue counts as full while the records of running calls still have room', async () => {
    const { queue, add, turn, counts } = queueOf(80);
    for (let i = 0; i < 6; i++) add('a'.repeat(9).concat('\n'));
    await turn();
    expect(queue.isUp()).toBe(true);
    add('a'.repeat(9).concat('\n'));
    expect(queue.isUp()).toBe(false);
    add('b'.repeat(9).concat('\n'));
    expect(counts.lost).toBe(0);
  });

  test('a failing destination is asked once a second, and not for each record', async () => {
    const { add, turn, writes, timers } = queueOf();
    add('a\n');
    await turn();
    writes[0]?.done(0, full);
    for (const text of ['b\n', 'c\n']) add(text);
    await turn();
    expect([writes.length, timers.map(({ ms }) => ms)]).toEqual([1, [1_000]]);
  });
});

describe('records of unproven callers', () => {
  const line = (letter: string) => Buffer.from(`${letter.repeat(9)}\n`);
  const flood = ({ queue }: ReturnType<typeof queueOf>, count = 50) => {
    for (let i = 0; i < count; i++) queue.add([line('u')], true);
  };

  test('fill a quarter, the others are counted as lost, and the queue stays up', async () => {
    const made = queueOf(400);
    flood(made);
    expect([made.counts.lost, made.queue.isUp()]).toEqual([40, true]);
    // All other records have the rest.
    for (let i = 0; i < 30; i++) made.queue.add([line('p')]);
    expect([made.counts.lost, made.queue.isUp()]).toEqual([40, false]);
    await made.turn();
    made.writes[0]?.done(400, null);
    expect(made.counts).toEqual({ written: 40, lost: 40 });
    flood(made, 11);
    expect(made.counts.lost).toBe(41);
  });

  test('a slow destination under a flood: each write makes room for some, and one line reports the loss', async () => {
    const made = queueOf(4 * 1024 * 1024);
    const long = `${'u'.repeat(65_535)}\n`;
    const write = async (at: number) => {
      made.writes[at]?.done(made.writes[at]?.text.length ?? 0, null);
      await made.turn();
    };
    for (let at = 0; at < 5; at++) {
      for (let i = 0; i < 20; i++) made.queue.add([Buffer.from(long)], true);
      await made.turn();
      expect(made.queue.isUp()).toBe(true);
      await write(at);
    }
    expect(made.notices.map(({ event }) => event)).toEqual(['audit.lost']);
    for (let at = 5; at < made.writes.length; at++) await write(at);
    expect(made.notices).toMatchObject([{ event: 'audit.lost' }, { event: 'audit.up', lost: made.counts.lost }]);
    expect(made.counts).toEqual({ written: 32, lost: 68 });
  });
});

test('a write that does not end counts as down after 5 s', async () => {
  const { queue, add, turn, clock, writes } = queueOf();
  add('a\n');
  await turn();
  clock.advance(5_000);
  expect(queue.isUp()).toBe(true);
  clock.advance(1);
  expect(queue.isUp()).toBe(false);
  writes[0]?.done(2, null);
  expect(queue.isUp()).toBe(true);
});

describe('the end', () => {
  test('writes what waits', async () => {
    const { queue, add, writes, state, counts } = queueOf();
    add('a\n');
    const left = queue.close(2_000);
    writes[0]?.done(2, null);
    expect([await left, counts, state.closed]).toEqual([[], { written: 1, lost: 0 }, 1]);
  });

  test('returns what the destination does not take', async () => {
    const { queue, add, writes, timers } = queueOf();
    add('a\n', 'b\n');
    const failing = queue.close(2_000);
    writes[0]?.done(2, full);
    expect((await failing).map(String)).toEqual(['b\n']);
    const late = queueOf();
    late.add('c\n');
    const left = late.queue.close(2_000);
    late.timers[0]?.run();
    expect((await left).map(String)).toEqual(['c\n']);
    expect(timers.length).toBeGreaterThan(0);
  });
});
