// When whole answers go out: with the turn in which they were made, in their order, and none is forgotten.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { addToBatch } from '../../src/http/response-batch.js';

test('those of one turn go out together at its end, in the order in which they were made', async () => {
  const sent: string[] = [];
  const made = (name: string) => addToBatch({ sendBatched: () => void sent.push(name) });
  made('a');
  await Promise.resolve();
  made('b');
  process.nextTick(() => made('c'));
  await Promise.resolve();
  expect(sent).toEqual([]);
  await nextTurn();
  expect(sent).toEqual(['a', 'b', 'c']);
  made('d');
  expect(sent).toEqual(['a', 'b', 'c']);
  await nextTurn();
  expect(sent).toEqual(['a', 'b', 'c', 'd']);
});

test('one that is made while others go out goes with the next turn', async () => {
  const sent: string[] = [];
  addToBatch({
    sendBatched() {
      sent.push('first');
      addToBatch({ sendBatched: () => void sent.push('second') });
    },
  });
  await nextTurn();
  await nextTurn();
  expect(sent).toEqual(['first', 'second']);
});
