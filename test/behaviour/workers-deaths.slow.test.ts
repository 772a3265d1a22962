// A worker that is killed under sustained load costs the calls that it had, and nothing more.
// Workers that cannot start end the gateway.
import { writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { modern } from '../fixtures/messages.js';
import { startProcess } from '../fixtures/process.js';
import { openRaw, type RawConnection, requestBytes } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { configuredText } from '../fixtures/scene.js';
import { withDeadline } from '../fixtures/wait.js';
import { startWorkersScene, untilReady, workerOf, workerPids } from '../support/workers.js';

const CALLERS = 16;

test('kill -9 under load: each caller of that worker loses one call, the others none', { timeout: 90_000 }, async () => {
  const scene = await startWorkersScene();
  try {
    scene.upstream.answer(answers.delayed(20, answers.rpc()));
    const request = requestBytes(scene.gateway.port, modern('tools/list', { token: scene.token() }));
    let goesOn = true;
    /** A caller with a kept connection: the worker of its first answer, and what it lost. */
    async function caller(): Promise<{ first: string; good: number; lost: number }> {
      const outcome = { first: '', good: 0, lost: 0 };
      let connection: RawConnection | null = null;
      while (goesOn) {
        connection ??= await openRaw(scene.gateway.port, { ms: 20_000 });
        // A connection that ends without an answer has no status.
        const response = await connection.write(request).then(() => (connection as RawConnection).response({ ms: 20_000 }));
        if (outcome.first === '') outcome.first = workerOf(response);
        if (response.status === 200) outcome.good += 1;
        else {
          outcome.lost += 1;
          connection = null;
        }
      }
      connection?.destroy();
      return outcome;
    }
    const running = Array.from({ length: CALLERS }, caller);
    await sleep(1_000);
    process.kill(workerPids(scene)[0] as number, 'SIGKILL');
    await untilReady(scene);
    await sleep(1_000);
    goesOn = false;
    const outcomes = await Promise.all(running);
    const workers = [...new Set(outcomes.map(({ first }) => first))];
    const lost = workers.map((worker) => outcomes.filter(({ first }) => first === worker).map((one) => one.lost));
    expect(lost.map((all) => all.length)).toEqual([CALLERS / 2, CALLERS / 2]);
    expect(lost.map((all) => [...new Set(all)]).sort()).toEqual([[0], [1]]);
    expect(Math.min(...outcomes.map(({ good }) => good))).toBeGreaterThan(10);
  } finally {
    await scene.gateway.stop('SIGKILL');
    await Promise.all([scene.issuer.stop(), scene.upstream.stop()]);
  }
});

test('five workers that die at the start: exit code 1, and the reason', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-test-'));
  const deadly = join(folder, 'deadly.cjs');
  writeFileSync(deadly, 'if (/worker\\.js$/.test(process.argv[1])) process.exit(3);\n');
  const gateway = await startProcess({
    config: configuredText({
      workers: 2,
      issuers: { main: { issuer: 'http://127.0.0.1:9/issuer' } },
      endpoints: [{ path: '/mcp', issuers: ['main'], scopes: ['a'], upstream: 'http://127.0.0.1:9/mcp' }],
    }),
    env: { NODE_OPTIONS: `--require=${deadly}` },
    ready: false,
  });
  const exit = await withDeadline('the gateway ends', gateway.exited, 30_000).finally(() => gateway.stop('SIGKILL'));
  expect(exit).toEqual({ code: 1, signal: null });
  expect(gateway.logs().filter(({ event }) => event === 'worker.died')).toHaveLength(5);
  expect(gateway.output()).toContain('5 workers ended within 60 s of the start, the last one with exit code 3: fix');
});
