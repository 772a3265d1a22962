// The end of the process: running calls finish, new requests are rejected, endless streams are
// ended, and the exit code tells the result.
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { legacy, modern } from '../fixtures/messages.js';
import type { GatewayProcess } from '../fixtures/process.js';
import { openRaw, type RawConnection, type RawRequest, rawRequest, requestBytes } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until, withDeadline } from '../fixtures/wait.js';

let scene: Scene<GatewayProcess>;
beforeEach(async () => {
  scene = await startScene({ process: true });
  await scene.passes();
  scene.upstream.reset();
  return async () => {
    await scene.gateway.stop('SIGKILL');
    await Promise.all([scene.issuer.stop(), scene.upstream.stop()]);
  };
});

async function open(request: RawRequest, label: string): Promise<RawConnection> {
  const connection = await openRaw(scene.gateway.port, { label });
  await connection.write(requestBytes(scene.gateway.port, request));
  return connection;
}
const stop = (signal: NodeJS.Signals): void => void process.kill(scene.gateway.pid, signal);
const ended = () => withDeadline('the gateway ends', scene.gateway.exited, 5000);

test.each<NodeJS.Signals>(['SIGTERM', 'SIGINT'])(
  'E-11: %s during a call: the call finishes, new connections are refused, exit code 0',
  async (signal) => {
    let finish = (): void => {};
    scene.upstream.answer(async (exchange) => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      await answers.rpc({ finished: true })(exchange);
    });
    const call = await open(
      modern('tools/call', { id: 'running', params: { name: 'slow' }, token: scene.token() }),
      'a running call',
    );
    await scene.upstream.waitFor(1);
    stop(signal);
    await until('new connections are refused', async () => {
      const refused = await openRaw(scene.gateway.port).catch((error: unknown) => error);
      if (refused instanceof Error) return refused.message.includes('ECONNREFUSED');
      (refused as RawConnection).destroy();
      return false;
    });
    finish();
    const response = await call.response({ label: 'the answer to the running call', closeMs: 2000 });
    expect([response.status, JSON.parse(response.body)]).toEqual([
      200,
      { jsonrpc: '2.0', id: 'running', result: { finished: true } },
    ]);
    expect(response.closed).toBe(true);
    expect(await ended()).toEqual({ code: 0, signal: null });
    // The last lines are complete: the call, and the stop without a cut exchange.
    const lines = scene.gateway.logs();
    expect(lines.some((line) => line['mcp.method.name'] === 'tools/call' && line.reason === 'ok')).toBe(true);
    expect(lines.find(({ event }) => event === 'gateway.stopped')).toMatchObject({ cut: 0 });
    for (const line of scene.gateway.output().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
  },
);

test('E-11: an event stream of a running call finishes too', async () => {
  scene.upstream.answer(answers.sse([{ data: 'first' }, { data: 'last', afterMs: 500 }]));
  const call = await open(modern('tools/call', { params: { name: 'slow' }, token: scene.token() }), 'a streaming call');
  await until('the stream began', () => call.received().includes('first'));
  stop('SIGTERM');
  const response = await call.response({ label: 'the rest of the stream' });
  expect([response.body, response.complete]).toEqual([':\ndata: first\n\ndata: last\n\n', true]);
  expect(await ended()).toEqual({ code: 0, signal: null });
});

const completed = {
  jsonrpc: '2.0',
  id: 'sub',
  result: { resultType: 'complete', _meta: { 'io.modelcontextprotocol/subscriptionId': 'sub' } },
};

test.each<[string, () => RawRequest, string]>([
  ['a GET stream', () => legacy('', { method: 'GET', token: scene.token() }), ''],
  [
    'a subscription',
    () => modern('subscriptions/listen', { id: 'sub', token: scene.token() }),
    `data: ${JSON.stringify(completed)}\n\n`,
  ],
])('E-11, B-78: %s, which has no end, is ended cleanly, so that its client connects elsewhere', async (_name, make, last) => {
  scene.upstream.answer(answers.sse([{ data: 'held' }], { end: false }));
  const stream = await open(make(), 'an open stream');
  await until('the stream is open', () => stream.received().includes('held'));
  const answered = stream.response({ label: 'the end of the stream', closeMs: 2000 });
  stop('SIGTERM');
  const response = await answered;
  expect([response.status, response.complete, response.closed]).toEqual([200, true, true]);
  expect(response.body).toBe(`:\ndata: held\n\n${last}`);
  expect((await scene.logOf(response)).reason).toBe('ok');
  expect(await ended()).toEqual({ code: 0, signal: null });
});

