// 200 reloads under load, each with a real change, and broken files between them: no call fails, no
// stream ends, and the process keeps no socket, timer or memory of them.
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { type HeaderLine, legacy, modern } from '../fixtures/messages.js';
import { type GatewayProcess, startProcess } from '../fixtures/process.js';
import { rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { configuredText } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';
import { FIRST, openStream } from '../support/stream-calls.js';

const RELOADS = 200;
const CALLERS = 4;

let issuer: JwksIssuer;
let tenantIssuer: JwksIssuer;
let upstream: RawUpstream;
let gateway: GatewayProcess;
beforeAll(async () => {
  [issuer, tenantIssuer, upstream] = await Promise.all([startJwksIssuer(), startJwksIssuer(), startRawUpstream()]);
  upstream.answer((exchange) => {
    if (exchange.req.method !== 'GET') return answers.rpc()(exchange);
    exchange.res.writeHead(200, { 'content-type': 'text/event-stream' });
    exchange.res.write(FIRST);
  });
});
afterAll(async () => {
  await gateway?.stop('SIGKILL');
  await Promise.all([issuer.stop(), tenantIssuer.stop(), upstream.stop()]);
});

/** Changes in turn: a tenant comes and goes, a limit changes, the level of the log changes. */
function textOf(n: number): string {
  const url = (path: string): string => `${upstream.url}${path}`;
  const changing = { url: url('/up'), maxConcurrentRequests: n % 4 === 2 ? 20 : 30 };
  return configuredText({
    logLevel: n % 4 === 3 ? 'warn' : 'info',
    issuers: { main: { issuer: issuer.issuer }, ...(n % 4 === 1 && { tenant: { issuer: tenantIssuer.issuer } }) },
    endpoints: [
      { path: '/mcp', issuers: ['main'], upstream: { url: url('/up'), maxConcurrentRequests: 50 } },
      { path: '/changing/mcp', issuers: ['main'], upstream: changing },
      ...(n % 4 === 1 ? [{ path: '/tenant/mcp', issuers: ['tenant'], upstream: url('/tenant') }] : []),
    ],
  });
}

const metricsOf = async (): Promise<(name: string) => number> => {
  const text = await gateway.metrics();
  return (name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
};
const bearer = (path: string): HeaderLine => ['Authorization', `Bearer ${issuer.token({ audience: gateway.url + path })}`];

/**
 * Runs in the gateway. At SIGUSR2 it collects the garbage, and prints what is left. Intervals that
 * do not keep a process alive are in no list of Node, so it counts them itself.
 */
const PROBE = `
const intervals = new Set();
const { setInterval: start, clearInterval: stop } = globalThis;
globalThis.setInterval = (...from) => {
  const timer = start(...from);
  intervals.add(timer);
  return timer;
};
globalThis.clearInterval = (timer) => {
  intervals.delete(timer);
  stop(timer);
};
process.on('SIGUSR2', () => {
  gc();
  setTimeout(() => {
    gc();
    const heapMib = process.memoryUsage().heapUsed / 2 ** 20;
    console.log(JSON.stringify({ event: 'test.held', heapMib, intervals: intervals.size }));
  }, 50);
});`;

interface Held {
  readonly heapMib: number;
  readonly intervals: number;
  readonly descriptors: number;
  readonly watches: number;
}

async function held(): Promise<Held> {
  const lines = () => gateway.logs().filter(({ event }) => event === 'test.held');
  const count = lines().length;
  process.kill(gateway.pid, 'SIGUSR2');
  await until('the line of the probe', () => lines().length > count);
  const { heapMib, intervals } = lines().at(-1) as unknown as Held;
  const folder = `/proc/${gateway.pid}`;
  const descriptors = readdirSync(`${folder}/fd`);
  const watches = descriptors.flatMap((fd) => {
    try {
      return readFileSync(`${folder}/fdinfo/${fd}`, 'utf8').match(/^inotify wd:/gm) ?? [];
    } catch {
      return [];
    }
  });
  return { heapMib, intervals, descriptors: descriptors.length, watches: watches.length };
}

test('200 reloads under load: no failed call, no ended stream, nothing left behind', async () => {
  gateway = await startProcess({
    config: textOf(0),
    args: ['--watch'],
    env: { NODE_OPTIONS: `--expose-gc --import=data:text/javascript,${encodeURIComponent(PROBE)}` },
  });
  const reloads = async (result: string): Promise<number> =>
    (await metricsOf())(`portcullis_reloads_total\\{part="config",result="${result}"\\}`);
  const stream = await openStream(gateway.port, legacy('', { method: 'GET', headers: [bearer('/mcp')] }));
  await until('the first event', () => stream.received().includes(FIRST));

  const statuses = new Map<string, number>();
  /** Calls of several callers, without a pause, for as long as `work` takes. */
  async function underLoad(work: () => Promise<void>): Promise<void> {
    let isOver = false;
    const callers = Array.from({ length: CALLERS }, async (_, i) => {
      const path = i % 2 === 0 ? '/mcp' : '/changing/mcp';
      const line = bearer(path);
      while (!isOver) {
        const { status } = await rawRequest(gateway.port, modern('tools/list', { path, headers: [line] }));
        statuses.set(`${path} ${status}`, (statuses.get(`${path} ${status}`) ?? 0) + 1);
      }
    });
    await work().finally(() => {
      isOver = true;
    });
    await Promise.all(callers);
    // The pools of the last configurations stop their timers.
    await sleep(1_500);
  }

  let broken = 0;
  async function reloadTo(last: number, from: number): Promise<void> {
    for (let n = from; n <= last; n++) {
      if (n % 20 === 10) {
        await gateway.write('endpoints: [');
        process.kill(gateway.pid, 'SIGHUP');
        broken += 1;
        await until('a reload that failed', async () => (await reloads('failure')) >= broken);
      }
      await gateway.write(textOf(n));
      process.kill(gateway.pid, 'SIGHUP');
      await until(`reload ${n}`, async () => (await reloads('success')) >= n);
    }
  }
  // Code and caches are complete after some reloads.
  await underLoad(() => reloadTo(RELOADS / 4, 1));
  const before = await held();
  await underLoad(() => reloadTo(RELOADS, RELOADS / 4 + 1));
  const after = await held();
  console.log(JSON.stringify({ before, after, calls: Object.fromEntries(statuses) }));

  expect([...statuses.keys()].sort()).toEqual(['/changing/mcp 200', '/mcp 200']);
  expect(stream.received().endsWith('\r\n0\r\n\r\n')).toBe(false);
  // The watcher saw the same files, and may have read one of them again.
  expect(await reloads('failure')).toBeLessThanOrEqual(broken * 2);
  expect((await metricsOf())('portcullis_reload_up\\{part="config"\\}')).toBe(1);
  expect([after.intervals, after.watches]).toEqual([before.intervals, before.watches]);
  // Each caller may have left a free connection to the upstream.
  expect(after.descriptors).toBeLessThanOrEqual(before.descriptors + CALLERS + 2);
  expect(after.heapMib).toBeLessThan(before.heapMib + 3);
  stream.destroy();
  const exit = await gateway.stop('SIGTERM');
  expect(exit).toBe(0);
}, 240_000);
