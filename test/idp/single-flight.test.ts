// Calls for one key share the work. Calls for different keys do not.
import { expect, test } from 'vitest';
import { createSingleFlight } from '../../src/idp/single-flight.js';

test('many calls for one key do the work once, and a later call does it again', async () => {
  const flight = createSingleFlight<number>();
  let works = 0;
  const work = async () => {
    works += 1;
    await Promise.resolve();
    return works;
  };
  expect(await Promise.all([flight.run('a', work), flight.run('a', work), flight.run('b', work)])).toEqual([2, 2, 2]);
  expect([works, flight.isRunning('a'), await flight.run('a', work)]).toEqual([2, false, 3]);
});

test('a failure reaches every caller, and is not kept', async () => {
  const flight = createSingleFlight<string>();
  const fails = () => Promise.reject(new Error('down'));
  const both = await Promise.allSettled([flight.run('a', fails), flight.run('a', fails)]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await flight.run('a', async () => 'up')).toBe('up');
});

test('a result at once comes at once, and no call can join it', async () => {
  const flight = createSingleFlight<string>();
  expect([flight.run('a', () => 'now'), flight.isRunning('a')]).toEqual(['now', false]);
  const later = flight.run('a', async () => 'later');
  expect(await flight.run('a', () => 'now')).toBe('later');
  expect(await later).toBe('later');
});
