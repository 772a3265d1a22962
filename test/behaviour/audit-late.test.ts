// Calls whose body is late: an audit that fails meanwhile rejects them, and the record of one that
// ends during the shutdown is written.
import { symlinkSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { bytesOf, goodCall } from '../fixtures/pieces.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';
import { auditFile, recordsOf } from '../support/audit-scene.js';

const LATE_BYTES = 5;

let scene: Scene;
afterEach(() => scene.stop());

interface LateCall {
  readonly socket: Socket;
  answer(): string;
  finish(): void;
}

/** A call whose last bytes are not sent, once the gateway waits for them. */
async function lateCall(): Promise<LateCall> {
  const bytes = bytesOf(goodCall(scene.gateway.port), scene.token());
  const socket = connect(scene.gateway.port, '127.0.0.1');
  let text = '';
  socket.on('data', (part) => {
    text += part.toString();
  });
  socket.on('error', () => {});
  socket.write(bytes.subarray(0, -LATE_BYTES));
  await until('the call', async () => /^portcullis_http_requests_in_flight 1$/m.test(await scene.gateway.metrics()));
  return { socket, answer: () => text, finish: () => socket.write(bytes.subarray(-LATE_BYTES)) };
}

test('reject: a body that ends after the audit has failed is not forwarded', async () => {
  const file = auditFile();
  scene = await startScene({ root: { audit: { file, onFailure: 'reject' } } });
  const good = await lateCall();
  good.finish();
  await until('the answer', () => /^HTTP\/1.1 200 /.test(good.answer()));
  expect(scene.upstream.hits).toBe(1);
  good.socket.destroy();
  await scene.stop();

  const full = auditFile();
  symlinkSync('/dev/full', full);
  scene = await startScene({ root: { audit: { file: full, onFailure: 'reject' } } });
  const late = await lateCall();
  await scene.passes();
  await until('the audit is down', async () => /^portcullis_audit_up 0$/m.test(await scene.gateway.metrics()));
  const { hits } = scene.upstream;
  late.finish();
  await until('the rejection', () => /^HTTP\/1.1 503 /.test(late.answer()));
  expect(scene.upstream.hits).toBe(hits);
  late.socket.destroy();
});

test('a client that leaves during the shutdown leaves a record', async () => {
  const file = auditFile();
  scene = await startScene({ root: { audit: { file } } });
  const { socket } = await lateCall();
  const stopped = scene.gateway.stop('SIGTERM');
  await until('the shutdown', () => scene.gateway.logs().some(({ event }) => event === 'gateway.stopping'));
  socket.destroy();
  await stopped;
  expect(recordsOf(file)).toMatchObject([{ verdict: 'failed', reason: 'client.disconnected' }]);
  expect(scene.gateway.logs().at(-1)).toMatchObject({ event: 'gateway.stopped', cut: 0 });
});

test('a call that the end of the drain cuts leaves a record', async () => {
  const file = auditFile();
  scene = await startScene({ root: { audit: { file } } });
  const { socket } = await lateCall();
  await scene.gateway.stop();
  expect(recordsOf(file)).toMatchObject([{ verdict: 'failed', reason: 'client.disconnected' }]);
  expect(scene.gateway.logs().at(-1)).toMatchObject({ event: 'gateway.stopped', cut: 1 });
  socket.destroy();
});
