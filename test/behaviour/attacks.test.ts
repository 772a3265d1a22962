// Attacks on the running process, each with a valid call before and after it.
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { legacy, modern } from '../fixtures/messages.js';
import { openRaw, requestBytes } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { ENV_SECRET, type Scene, startScene } from '../fixtures/scene.js';
import { until, withDeadline } from '../fixtures/wait.js';

let scene: Scene;
beforeAll(async () => {
  const legacyRule = { scheme: 'Token', upstreamVerifies: true, scopes: ['files:read'] };
  scene = await startScene({
    endpoint: { passThrough: [legacyRule] },
    upstream: { maxStreams: 3 },
    issuer: { introspection: { clientId: 'gateway', clientSecret: ENV_SECRET } },
    env: { SECRET: 'introspection-secret' },
  });
  await scene.passes();
});
afterEach(async () => {
  scene.upstream.reset();
  scene.upstream.answer(answers.rpc());
  await scene.passes();
  scene.upstream.reset();
});
afterAll(() => scene.stop());

/** Writes these bytes, and resets the connection after `afterMs`. */
function hitAndRun(bytes: string | Buffer, afterMs: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(scene.gateway.port, '127.0.0.1', () => {
      socket.write(bytes);
      setTimeout(() => {
        socket.resetAndDestroy();
        resolve();
      }, afterMs);
    });
    socket.on('error', () => resolve());
  });
}

test('CONNECT and a reset do not end the process (C-148)', async () => {
  for (let i = 0; i < 60; i++) await hitAndRun('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', i % 3);
  expect((await scene.passes()).status).toBe(200);
});

const stream = (): Buffer => {
  const { headers = [] } = legacy('tools/list', { token: scene.token() });
  return requestBytes(scene.gateway.port, {
    method: 'GET',
    path: '/mcp',
    headers: [...headers, ['Accept', 'text/event-stream']],
  });
};
const allLetGo = () =>
  until('the upstream connections are closed', () => scene.upstream.requests.every((one) => one.closedAt !== undefined), 3000);

test('a request after an open stream ends the connection and the stream (B-73, E-15)', async () => {
  scene.upstream.answer(answers.stall());
  const connection = await openRaw(scene.gateway.port, { label: 'a stream with a call after it' });
  await connection.write(stream());
  await until('the stream is open', () => scene.upstream.hits === 1);
  await connection.write(requestBytes(scene.gateway.port, modern('tools/list', { token: scene.token() })));
  await withDeadline('the connection is cut', connection.closed, 3000);
  expect(scene.upstream.hits).toBe(1);
  await allLetGo();
});

test('pipelined streams end with their connection (B-73, E-15)', async () => {
  scene.upstream.answer(answers.stall());
  await hitAndRun(Buffer.concat([stream(), stream(), stream(), stream()]), 300);
  await allLetGo();
});

test('CONNECT after a call does not become the answer to that call (C-148)', async () => {
  scene.upstream.answer(answers.stall());
  const connection = await openRaw(scene.gateway.port, { label: 'a call with CONNECT after it' });
  await connection.write(requestBytes(scene.gateway.port, modern('tools/list', { token: scene.token() })));
  await until('the upstream has the call', () => scene.upstream.hits === 1);
  await connection.write('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n');
  await withDeadline('the connection is cut', connection.closed, 3000);
  expect(connection.received()).toBe('');
});

test('500 pipelined requests cost the connection only (E-02)', async () => {
  const anonymous = requestBytes(scene.gateway.port, { method: 'POST', path: '/mcp', headers: [['Content-Length', '0']] });
  await hitAndRun(Buffer.concat(Array.from({ length: 500 }, () => anonymous)), 20);
  expect((await scene.passes()).status).toBe(200);
});

test.each([
  ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['garbage', 'RUBBISH\r\n\r\n'],
])('the gateway closes a connection whose client never closes its half after %s (D-10)', async (_name, bytes) => {
  const socket = connect({ port: scene.gateway.port, host: '127.0.0.1', allowHalfOpen: true });
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  socket.on('error', () => {});
  socket.resume();
  socket.write(bytes);
  // This client keeps its half open, so only a reset by the gateway closes the connection.
  const poking = setInterval(() => socket.write('x'), 200);
  await withDeadline('the gateway closes the connection', closed, 5000).finally(() => clearInterval(poking));
});

test.each([
  ['a word before it', (jwt: string) => `Token x.${jwt}`],
  ['a name before it', (jwt: string) => `Token token=${jwt}`],
  ['no signature', (jwt: string) => `Token ${jwt.split('.').slice(0, 2).join('.')}.`],
])('a JWT with %s under a pass-through scheme does not reach the upstream (C-102)', async (_name, wrap) => {
  const token = scene.token();
  const plain = await scene.send(modern('tools/list', { headers: [['Authorization', 'Token plain-key']] }));
  expect(plain.status).toBe(200);
  const hits = scene.upstream.hits;
  const response = await scene.send(modern('tools/list', { headers: [['Authorization', wrap(token)]] }));
  expect([response.status, scene.upstream.hits]).toEqual([401, hits]);
});

test('a pass-through key of 32 KB takes less than a second (C-12)', async () => {
  const response = await scene.send(modern('tools/list', { headers: [['Authorization', `Token ${'a'.repeat(32_000)}`]] }), {
    ms: 1000,
  });
  expect(response.status).toBe(200);
});

test.each([
  ['padding', (jwt: string) => `${jwt}==`],
  ['a fourth part', (jwt: string) => `${jwt}.x`],
  ['no signature', (jwt: string) => `${jwt.split('.').slice(0, 2).join('.')}.`],
])('a JWT with %s is not introspected (C-95, C-47)', async (_name, wrap) => {
  scene.issuer.introspect = () => ({ active: true, sub: 'x', aud: scene.resource, scope: 'files:read' });
  expect((await scene.send(modern('tools/list', { token: 'an-opaque-token' }))).status).toBe(200);
  const asked = scene.issuer.hits.introspection;
  const response = await scene.send(
    modern('tools/list', { token: wrap(scene.token({ issuer: 'https://stranger.example.com' })) }),
  );
  expect([response.status, scene.issuer.hits.introspection]).toEqual([401, asked]);
});

test('garbage after a call does not become its answer (C-138)', async () => {
  scene.upstream.answer(answers.delayed(300, answers.rpc()));
  const connection = await openRaw(scene.gateway.port);
  const call = requestBytes(scene.gateway.port, modern('tools/list', { token: scene.token() }));
  await connection.write(Buffer.concat([call, Buffer.from('RUBBISH /\r\n\r\n')]));
  await withDeadline('the connection is cut', connection.closed, 3000);
  expect(connection.received().toString()).not.toContain('HTTP/1.1 400');
  await sleep(50);
});
