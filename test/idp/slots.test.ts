// How many introspection requests run at once, and which of them wait.
import { describe, expect, test } from 'vitest';
import { createSlots } from '../../src/idp/slots.js';
import { testClock } from '../support/clock.js';
import { settle } from '../support/keys.js';

const LIMITS = { max: 4, maxUnknown: 2, maxWaiting: 3, maxWaitMs: 1000 };

function setting() {
  const clock = testClock();
  const slots = createSlots(LIMITS, clock);
  const running: string[] = [];
  const done: string[] = [];
  const ends = new Map<string, () => void>();
  const start = (name: string, isKnown = false): void => {
    const work = (): Promise<string> => {
      running.push(name);
      return new Promise((resolve) => ends.set(name, () => resolve('done')));
    };
    void slots.run(isKnown, work).then((outcome) => {
      running.splice(running.indexOf(name), outcome === null ? 0 : 1);
      done.push(`${name}: ${outcome ?? 'rejected'}`);
    });
  };
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.();
    await settle();
  };
  return { clock, running, done, start, end, slots };
}

const names = (letter: string, n: number): string[] => Array.from({ length: n }, (_, i) => `${letter}${i}`);

describe('unknown tokens', () => {
  test('get half of the slots at most; the next wait in turn', async () => {
    const { start, end, running } = setting();
    for (const name of names('u', 4)) start(name);
    expect(running).toEqual(['u0', 'u1']);
    await end('u0');
    expect(running).toEqual(['u1', 'u2']);
    await end('u1');
    expect(running).toEqual(['u2', 'u3']);
  });

  test('are rejected at once where too many wait', async () => {
    const { start, done } = setting();
    for (const name of names('u', 7)) start(name);
    await settle();
    expect(done).toEqual(['u5: rejected', 'u6: rejected']);
  });

  test('that waited too long are rejected when a slot becomes free, and the next one gets it', async () => {
    const { start, end, running, done, clock } = setting();
    for (const name of names('u', 4)) start(name);
    clock.advance(999);
    start('late');
    clock.advance(1);
    await end('u0');
    expect([running, done]).toEqual([
      ['u1', 'late'],
      ['u0: done', 'u2: rejected', 'u3: rejected'],
    ]);
  });
});

describe('known tokens', () => {
  test('find slots during a flood of unknown tokens', () => {
    const { start, running } = setting();
    for (const name of names('u', 5)) start(name);
    for (const name of names('k', 3)) start(name, true);
    expect(running).toEqual(['u0', 'u1', 'k0', 'k1']);
  });

  test('may take all slots, and come first', async () => {
    const { start, end, running } = setting();
    for (const name of names('k', 5)) start(name, true);
    start('u0');
    expect(running).toEqual(['k0', 'k1', 'k2', 'k3']);
    await end('k0');
    expect(running).toEqual(['k1', 'k2', 'k3', 'k4']);
    await end('k1');
    expect(running).toEqual(['k2', 'k3', 'k4', 'u0']);
  });

  test('wait in their own queue', async () => {
    const { start, done } = setting();
    for (const name of names('k', 4)) start(name, true);
    for (const name of names('u', 5)) start(name);
    for (const name of names('w', 3)) start(name, true);
    await settle();
    expect(done).toEqual(['u3: rejected', 'u4: rejected']);
  });
});

test('work that throws frees its slot', async () => {
  const { slots, running, start } = setting();
  for (let i = 0; i < 5; i++) {
    await expect(slots.run(false, () => Promise.reject(new Error('a bug')))).rejects.toThrow('a bug');
  }
  start('u0');
  start('u1');
  expect(running).toEqual(['u0', 'u1']);
});
