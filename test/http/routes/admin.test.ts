// The admin listener on a real socket: its hosts, and header lines that Node 20 would drop.
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAdminServer } from '../../../src/http/routes/admin.js';
import { ownPort } from '../../fixtures/ports.js';
import { rawRequest } from '../../fixtures/raw-client.js';

const metrics = { contentType: 'text/plain', text: () => Promise.resolve('metrics') };
const server = createAdminServer({
  hosts: () => ['Ops.Example'],
  readiness: { isReady: () => true },
  metrics,
  status: () => Promise.reject(new Error('not asked')),
});
let port = 0;
beforeAll(async () => {
  const free = await ownPort();
  await new Promise<void>((resolve) => void server.listen(free, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => new Promise((resolve) => void server.close(resolve).closeAllConnections()));

const asked = (lines: number): Promise<number> => {
  const surplus = 'a:b\r\n'.repeat(lines - 2);
  return rawRequest(port, `GET /metrics HTTP/1.1\r\nHost: localhost\r\n${surplus}Connection: close\r\n\r\n`).then(
    ({ status }) => status,
  );
};

test.each([3, 200])('%i header lines pass (B-59)', async (lines) => expect(await asked(lines)).toBe(200));

// Without a limit of its own, Node 20 drops the lines above 1,000 and answers 200.
test.each([201, 999, 1000, 1001, 1500, 2001, 2500])('%i header lines are 431 (B-59, D-18)', async (lines) => {
  expect(await asked(3)).toBe(200);
  expect(await asked(lines)).toBe(431);
});

test.each(['localhost', 'LOCALHOST', 'ops.example', 'Ops.Example', 'OPS.EXAMPLE:9090', '127.0.0.1', '[::1]:9090'])(
  'answers to %s: the case of a host name does not matter',
  async (host) => {
    const request = `GET /metrics HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
    expect((await rawRequest(port, request)).status).toBe(200);
  },
);

test.each(['evil.example', 'ops.example.evil', 'ops.example.', 'localhost.', '127.0.0.1.evil.example'])(
  'rejects %s',
  async (host) => {
    const request = `GET /metrics HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
    expect((await rawRequest(port, request)).status).toBe(403);
  },
);
