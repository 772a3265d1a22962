// Turns of the event loop with tokens that nothing proves yet: alone, and beside known callers.
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { ProofSlots } from '../../src/verify/proof-slots.js';
import { A, slots } from '../support/proof-slots.js';

describe('in one turn', () => {
  test('the first start at once, without a promise, and the others in later turns', async () => {
    const { started, run } = slots();
    expect([run(A, '1'), run(A, '2')]).toEqual(['1', '2']);
    const waiting = [run(A, '3'), run(A, '4'), run(A, '5')];
    expect(waiting.every((one) => one instanceof Promise)).toBe(true);
    expect(started).toEqual(['1', '2']);
    await turn();
    expect(started).toEqual(['1', '2', '3', '4']);
    expect(await Promise.all(waiting)).toEqual(['3', '4', '5']);
  });

  test('a flood leaves each turn to other work after its starts', async () => {
    const { started, run } = slots();
    for (let i = 0; i < 20; i++) run(A, String(i));
    const seen: number[] = [];
    while (started.length < 20) {
      await turn();
      seen.push(started.length);
    }
    expect(Math.max(...seen.map((count, at) => count - (seen[at - 1] ?? 2)))).toBe(2);
  });

  test('a later turn has all its slots again', async () => {
    const { run } = slots();
    run(A, '1');
    await turn();
    expect([run(A, '2'), run(A, '3')]).toEqual(['2', '3']);
  });
});

test('beside a known caller fewer start in a turn, and all again after 100 turns', async () => {
  const { made, started, run } = slots({ perTurn: 3, waiting: 400 });
  made.knownCaller();
  for (let i = 0; i < 110; i++) run(A, String(i));
  const counts = [started.length];
  for (let turns = 0; turns < 103; turns++) {
    const before = started.length;
    await turn();
    counts.push(started.length - before);
  }
  expect(counts).toEqual([...Array<number>(100).fill(1), 3, 3, 3, 1]);
});

test.each([
  ['alone', 3, () => {}],
  ['beside a known caller', 2, (made: ProofSlots) => made.knownCaller()],
])('short checks have a bound of their own in a turn: %s', async (_, most, before) => {
  const { made } = slots({ perTurn: 3, besideKnown: { tokens: 1, checks: 2 } });
  before(made);
  let checks = 0;
  for (let count = 0; count < 7; count++) made.check(() => checks++ >= 0);
  expect(checks).toBe(most);
  await turn();
  expect(checks).toBe(2 * most);
});
