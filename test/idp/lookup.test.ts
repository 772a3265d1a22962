// Lookups of host names: one at a time for each name, and the last good addresses where a lookup is
// slow or the name server does not answer.
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createLookup } from '../../src/idp/lookup.js';

type Answer = string | { code: string };

const ALL = { all: true } as const;
let pending: { name: string; answer(value: Answer): void }[];
let lookup: LookupFunction;
beforeEach(() => {
  vi.useFakeTimers();
  pending = [];
  lookup = createLookup((name, _options, callback) => {
    const answer = (value: Answer): void => {
      if (typeof value === 'string') callback(null, [{ address: value, family: 4 }]);
      else callback(Object.assign(new Error(value.code), value), []);
    };
    pending.push({ name, answer });
  });
  return () => void vi.useRealTimers();
});

const ask = (name: string): Promise<string> =>
  new Promise((resolve, reject) => {
    lookup(name, ALL, (error, addresses) => {
      if (error === null) resolve((addresses as LookupAddress[])[0]?.address ?? 'none');
      else reject(error);
    });
  });

async function warm(name: string, address: string): Promise<void> {
  const asked = ask(name);
  pending.splice(0)[0]?.answer(address);
  expect(await asked).toBe(address);
}

test('calls for one name share a lookup, and the next call starts another', async () => {
  const asked = [ask('a.test'), ask('a.test'), ask('b.test')];
  expect(pending.map(({ name }) => name)).toEqual(['a.test', 'b.test']);
  for (const { name, answer } of pending.splice(0)) answer(name === 'a.test' ? '10.0.0.1' : '10.0.0.2');
  expect(await Promise.all(asked)).toEqual(['10.0.0.1', '10.0.0.1', '10.0.0.2']);
  await warm('a.test', '10.0.0.9');
});

test('other options are another lookup', () => {
  void ask('a.test');
  lookup('a.test', { family: 6 }, () => {});
  expect(pending).toHaveLength(2);
});

describe('a slow lookup', () => {
  test('gives way to the last good addresses, at once for later calls', async () => {
    await warm('a.test', '10.0.0.1');
    const first = ask('a.test');
    await vi.advanceTimersByTimeAsync(499);
    const second = ask('a.test');
    expect(await Promise.race([first, Promise.resolve('waits')])).toBe('waits');
    await vi.advanceTimersByTimeAsync(1);
    expect(await Promise.all([first, second, ask('a.test')])).toEqual(['10.0.0.1', '10.0.0.1', '10.0.0.1']);
    expect(pending).toHaveLength(1);
    pending.splice(0)[0]?.answer('10.0.0.2');
    await warm('a.test', '10.0.0.3');
  });

  test('waits where the name is new', async () => {
    const asked = ask('a.test');
    await vi.advanceTimersByTimeAsync(9_000);
    pending[0]?.answer('10.0.0.1');
    expect(await asked).toBe('10.0.0.1');
  });

  test('waits where the last good addresses are older than 10 minutes', async () => {
    await warm('a.test', '10.0.0.1');
    await vi.advanceTimersByTimeAsync(600_000);
    const asked = ask('a.test');
    await vi.advanceTimersByTimeAsync(9_000);
    expect(await Promise.race([asked, Promise.resolve('waits')])).toBe('waits');
    pending[0]?.answer('10.0.0.2');
    expect(await asked).toBe('10.0.0.2');
  });
});

test.each([
  ['EAI_AGAIN', 'the name server did not answer', true],
  ['ENOTFOUND', 'the name is gone', false],
])('after %s (%s) the last good addresses count: %s', async (code, _, counts) => {
  await warm('a.test', '10.0.0.1');
  const asked = ask('a.test');
  pending[0]?.answer({ code });
  if (counts) expect(await asked).toBe('10.0.0.1');
  else await expect(asked).rejects.toMatchObject({ code });
  const unknown = ask('b.test');
  pending[1]?.answer({ code });
  await expect(unknown).rejects.toMatchObject({ code });
});
