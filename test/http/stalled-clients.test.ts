// When a peer has not read for too long: bytes wait for it and none is taken.
import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Connection } from '../../src/http/connection.js';
import { watchStalledClients } from '../../src/http/stalled-clients.js';

const MS = 60_000;
/** What a socket says of itself: all that was written to it, and what of it waits. */
const socket = () => ({ bytesWritten: 0, writableLength: 0, remoteAddress: '192.0.2.7', resets: 0, resetAndDestroy: () => {} });

let peer: ReturnType<typeof socket>;
let watch: { stop(): void };
beforeEach(() => {
  vi.useFakeTimers();
  peer = socket();
  peer.resetAndDestroy = () => {
    peer.resets += 1;
  };
  const connection = new Connection(peer as unknown as Socket);
  watch = watchStalledClients(() => [connection], MS);
});
afterEach(() => {
  watch.stop();
  vi.useRealTimers();
});

function write(bytes: number): void {
  peer.bytesWritten += bytes;
  peer.writableLength += bytes;
}

test('nothing taken for the whole time: given up, within a quarter of it more', () => {
  write(100);
  vi.advanceTimersByTime(MS - 1);
  expect(peer.resets).toBe(0);
  vi.advanceTimersByTime(MS / 2);
  expect(peer.resets).toBeGreaterThan(0);
});

test('bytes that only join those that wait do not count as taken', () => {
  write(100);
  for (let i = 0; i < 6; i++) {
    vi.advanceTimersByTime(MS / 4);
    write(100);
  }
  expect(peer.resets).toBeGreaterThan(0);
});

test('a part taken now and then is enough', () => {
  write(1000);
  for (let i = 0; i < 40; i++) {
    vi.advanceTimersByTime(MS / 2);
    peer.writableLength -= 1;
  }
  expect(peer.resets).toBe(0);
});

test('a connection on which nothing waits is left alone, however long (B-72)', () => {
  write(100);
  peer.writableLength = 0;
  vi.advanceTimersByTime(100 * MS);
  expect(peer.resets).toBe(0);
});

test('the time begins when something waits, not when the last of it was taken', () => {
  write(100);
  peer.writableLength = 0;
  vi.advanceTimersByTime(10 * MS);
  write(100);
  vi.advanceTimersByTime(MS - 1);
  expect(peer.resets).toBe(0);
  vi.advanceTimersByTime(MS);
  expect(peer.resets).toBeGreaterThan(0);
});

test('stopped, it looks no more', () => {
  write(100);
  watch.stop();
  vi.advanceTimersByTime(10 * MS);
  expect(peer.resets).toBe(0);
});
