// Complete answers go out at the end of the turn of the event loop in which they were made.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { addToBatch } from '../../src/http/response-batch.js';

test('the answers of one turn go out together at its end, in the order of making', async () => {
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

test('an answer that is made while others go out goes out with the next turn', async () => {
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
