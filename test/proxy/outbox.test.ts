// One write of a response has its head and the chunks of one turn of the event loop.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Outbox, type OutboxOwner } from '../../src/proxy/outbox.js';
import { exchange } from '../support/exchange.js';

interface Scene {
  readonly outbox: Outbox;
  /** The writes, each as the texts of its chunks; `end:` before the last one. */
  readonly writes: string[][];
  readonly seen: string[];
  /** Calls of `releaseHead`. */
  released: number;
  /** The answer to the next write. */
  isTaken: boolean;
  drain(): void;
  disconnect(): void;
}

const NONE = Buffer.alloc(0);

function scene(first: Buffer = NONE, owner: Partial<OutboxOwner> = {}): Scene {
  const asked = exchange();
  let drain = (): void => {};
  const made: Omit<Scene, 'outbox'> = {
    writes: [],
    seen: [],
    released: 0,
    isTaken: true,
    drain: () => drain(),
    disconnect: () => {
      asked.disconnected = true;
    },
  };
  asked.write = (chunks) => {
    made.writes.push(chunks.map(String));
    return made.isTaken;
  };
  asked.end = (last) => void made.writes.push(['end:', ...(last === undefined ? [] : [String(last)])]);
  asked.releaseHead = () => void made.released++;
  asked.onDrain = (listener) => {
    drain = listener;
  };
  const outbox = new Outbox(
    asked,
    {
      headSent: () => void made.seen.push('head'),
      pass(bytes, isLast) {
        made.seen.push(isLast ? 'last' : 'pass');
        return bytes;
      },
      callerIsSlow: (isSlow) => void made.seen.push(isSlow ? 'slow' : 'taken'),
      ...owner,
    },
    first,
  );
  return Object.assign(made, { outbox });
}

const bytes = (size: number, letter = 'x'): Buffer => Buffer.alloc(size, letter);

describe('one turn of the event loop is one write:', () => {
  test('the head alone', async () => {
    const { writes, seen } = scene();
    expect(writes).toEqual([]);
    await nextTurn();
    expect([writes, seen]).toEqual([[['']], ['head']]);
  });

  test('the head, the bytes of the gateway and all chunks', async () => {
    const { outbox, writes } = scene(Buffer.from(':\n'));
    outbox.add(Buffer.from('a'));
    await Promise.resolve();
    outbox.add(Buffer.from('b'));
    await nextTurn();
    outbox.add(Buffer.from('c'));
    await nextTurn();
    expect(writes).toEqual([[':\n', 'ab'], ['c']]);
  });

  test('what the owner sends with the head comes after the first bytes, and before the chunks', async () => {
    const made: Scene = scene(Buffer.from(':\n'), { headSent: () => made.outbox.send(Buffer.from('retry: 1\n\n')) });
    made.outbox.add(Buffer.from('a'));
    await nextTurn();
    expect(made.writes).toEqual([[':\n', 'retry: 1\n\n', 'a']]);
  });

  test('the whole response, whose owner then opens nothing', async () => {
    const { outbox, writes, seen } = scene(Buffer.from(':\n'));
    outbox.add(Buffer.from('a'));
    outbox.add(Buffer.from('b'));
    outbox.end();
    await nextTurn();
    expect([writes, seen]).toEqual([[['end:', ':\nab']], ['last']]);
  });

  test('nothing for a caller that disconnected in it', async () => {
    const { outbox, writes, disconnect } = scene();
    outbox.add(Buffer.from('a'));
    disconnect();
    await nextTurn();
    expect(writes).toEqual([]);
  });
});

test('the end is sent at once where no bytes wait', async () => {
  const { outbox, writes } = scene();
  await nextTurn();
  outbox.end();
  expect(writes).toEqual([[''], ['end:']]);
});

test('64 KiB do not wait for the end of the turn, and large chunks are not joined', async () => {
  const { outbox, writes } = scene();
  outbox.add(bytes(40_000, 'a'));
  expect(writes).toEqual([]);
  outbox.add(bytes(40_000, 'b'));
  expect(writes.map((parts) => parts.map(({ length }) => length))).toEqual([[40_000, 40_000]]);
  for (let n = 0; n < 70; n++) outbox.add(bytes(1000));
  expect(writes.map((parts) => parts.length)).toEqual([2, 1]);
  await nextTurn();
  expect(writes.flat().join('').length).toBe(150_000);
});

describe('the exchange drops the head of the request', () => {
  test('once, after the write with the head of the response', async () => {
    const made = scene();
    expect(made.released).toBe(0);
    await nextTurn();
    expect([made.writes, made.released]).toEqual([[['']], 1]);
    made.outbox.add(Buffer.from('a'));
    await nextTurn();
    made.outbox.end();
    expect([made.writes.at(-1), made.released]).toEqual([['end:'], 1]);
  });

  test('not for a response that ends in the turn of its head', async () => {
    const made = scene();
    made.outbox.add(Buffer.from('a'));
    made.outbox.end();
    await nextTurn();
    expect([made.writes, made.released]).toEqual([[['end:', 'a']], 0]);
  });
});

test('a flush sends at once, and a second one nothing', async () => {
  const { outbox, writes } = scene();
  outbox.add(Buffer.from('a'));
  outbox.flush();
  outbox.flush();
  await nextTurn();
  expect(writes).toEqual([['a']]);
});

test('a slow caller pauses the upstream once, until it has taken all (B-79)', async () => {
  const made = scene();
  made.isTaken = false;
  made.outbox.add(Buffer.from('a'));
  await nextTurn();
  made.outbox.add(Buffer.from('b'));
  await nextTurn();
  expect([made.seen, made.outbox.isPaused]).toEqual([['head', 'pass', 'slow', 'pass'], true]);
  made.drain();
  expect([made.seen.at(-1), made.outbox.isPaused]).toEqual(['taken', false]);
});
