// Signals that do not stop the gateway, and those that do. Without a listener, SIGHUP and SIGUSR2
// kill a process of Node, and SIGUSR1 opens its debugger. reload.slow.test.ts has the reload.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { ownPort } from '../fixtures/ports.js';
import type { GatewayProcess } from '../fixtures/process.js';
import { openRaw } from '../fixtures/raw-client.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until, withDeadline } from '../fixtures/wait.js';

let scene: Scene<GatewayProcess>;
afterEach(async () => {
  await scene.gateway.stop('SIGKILL');
  await Promise.all([scene.issuer.stop(), scene.upstream.stop()]);
});
const send = (signal: NodeJS.Signals): void => void process.kill(scene.gateway.pid, signal);
const ended = () => withDeadline('the gateway ends', scene.gateway.exited, 5000);

test('E-11: SIGHUP reloads, also twice at once, and the shutdown ignores it', async () => {
  scene = await startScene({
    process: true,

    root: { drain: { delaySeconds: 1 } },
  });
  const reloads = () => scene.gateway.logs().filter(({ event }) => event === 'config.reloaded');
  for (let count = 1; count <= 3; count++) {
    send('SIGHUP');
    await until(`reload ${count}`, () => reloads().length === count);
  }
  send('SIGHUP');
  send('SIGHUP');
  await until('one more reload', () => reloads().length > 3);
  send('SIGTERM');
  await until('the shutdown', () => scene.gateway.logs().some(({ event }) => event === 'gateway.stopping'));
  send('SIGHUP');
  expect(await ended()).toEqual({ code: 0, signal: null });
  const ignored = scene.gateway.logs().find(({ event }) => event === 'config.reload_ignored');
  expect(ignored).toMatchObject({ level: 'warn', detail: 'the gateway is stopping; the next start reads the files' });
});

test.each<[NodeJS.Signals, RegExp]>([
  ['SIGUSR1', /does not open the debugger/],
  ['SIGUSR2', /no effect/],
])('E-11: %s writes a warning, and the gateway goes on', async (signal, detail) => {
  const inspector = await ownPort();
  scene = await startScene({ process: true, env: { NODE_OPTIONS: `--inspect-port=127.0.0.1:${inspector}` } });
  await scene.passes();
  for (let count = 1; count <= 2; count++) {
    send(signal);
    const lines = () => scene.gateway.logs().filter(({ event }) => event === 'gateway.signal_ignored');
    await until(`line ${count} about ${signal}`, () => lines().length === count);
    expect(lines().at(-1)).toMatchObject({ level: 'warn', signal, detail: expect.stringMatching(detail) });
  }
  await scene.passes();
  await expect(openRaw(inspector)).rejects.toThrow('ECONNREFUSED');
  // A signal before it changes nothing about the first signal to stop.
  send('SIGTERM');
  expect(await ended()).toEqual({ code: 0, signal: null });
  expect(scene.gateway.logs().at(-1)?.event).toBe('gateway.stopped');
});

test.each<NodeJS.Signals>(['SIGPIPE', 'SIGWINCH'])('E-11: %s changes nothing', async (signal) => {
  scene = await startScene({ process: true });
  await scene.passes();
  send(signal);
  await sleep(300);
  await scene.passes();
  expect(scene.gateway.logs().some(({ event }) => event === 'gateway.signal_ignored')).toBe(false);
});

test('E-11: SIGQUIT drains, as SIGTERM and SIGINT do', async () => {
  scene = await startScene({ process: true });
  await scene.passes();
  send('SIGQUIT');
  expect(await ended()).toEqual({ code: 0, signal: null });
  expect(scene.gateway.logs().at(-1)).toMatchObject({ event: 'gateway.stopped', cut: 0 });
});
