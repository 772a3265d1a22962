// After the first signal, drain.delaySeconds: the gateway is not ready and serves on, so that the
// proxies in front of it take another replica and lose no request.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { legacy, modern } from '../fixtures/messages.js';
import type { GatewayProcess } from '../fixtures/process.js';
import { startLoad } from '../fixtures/proxy-load.js';
import { openRaw, type RawConnection, type RawResponse, rawRequest, requestBytes } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until, withDeadline } from '../fixtures/wait.js';

let scene: Scene<GatewayProcess>;
afterEach(async () => {
  await scene.gateway.stop('SIGKILL');
  await Promise.all([scene.issuer.stop(), scene.upstream.stop()]);
});

/** A gateway whose announcement takes this long. */
async function start(delaySeconds: number): Promise<void> {
  scene = await startScene({ process: true, root: { drain: { delaySeconds } } });
  await scene.passes();
  scene.upstream.reset();
}
const signal = (): void => void process.kill(scene.gateway.pid, 'SIGTERM');
const ready = async (port: number): Promise<number> => (await rawRequest(port, { path: '/readyz' })).status;
/** Signals, and waits until the gateway is not ready. */
async function announced(): Promise<void> {
  const { port } = scene.gateway;
  await until('the gateway is ready', async () => (await ready(port)) === 200);
  signal();
  await until('the gateway is not ready', async () => (await ready(port)) === 503);
}
const ended = (ms = 10_000) => withDeadline('the gateway ends', scene.gateway.exited, ms);
const call = (): Buffer => requestBytes(scene.gateway.port, modern('tools/list', { token: scene.token() }));

async function opened(label: string, bytes?: Buffer): Promise<RawConnection> {
  const connection = await openRaw(scene.gateway.port, { label });
  if (bytes !== undefined) await connection.write(bytes);
  return connection;
}
const closing = ({ status, closed, header }: RawResponse): unknown[] => [status, header('connection'), closed];

describe('E-11: during drain.delaySeconds', () => {
  test('new connections are served, and each answer closes its connection; then the port is closed', async () => {
    await start(2);
    const before = await rawRequest(scene.gateway.port, call());
    expect([before.status, before.header('connection')]).toEqual([200, 'keep-alive']);
    await announced();
    const { port, adminPort } = scene.gateway;
    const asks: [Buffer, number][] = [
      [call(), 200],
      [requestBytes(port, modern('tools/list')), 401],
      [requestBytes(port, modern('tools/list', { path: '/nowhere' })), 404],
      [requestBytes(port, { path: '/healthz' }), 200],
      [requestBytes(port, { path: '/readyz' }), 503],
      [requestBytes(port, { path: '/.well-known/oauth-protected-resource/mcp' }), 200],
      [requestBytes(port, { method: 'OPTIONS', path: '/healthz' }), 204],
    ];
    for (const [bytes, status] of asks) {
      const answer = await (await opened(`a ${status} while announcing`, bytes)).response({ closeMs: 1000 });
      expect([bytes.toString().split('\r\n', 1)[0], ...closing(answer)]).toEqual([expect.anything(), status, 'close', true]);
    }
    expect([await ready(adminPort), (await rawRequest(adminPort, { path: '/healthz' })).status]).toEqual([503, 200]);
    expect(await ended()).toEqual({ code: 0, signal: null });
    await expect(openRaw(port)).rejects.toThrow('ECONNREFUSED');
    const lines = scene.gateway.logs().filter(({ event }) => String(event).startsWith('gateway.'));
    expect(lines.map(({ event }) => event)).toEqual(['gateway.listening', 'gateway.stopping', 'gateway.stopped']);
    expect(lines[1]).toMatchObject({ level: 'info', delaySeconds: 2, drainSeconds: 25 });
  });

  test('an idle connection stays open, and serves one more request', async () => {
    await start(2);
    const kept = await opened('a kept connection', call());
    expect(closing(await kept.response())).toEqual([200, 'keep-alive', false]);
    const unused = await opened('a connection without a request');
    await announced();
    await sleep(500);
    for (const connection of [kept, unused]) {
      await connection.write(call());
      expect(closing(await connection.response({ label: 'one more request', closeMs: 1000 }))).toEqual([200, 'close', true]);
    }
    expect(await ended()).toEqual({ code: 0, signal: null });
  });

  test('a call that was running at the signal closes its connection, too', async () => {
    await start(1);
    scene.upstream.answer(answers.delayed(700, answers.rpc()));
    const running = await opened('a running call', call());
    await scene.upstream.waitFor(1);
    signal();
    expect(closing(await running.response({ label: 'the running call', closeMs: 1000 }))).toEqual([200, 'close', true]);
    expect(await ended()).toEqual({ code: 0, signal: null });
  });

  test('a listening stream stays open, and ends cleanly with the delay', async () => {
    await start(2);
    scene.upstream.answer(answers.sse([{ data: 'held' }], { end: false }));
    const get = requestBytes(scene.gateway.port, legacy('', { method: 'GET', token: scene.token() }));
    const old = await opened('a stream from before', get);
    await until('the stream is open', () => old.received().includes('held'));
    await announced();
    const young = await opened('a stream of the announcement', get);
    await until('the second stream is open', () => young.received().includes('held'));
    expect(young.received()).toMatch(/\r\nconnection: close\r\n/i);
    await sleep(500);
    expect([old.socket.closed, young.socket.closed]).toEqual([false, false]);
    for (const stream of [old, young]) {
      const { complete, closed, body } = await stream.response({ label: 'the end of a stream', closeMs: 2000 });
      expect([complete, closed, body]).toEqual([true, true, ':\ndata: held\n\n']);
    }
    expect(await ended()).toEqual({ code: 0, signal: null });
  });

  test('a second signal ends the process at once', async () => {
    await start(60);
    await announced();
    signal();
    expect(await ended(3000)).toEqual({ code: 1, signal: null });
  });
});

test('E-11: after the delay, a connection from before the end still gets its answer for a second', async () => {
  await start(1);
  await announced();
  const { port } = scene.gateway;
  // With half a request the connection outlives the end of the delay.
  const half = await opened('half a request', call().subarray(0, 20));
  await until('the port is closed', async () =>
    openRaw(port).then(
      (connection) => connection.destroy(),
      () => true,
    ),
  );
  await half.write(call().subarray(20));
  expect(closing(await half.response({ label: 'a late request', closeMs: 1000 }))).toEqual([200, 'close', true]);
  expect(await ended()).toEqual({ code: 0, signal: null });
});

test.each([true, false])('E-11: a proxy under load loses no request (kept connections: %s)', async (kept) => {
  await start(1);
  const { headers = [], body = '' } = modern('tools/list', { token: scene.token({ ttl: 300 }) });
  const load = startLoad({
    port: scene.gateway.port,
    path: '/mcp',
    headers: { ...Object.fromEntries(headers), 'content-length': String(body.length) },
    body: body.toString(),
    callers: 16,
    kept,
  });
  await until('the load has begun', () => load.served() > 20);
  signal();
  await withDeadline('the load ends', load.finished, 15_000);
  expect([load.lost(), load.served() > 20]).toEqual([[], true]);
  expect(await ended()).toEqual({ code: 0, signal: null });
});