test('E-11: a request on an open connection gets 503 with Retry-After', async () => {
  scene.upstream.answer(answers.delayed(700, answers.rpc()));
  const running = await open(modern('tools/list', { token: scene.token() }), 'a running call');
  const head = requestBytes(scene.gateway.port, modern('tools/list', { token: scene.token() }));
  // With half a request the connection is not idle, so it stays, and gets an answer after the rest.
  const second = await openRaw(scene.gateway.port, { label: 'half a request' });
  await second.write(head.subarray(0, 20));
  await scene.upstream.waitFor(1);
  await sleep(100);
  stop('SIGTERM');
  await sleep(200);
  await second.write(head.subarray(20));
  const refused = await second.response({ label: 'the rejection while draining' });
  expect([refused.status, refused.header('connection')]).toEqual([503, 'close']);
  expect(refused.header('retry-after')).toMatch(/^([1-9]|[12]\d|30)$/);
  expect(JSON.parse(refused.body)).toMatchObject({
    error: { code: -31503, message: 'Shutting down, retry elsewhere' },
  });
  expect((await running.response({ label: 'the running call' })).status).toBe(200);
  expect(await ended()).toEqual({ code: 0, signal: null });
  expect(scene.upstream.hits).toBe(1);
});

describe('E-11: connections without a request do not delay the end', () => {
  test.each<[string, () => Promise<unknown>]>([
    [
      'kept alive after an answer',
      async () => {
        const connection = await open(modern('tools/list', { token: scene.token() }), 'a kept connection');
        expect((await connection.response()).closed).toBe(false);
      },
    ],
    // undici opens such a connection after each call that it aborts.
    ['opened, without a byte', () => new Promise((resolve) => connect(scene.gateway.port, '127.0.0.1', () => resolve(null)))],
    [
      'in the middle of a request line',
      async () => (await openRaw(scene.gateway.port, { label: 'half a line' })).write('POST /mcp HT'),
    ],
  ])('%s', async (_name, prepare) => {
    await prepare();
    await sleep(100);
    stop('SIGTERM');
    expect(await ended()).toEqual({ code: 0, signal: null });
  });
});

test('E-11: a second signal ends at once, with another exit code', async () => {
  scene.upstream.answer(answers.stall());
  await open(modern('tools/list', { token: scene.token() }), 'a call that never ends');
  await scene.upstream.waitFor(1);
  stop('SIGTERM');
  await until('the gateway drains', async () =>
    rawRequest(scene.gateway.port, {}).then(
      () => false,
      () => true,
    ),
  );
  expect(scene.gateway.logs().some(({ event }) => event === 'gateway.stopped')).toBe(false);
  stop('SIGTERM');
  expect(await ended()).toEqual({ code: 1, signal: null });
});

test('E-11, F-04: while it drains, /readyz on the admin listener is 503 and /healthz stays 200', async () => {
  scene.upstream.answer(answers.delayed(1000, answers.rpc()));
  await open(modern('tools/list', { token: scene.token() }), 'a running call');
  await scene.upstream.waitFor(1);
  const ask = async (path: string): Promise<number> => (await rawRequest(scene.gateway.adminPort, { path })).status;
  await until('the gateway is ready', async () => (await ask('/readyz')) === 200);
  stop('SIGTERM');
  await until('the gateway is not ready', async () => (await ask('/readyz')) === 503);
  expect(await ask('/healthz')).toBe(200);
  expect(await ended()).toEqual({ code: 0, signal: null });
});

// Six runs in two tests, because each run is a process.
test.each([1, 2])('gateway.stopped is the last line, even after a call just before the signal: %i', async () => {
  for (let n = 0; n < 3; n++) {
    const { gateway, passes, stop: stopAll } = await startScene({ process: true });
    try {
      const id = (await passes()).header('x-request-id');
      process.kill(gateway.pid, 'SIGTERM');
      expect(await withDeadline('the gateway ends', gateway.exited, 5000)).toEqual({ code: 0, signal: null });
      const lines = gateway.logs();
      expect([lines.filter(({ requestId }) => requestId === id).length, lines.at(-1)?.event]).toEqual([1, 'gateway.stopped']);
    } finally {
      await stopAll();
    }
  }
});
