// A server whose turns of the event loop are long closes its port, and no client loses a request.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { withDeadline } from '../fixtures/wait.js';

const CLIENTS = 64;
/**
 * A client is connected in its own view when the last packet of its handshake finds the queue full.
 * The kernel of the server drops that packet and knows no connection, so the gateway cannot accept
 * it. (measured: 1 in some runs; 19 connections were lost while the gateway waited for 1 s only)
 */
const HALF_OPEN = 2;
const SERVER = fileURLToPath(new URL('../fixtures/slow-server.mjs', import.meta.url));
const REQUEST = 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nhi';

let server: ChildProcess;
afterEach(() => void server.kill('SIGKILL'));

type Outcome = 'served' | 'lost' | 'not connected';

/** One request on a connection of its own. */
const ask = (port: number): Promise<Outcome> =>
  new Promise((resolve) => {
    let isConnected = false;
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => {
      isConnected = true;
      socket.write(REQUEST);
    });
    socket.on('data', (chunk) => (answer += chunk));
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer.endsWith('served') ? 'served' : isConnected ? 'lost' : 'not connected'));
  });

test.each([1, 2])('E-11: a slow server with 64 callers loses no connection that the kernel has made (run %i)', async () => {
  server = fork(SERVER);
  const exited = once(server, 'exit');
  const [port] = await once(server, 'message');
  const counts: Record<Outcome, number> = { served: 0, lost: 0, 'not connected': 0 };
  const caller = async (): Promise<void> => {
    for (let last: Outcome = 'served'; last === 'served'; counts[last] += 1) last = await ask(port);
  };
  const callers = Array.from({ length: CLIENTS }, caller);
  await sleep(600);
  server.send('close');
  await withDeadline('the callers end', Promise.all(callers), 20_000);
  expect(counts.lost).toBeLessThanOrEqual(HALF_OPEN);
  expect(counts['not connected'] + counts.lost).toBe(CLIENTS);
  expect(counts.served).toBeGreaterThan(20);
  expect((await withDeadline('the server ends', exited, 5000))[0]).toBe(0);
});
