// The slots for tokens that nothing proves yet: how many start in a turn of the event loop, who
// starts first, and who may wait.
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { A, B, C, slots } from '../support/proof-slots.js';

describe('turns of client addresses', () => {
  test('one token of another address waits for one of the flood, not for all', async () => {
    const { started, run } = slots();
    for (let i = 0; i < 20; i++) run(A, `a${i}`);
    await run(B, 'b');
    expect(started).toEqual(['a0', 'a1', 'a2', 'b']);
  });

  test('three addresses take turns, and each keeps its order', async () => {
    const { started, run } = slots();
    run(A, 'a0');
    run(A, 'a1');
    const all = ['a2', 'a3', 'a4'].map((name) => run(A, name));
    all.push(...['b1', 'b2'].map((name) => run(B, name)), run(C, 'c1'));
    await Promise.all(all);
    expect(started.slice(2)).toEqual(['a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
  });

  test('the addresses of one IPv6 network are one client', async () => {
    const { started, run } = slots();
    run(A, 'a0');
    run(A, 'a1');
    const all = ['2001:db8::1', '2001:db8::2', '2001:db8::3'].map((address, at) => run(address, `v${at}`));
    all.push(run(B, 'b'));
    await Promise.all(all);
    expect(started.slice(2)).toEqual(['v0', 'b', 'v1', 'v2']);
  });
});

describe('the queue', () => {
  test('comes before a token that arrives while a waiting one starts', async () => {
    const { made, started, run } = slots({ perTurn: 2 });
    run(A, '1');
    run(A, '2');
    let inner: unknown;
    const outer = made.run(A, () => {
      started.push('3');
      inner = run(B, 'late');
    });
    await Promise.all([outer, run(A, '4')]);
    await inner;
    expect(started).toEqual(['1', '2', '3', '4', 'late']);
  });

  test('is bounded for one network, and another one still waits', async () => {
    const { run } = slots({ perTurn: 1, waiting: 4 });
    run(A, 'now');
    const waiting = [run(A, '1'), run(A, '2')];
    expect(run(A, '3')).toBeNull();
    expect(await Promise.all([...waiting, run(B, 'b')])).toEqual(['1', '2', 'b']);
    expect(run(A, 'again')).not.toBeNull();
  });

  test.each([
    ['two', [A, B]],
    ['nine, as of one IPv6 client', Array.from({ length: 9 }, (_, at) => `2001:db8:0:${at}::1`)],
  ])('is never full of tokens from a few networks: %s', async (_what, flood) => {
    const { made, run, started } = slots({ perTurn: 1 });
    run(A, 'now');
    const floods = () => flood.map((address) => run(address, 'bad')).filter((one) => one !== null).length;
    for (let round = 0; round < 300; round++) floods();
    // Each place that becomes free is taken by the flood again.
    for (let turns = 0; turns < 60; turns++) {
      await turn();
      for (let round = 0; round < 5; round++) floods();
    }
    const before = started.length;
    expect(await made.run(C, () => 'good')).toBe('good');
    expect(started.length - before).toBeLessThanOrEqual(flood.length);
  });

  test('is bounded for all, and has room again when it is empty', async () => {
    const { run } = slots({ perTurn: 1, waiting: 2 });
    run(A, 'now');
    const waiting = [run(A, '1'), run(B, '2')];
    expect(run(C, '3')).toBeNull();
    await Promise.all(waiting);
    await turn();
    expect(run(C, '4')).toBe('4');
  });

  test('rejects with what the work throws, and goes on', async () => {
    const { made, run } = slots({ perTurn: 1 });
    run(A, 'now');
    const broken = made.run(A, () => {
      throw new Error('a bug');
    });
    const next = run(A, 'next');
    await expect(broken).rejects.toThrow('a bug');
    expect(await next).toBe('next');
  });
});

describe('short checks of signatures', () => {
  test('come at once, a few in a turn, and the others in later turns', async () => {
    const { made } = slots({ checks: 2 });
    let checks = 0;
    const check = (isGenuine: boolean) =>
      made.check(() => {
        checks++;
        return isGenuine;
      });
    expect([check(true), check(false)]).toEqual([true, false]);
    const later = [check(true), check(false), check(true)];
    expect(later.every((one) => one instanceof Promise)).toBe(true);
    const seen = [checks];
    for (let turns = 0; turns < 3; turns++) {
      await turn();
      seen.push(checks);
    }
    expect(seen).toEqual([2, 4, 5, 5]);
    expect(await Promise.all(later)).toEqual([true, false, true]);
  });

  test('come before new tokens, also those of tokens that waited for keys', async () => {
    const { made, started, run } = slots({ perTurn: 10, checks: 2 });
    const check = (name: string) => made.check(() => started.push(name) > 0);
    for (const name of ['1', '2', '3', '4', '5']) check(name);
    const waiting = run(A, 'new');
    await turn();
    expect(started).toEqual(['1', '2', '3', '4']);
    await turn();
    expect(started).toEqual(['1', '2', '3', '4', '5', 'new']);
    expect(await waiting).toBe('new');
  });

  test('use up the places of their turn, so that a token of many keys leaves less to others', async () => {
    const { made, started } = slots({ perTurn: 10, checks: 4 });
    const token = (name: string) =>
      made.run(A, () => {
        for (let key = 0; key < 2; key++) made.check(() => false);
        started.push(name);
      });
    for (const name of ['1', '2', '3', '4', '5']) token(name);
    expect(started).toEqual(['1', '2']);
    await turn();
    expect(started).toEqual(['1', '2', '3', '4']);
  });

  test('throw what the check throws, or reject with it, and the others go on', async () => {
    const { made } = slots({ checks: 1 });
    const broken = (): boolean => expect.fail('a bug');
    expect(() => made.check(broken)).toThrow('a bug');
    const [first, second] = [made.check(broken), made.check(() => true)];
    await expect(first).rejects.toThrow('a bug');
    expect(await second).toBe(true);
  });
});

describe('checks on threads', () => {
  test('run a few at once, and nothing starts until one is done', async () => {
    const { made, started, run } = slots({ perTurn: 10, checks: 2 });
    const done: (() => void)[] = [];
    for (const name of ['1', '2', '3', '4'])
      made.checkElsewhere((finish) => {
        started.push(name);
        done.push(finish);
      });
    expect(started).toEqual(['1', '2']);
    const waiting = run(A, 'new');
    await turn();
    expect(started).toEqual(['1', '2']);
    done.shift()?.();
    done.shift()?.();
    // Those of tokens that began before come first.
    expect(started).toEqual(['1', '2', '3', '4']);
    done.shift()?.();
    expect(started).toEqual(['1', '2', '3', '4', 'new']);
    expect(await waiting).toBe('new');
  });

  test('and short ones share the places', async () => {
    const { made } = slots({ checks: 2 });
    const done: (() => void)[] = [];
    made.checkElsewhere((finish) => done.push(finish));
    expect(made.check(() => true)).toBe(true);
    const later = made.check(() => true);
    let isDone = false;
    made.checkElsewhere(() => {
      isDone = true;
    });
    expect(isDone).toBe(false);
    expect(await later).toBe(true);
    expect(isDone).toBe(false);
    done.shift()?.();
    expect(isDone).toBe(true);
  });
});
