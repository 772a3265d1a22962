// How many questions are under way at once, and who waits.
import { describe, expect, test } from 'vitest';
import { createSlots } from '../../../src/verify/introspection/slots.js';
import { testClock } from '../../support/clock.js';
import { settle } from '../../support/keys.js';

const LIMITS = { atOnce: 4, forStrangers: 2, waiting: 3, waitMs: 1000 };

function setting() {
  const clock = testClock();
  const slots = createSlots(LIMITS, clock);
  const running: string[] = [];
  const over: string[] = [];
  const ends = new Map<string, () => void>();
  const start = (name: string, known = false): void => {
    const work = (): Promise<string> => {
      running.push(name);
      return new Promise((resolve) => ends.set(name, () => resolve('done')));
    };
    void slots.run(known, work).then((outcome) => {
      running.splice(running.indexOf(name), outcome === null ? 0 : 1);
      over.push(`${name}: ${outcome ?? 'refused'}`);
    });
  };
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.();
    await settle();
  };
  return { clock, running, over, start, end, slots };
}

const names = (letter: string, n: number): string[] => Array.from({ length: n }, (_, i) => `${letter}${i}`);

describe('strangers', () => {
  test('get half of the slots and no more; the next wait in turn', async () => {
    const { start, end, running } = setting();
    for (const name of names('s', 4)) start(name);
    expect(running).toEqual(['s0', 's1']);
    await end('s0');
    expect(running).toEqual(['s1', 's2']);
    await end('s1');
    expect(running).toEqual(['s2', 's3']);
  });

  test('are refused at once where too many wait', async () => {
    const { start, over } = setting();
    for (const name of names('s', 7)) start(name);
    await settle();
    expect(over).toEqual(['s5: refused', 's6: refused']);
  });

  test('who waited too long are refused when a slot comes free, and who did not is next', async () => {
    const { start, end, running, over, clock } = setting();
    for (const name of names('s', 4)) start(name);
    clock.advance(999);
    start('late');
    clock.advance(1);
    await end('s0');
    expect([running, over]).toEqual([
      ['s1', 'late'],
      ['s0: done', 's2: refused', 's3: refused'],
    ]);
  });
});

describe('the known', () => {
  test('find slots whatever strangers do', () => {
    const { start, running } = setting();
    for (const name of names('s', 5)) start(name);
    for (const name of names('k', 3)) start(name, true);
    expect(running).toEqual(['s0', 's1', 'k0', 'k1']);
  });

  test('may use all of them, and come first', async () => {
    const { start, end, running } = setting();
    for (const name of names('k', 5)) start(name, true);
    start('s0');
    expect(running).toEqual(['k0', 'k1', 'k2', 'k3']);
    await end('k0');
    expect(running).toEqual(['k1', 'k2', 'k3', 'k4']);
    await end('k1');
    expect(running).toEqual(['k2', 'k3', 'k4', 's0']);
  });

  test('wait in a queue of their own', async () => {
    const { start, over } = setting();
    for (const name of names('k', 4)) start(name, true);
    for (const name of names('s', 5)) start(name);
    for (const name of names('w', 3)) start(name, true);
    await settle();
    expect(over).toEqual(['s3: refused', 's4: refused']);
  });
});

test('a slot comes free of work that throws', async () => {
  const { slots, running, start } = setting();
  for (let i = 0; i < 5; i++) {
    await expect(slots.run(false, () => Promise.reject(new Error('a bug')))).rejects.toThrow('a bug');
  }
  start('s0');
  start('s1');
  expect(running).toEqual(['s0', 's1']);
});
