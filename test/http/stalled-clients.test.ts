// A client has not read for too long: bytes wait for it, and it takes none of them.
import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createClientAddresses } from '../../src/http/client-address.js';
import { Connection } from '../../src/http/connection.js';
import { watchStalledClients } from '../../src/http/stalled-clients.js';

const MS = 60_000;
/** The counters of a socket: all bytes that were written to it, and those that wait. */
const socket = () => ({ bytesWritten: 0, writableLength: 0, remoteAddress: '192.0.2.7', resets: 0, resetAndDestroy: () => {} });

let peer: ReturnType<typeof socket>;
let watch: { stop(): void };
beforeEach(() => {
  vi.useFakeTimers();
  peer = socket();
  peer.resetAndDestroy = () => {
    peer.resets += 1;
  };
  const connection = new Connection(peer as unknown as Socket, createClientAddresses());
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

test('a client that takes nothing for the timeout is reset, up to a quarter of it later', () => {
  write(100);
  vi.advanceTimersByTime(MS - 1);
  expect(peer.resets).toBe(0);
  vi.advanceTimersByTime(MS / 2);
  expect(peer.resets).toBeGreaterThan(0);
});

test('bytes that join those that wait do not count as taken', () => {
  write(100);
  for (let i = 0; i < 6; i++) {
    vi.advanceTimersByTime(MS / 4);
    write(100);
  }
  expect(peer.resets).toBeGreaterThan(0);
});

test('a client that takes a byte now and then is not reset', () => {
  write(1000);
  for (let i = 0; i < 40; i++) {
    vi.advanceTimersByTime(MS / 2);
    peer.writableLength -= 1;
  }
  expect(peer.resets).toBe(0);
});

test('a connection on which no bytes wait is never reset (B-72)', () => {
  write(100);
  peer.writableLength = 0;
  vi.advanceTimersByTime(100 * MS);
  expect(peer.resets).toBe(0);
});

test('the time begins when bytes wait, not when the client last took some', () => {
  write(100);
  peer.writableLength = 0;
  vi.advanceTimersByTime(10 * MS);
  write(100);
  vi.advanceTimersByTime(MS - 1);
  expect(peer.resets).toBe(0);
  vi.advanceTimersByTime(MS);
  expect(peer.resets).toBeGreaterThan(0);
});

test('the watch resets no connection after it is stopped', () => {
  write(100);
  watch.stop();
  vi.advanceTimersByTime(10 * MS);
  expect(peer.resets).toBe(0);
});
