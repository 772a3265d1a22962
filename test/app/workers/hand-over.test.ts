// The distribution of connections among workers, and the whole lines of their output.
import type { Socket } from 'node:net';
import { beforeEach, describe, expect, test } from 'vitest';
import { createHandOver, type HandOver, type Receiver } from '../../../src/app/workers/hand-over.js';
import { createWholeLines } from '../../../src/app/workers/whole-lines.js';

type Worker = Receiver & { serving: boolean; got: string[] };
const worker = (): Worker => {
  const own: Worker = {
    serving: true,
    got: [],
    isServing: () => own.serving,
    give: (socket) => void own.got.push((socket as unknown as { name: string }).name),
  };
  return own;
};
const closed: string[] = [];
const socket = (name: string): Socket => ({ name, destroyed: false, destroy: () => closed.push(name) }) as unknown as Socket;

let one: Worker;
let two: Worker;
let workers: Worker[];
let handOver: HandOver;
let nowMs: number;
beforeEach(() => {
  closed.length = 0;
  [one, two] = [worker(), worker()];
  workers = [one, two];
  nowMs = 0;
  handOver = createHandOver(
    () => workers,
    () => nowMs,
  );
});

const give = (...names: string[]): void => {
  for (const name of names) handOver.accepted(socket(name));
};

test('strictly in turn, and the descriptor here closes once the worker took the connection', () => {
  give('a', 'b', 'c', 'd');
  expect([one.got, two.got, handOver.waiting(), closed]).toEqual([['a', 'c'], ['b', 'd'], 4, []]);
  handOver.taken(two);
  handOver.taken(two);
  give('e', 'f');
  expect([one.got, two.got, closed]).toEqual([
    ['a', 'c', 'e'],
    ['b', 'd', 'f'],
    ['b', 'd'],
  ]);
});

test('a worker that takes nothing for a second gets no more, until it takes one again', () => {
  give('a', 'b', 'c');
  nowMs = 999;
  handOver.taken(two);
  give('d', 'e');
  expect([one.got, two.got]).toEqual([
    ['a', 'c', 'e'],
    ['b', 'd'],
  ]);
  handOver.taken(two);
  nowMs = 1_001;
  give('f', 'g');
  expect([one.got, two.got]).toEqual([
    ['a', 'c', 'e'],
    ['b', 'd', 'f', 'g'],
  ]);
  for (let taken = 0; taken < 3; taken++) handOver.taken(one);
  give('h');
  expect(one.got).toEqual(['a', 'c', 'e', 'h']);
});

test('a worker that does not serve yet gets none, and all wait where no worker serves', () => {
  one.serving = false;
  two.serving = false;
  handOver.accepted(socket('a'));
  expect(handOver.waiting()).toBe(1);
  two.serving = true;
  handOver.taken(two);
  expect([one.got, two.got]).toEqual([[], ['a']]);
});

test('once the port has closed, all that wait are handed over, also to workers that hang', () => {
  give('a', 'b');
  nowMs = 1_001;
  give('c', 'd');
  expect([one.got, two.got]).toEqual([['a'], ['b']]);
  handOver.handAll();
  expect([one.got, two.got]).toEqual([
    ['a', 'c'],
    ['b', 'd'],
  ]);
});

test('connections that a dead worker did not take go to another one', () => {
  give('a', 'b', 'c');
  workers = [two];
  handOver.gone(one);
  expect([two.got, closed, handOver.waiting()]).toEqual([['b', 'a', 'c'], [], 3]);
});

test('a connection that its client has left meanwhile is not handed over', () => {
  one.serving = false;
  two.serving = false;
  const left = socket('left');
  handOver.accepted(left);
  (left as { destroyed: boolean }).destroyed = true;
  one.serving = true;
  handOver.taken(one);
  expect([one.got, handOver.waiting()]).toEqual([[], 0]);
});

describe('whole lines', () => {
  test.each([
    [['a\n'], ['a\n']],
    [
      ['a\nb', 'c\nd\n'],
      ['a\n', 'bc\nd\n'],
    ],
    [['a', 'b', 'c\n'], ['abc\n']],
    [['a\nunfinished'], ['a\n']],
    [[`${'x'.repeat(10_000)}`, `${'y'.repeat(10_000)}\n`], [`${'x'.repeat(10_000)}${'y'.repeat(10_000)}\n`]],
  ])('of %#', (pieces, expected) => {
    const written: string[] = [];
    const lines = createWholeLines((whole) => written.push(whole.toString()));
    for (const piece of pieces) lines.add(Buffer.from(piece));
    lines.end();
    expect(written).toEqual(expected);
  });
});
