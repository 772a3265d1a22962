// A reserved port refuses connections while no server listens. It stays reserved between two
// servers, and no other process gets it.
import { connect, createServer, type Server } from 'node:net';
import { expect, test } from 'vitest';
import { listening } from '../../src/commands/demo/loopback.js';
import { spawnNode } from '../fixtures/child.js';
import { ownPort, ownPorts } from '../fixtures/ports.js';
import { until } from '../fixtures/wait.js';

const close = (server: Server): Promise<unknown> => new Promise((resolve) => server.close(resolve));

/** The result of a client's connection to this port. */
const met = (port: number): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      resolve('open');
      socket.destroy();
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)));
  });

test('it refuses connections before, between and after the servers that listen on it', async () => {
  const port = await ownPort();
  expect(await met(port)).toBe('ECONNREFUSED');
  for (const _ of ['first', 'second']) {
    const server = createServer();
    expect(await listening(server, port)).toBe(port);
    expect(await met(port)).toBe('open');
    await close(server);
    expect(await met(port)).toBe('ECONNREFUSED');
  }
});

test('another process can listen on it', async () => {
  const port = await ownPort();
  const child = spawnNode(['-e', `require('node:net').createServer().listen(${port}, '127.0.0.1', () => console.log('there'))`]);
  await until('it listens', () => child.lines.includes('there'));
  expect(await met(port)).toBe('open');
  await child.stop();
});

test('no process that asks for any free port gets it, as listener or as client', async () => {
  const ports = new Set(await ownPorts(10));
  expect(ports.size).toBe(10);
  const servers = Array.from({ length: 40 }, () => createServer((socket) => void socket.on('error', () => {})));
  const taken = await Promise.all(servers.map((server) => listening(server, 0)));
  const clients = taken.map((port) => connect(port, '127.0.0.1'));
  await Promise.all(clients.map((client) => new Promise((resolve) => client.once('connect', resolve))));
  expect([...taken, ...clients.map(({ localPort = 0 }) => localPort)].filter((port) => ports.has(port))).toEqual([]);
  for (const client of clients) client.resetAndDestroy();
  await Promise.all(servers.map(close));
});
