// Gateways that point at each other, or at themselves. A request ends at the first gateway that it
// meets again, and causes no further requests.

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Gateway } from '../fixtures/gateway.js';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { modern } from '../fixtures/messages.js';
import { listen } from '../fixtures/ports.js';
import { type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { logOf, startConfigured } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';

/** A port that forwards to another one, which is set once it is known. */
type Relay = { server: Server; port: number; target: number; taken: number };

const open = new Set<Socket>();
async function startRelay(): Promise<Relay> {
  const server = createServer((near) => {
    relay.taken += 1;
    const far = connect(relay.target, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.on('error', () => other.destroy()).on('close', () => open.delete(one));
      one.pipe(other);
    }
  });
  await listen(server);
  const relay: Relay = { server, port: (server.address() as AddressInfo).port, target: 0, taken: 0 };
  return relay;
}

let issuer: JwksIssuer;
let upstream: RawUpstream;
let a: Gateway;
let b: Gateway;
/** The upstreams of A and of B. */
let behind: [a: Relay, b: Relay];

beforeAll(async () => {
  issuer = await startJwksIssuer();
  upstream = await startRawUpstream();
  behind = [await startRelay(), await startRelay()];
  // Only a forwarded credential can run in a loop: a bearer token ends at the first gateway.
  const passThrough = [{ scheme: 'Token', upstreamVerifies: true, scopes: ['files:read'] }];
  const startAt = (relay: Relay): Promise<Gateway> => {
    const target = { url: `http://127.0.0.1:${relay.port}/mcp` };
    const endpoint = { path: '/mcp', issuers: ['main'], scopes: ['files:read'], passThrough, upstream: target };
    return startConfigured({ issuers: { main: { issuer: issuer.issuer } }, endpoints: [endpoint] });
  };
  [a, b] = [await startAt(behind[0]), await startAt(behind[1])];
});
afterAll(async () => {
  await Promise.all([a.stop(), b.stop()]);
  for (const socket of open) socket.destroy();
  for (const { server } of behind) server.close();
  await Promise.all([issuer.stop(), upstream.stop()]);
});
beforeEach(() => {
  upstream.reset();
  for (const socket of open) socket.destroy();
  for (const relay of behind) relay.taken = 0;
});

const lead = (fromA: number, fromB: number): void => {
  behind[0].target = fromA;
  behind[1].target = fromB;
};
const call = (authorization: string): Promise<RawResponse> =>
  rawRequest(a.port, modern('tools/list', { id: 7, headers: [['Authorization', authorization]] }), { label: 'a call' });
const taken = (): number[] => behind.map((relay) => relay.taken);
const reasons = (gateway: Gateway): [status: unknown, reason: unknown][] =>
  gateway
    .logs()
    .filter(({ endpoint }) => endpoint === '/mcp')
    .map((line) => [line['http.response.status_code'], line.reason]);

test('C-133: a call over two gateways that has an end passes, and Via names both', async () => {
  lead(b.port, upstream.port);
  expect((await call('Token abc')).status).toBe(200);
  const via = upstream.last?.header('via')?.split(', ') ?? [];
  expect(via).toHaveLength(2);
  expect(new Set(via).size).toBe(2);
  for (const member of via) expect(member).toMatch(/^1\.1 portcullis-[0-9a-f]{12}$/);
  expect([taken(), upstream.last?.header('authorization')]).toEqual([[1, 1], 'Token abc']);
});

test('C-134: A behind B behind A gets 508 after one round', async () => {
  lead(b.port, a.port);
  const response = await call('Token abc');
  expect([response.status, response.complete, response.header('cache-control')]).toEqual([508, true, 'no-store']);
  expect(JSON.parse(response.body)).toMatchObject({ id: 7, error: { code: -31508, message: 'The gateway forwards to itself' } });
  expect(taken()).toEqual([1, 1]);
  // The gateway that meets the request again logs the loop. For the others, their upstream fails.
  expect(await logOf(a, response)).toMatchObject({
    'http.response.status_code': 508,
    reason: 'upstream.server_error',
  });
  const relayed = await until('the line of B', () => reasons(b).find(([status]) => status === 508));
  expect(relayed).toEqual([508, 'upstream.server_error']);
  expect(reasons(a).filter(([, reason]) => reason === 'upstream.loop')).toEqual([[508, 'upstream.loop']]);
});

test('C-134: a gateway that forwards to itself gets 508 after one round', async () => {
  lead(a.port, 0);
  const response = await call('Token abc');
  expect([response.status, taken()]).toEqual([508, [1, 0]]);
});

test('A-42, A-47: a bearer token makes no loop: the second gateway gets none, and its challenge is dropped', async () => {
  lead(b.port, a.port);
  const token = issuer.token({ audience: `${a.url}/mcp` });
  const response = await call(`Bearer ${token}`);
  expect([response.status, response.headers('www-authenticate'), taken()]).toEqual([502, [], [1, 0]]);
  expect((await logOf(a, response)).reason).toBe('upstream.gateway_rejected');
});
