// Two gateways count together in a real Redis or Valkey. When it is away, no call fails, and each
// counts on its own. `npm run verify -- --only redis` fails where no Redis is installed.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { certificate } from '../fixtures/certificate.js';
import { ownPort } from '../fixtures/ports.js';
import { REDIS_SERVER, type RedisProcess, redisVersion, startRedis } from '../fixtures/redis.js';
import { until } from '../fixtures/wait.js';
import { type Replicas, startReplicas } from '../support/limit-replicas.js';

const version = redisVersion();
const isRequired = process.env.PORTCULLIS_REDIS_REQUIRED === '1';
const MINUTE = { ratePerMinute: 6 };

test('a Redis is installed, or these tests say that they did not run', (context) => {
  if (isRequired) expect(version, `${REDIS_SERVER} is not installed`).not.toBeNull();
  if (version === null) context.skip(`${REDIS_SERVER} is not installed: apt-get install redis-server`);
});

let stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
  stops = [];
});

async function redisAt(args: string[] = []): Promise<RedisProcess> {
  const redis = await startRedis(args);
  stops.push(() => redis.kill());
  return redis;
}
async function replicasAt(...[rate, limits, env]: Parameters<typeof startReplicas>): Promise<Replicas> {
  const replicas = await startReplicas(rate, limits, env);
  stops.push(() => replicas.stop());
  return replicas;
}
const areUp = (replicas: Replicas): Promise<unknown> =>
  until('both count in the store', async () => (await replicas.storeUp()).every((up) => up === 1));
const areDown = (replicas: Replicas): Promise<unknown> =>
  until('both know that the store is away', async () => (await replicas.storeUp()).every((up) => up === 0));
const urlOf = ({ port }: RedisProcess): string => `redis://127.0.0.1:${port}`;

describe.skipIf(version === null)(`with ${version?.split(' ').slice(0, 3).join(' ')}`, () => {
  test('two gateways share one limit, and the store has hashes that end (E-10, per replica or global)', async () => {
    const redis = await redisAt();
    const replicas = await replicasAt(MINUTE, { store: urlOf(redis) });
    await areUp(replicas);
    expect(await replicas.statuses(8)).toEqual([200, 200, 200, 200, 200, 200, 429, 429]);
    expect(await replicas.statuses(2, 'another caller')).toEqual([200, 200]);
    const rejected = await replicas.call(1);
    expect([rejected.status, rejected.header('ratelimit-remaining')]).toEqual([429, '0']);
    expect(Number(rejected.header('retry-after'))).toBeLessThanOrEqual(60);
    const keys = (await redis.ask('KEYS *')).split('\r\n').filter((line) => line.startsWith('portcullis:'));
    const counts = keys.filter((key) => key !== 'portcullis:probe');
    expect(counts.length).toBe(2);
    for (const key of counts) {
      expect(key).toMatch(/^portcullis:[\w-]{43}$/);
      expect(Number((await redis.ask(`TTL ${key}`)).slice(1))).toBeGreaterThan(0);
    }
    expect(replicas.lines('limits.store_down')).toEqual([]);
  }, 60_000);

  test('killed and started in mid-load: no 5xx, limits hold locally meanwhile, and are shared again', async () => {
    const redis = await redisAt();
    // Windows of a second.
    const replicas = await replicasAt({ ratePerMinute: 1200, burst: 20 }, { store: urlOf(redis) });
    await areUp(replicas);
    const answers: { atMs: number; status: number }[] = [];
    let isRunning = true;
    async function load(replica: 0 | 1): Promise<void> {
      while (isRunning) {
        const { status } = await replicas.call(replica);
        answers.push({ atMs: performance.now(), status });
        await sleep(8);
      }
    }
    const callers = [load(0), load(1), load(0), load(1)];
    const SPAN_MS = 3000;
    /** Calls that passed within three seconds, which meet at most four windows of one count. */
    async function passed(): Promise<number> {
      const from = performance.now();
      await sleep(SPAN_MS);
      return answers.filter(({ atMs, status }) => atMs >= from && atMs < from + SPAN_MS && status === 200).length;
    }
    const before = await passed();
    await redis.kill();
    await areDown(replicas);
    const meanwhile = await passed();
    await redis.start();
    await areUp(replicas);
    const after = await passed();
    isRunning = false;
    await Promise.all(callers);
    const rejections = answers.filter(({ status }) => status !== 200 && status !== 429);
    expect(rejections).toEqual([]);
    console.log(`passed in 3 s: ${before} shared, ${meanwhile} while the store is away, ${after} shared again`);
    for (const shared of [before, after]) {
      expect(shared).toBeLessThanOrEqual(4 * 20);
      expect(shared).toBeGreaterThan(20);
    }
    expect(meanwhile).toBeLessThanOrEqual(2 * 4 * 20);
    expect(meanwhile).toBeGreaterThan(4 * 20);
    // One line for each replica, not for each call.
    expect(replicas.lines('limits.store_down').length).toBe(2);
    expect(replicas.lines('limits.store_down')[0]).toMatchObject({ level: 'error' });
  }, 60_000);

  test('a store that answers nothing delays a call by little, and fails none', async () => {
    const redis = await redisAt();
    const replicas = await replicasAt(MINUTE, { store: urlOf(redis) });
    await areUp(replicas);
    expect(await replicas.statuses(2)).toEqual([200, 200]);
    redis.freeze();
    const started = performance.now();
    expect(await replicas.statuses(6, 'frozen')).toEqual([200, 200, 200, 200, 200, 200]);
    expect(performance.now() - started).toBeLessThan(3000);
    await areDown(replicas);
    redis.thaw();
    await areUp(replicas);
    // The counts of before are still there.
    expect(await replicas.statuses(5)).toEqual([200, 200, 200, 200, 429]);
  }, 60_000);

  test('onStoreDown reject: 503 with Retry-After until the store is back', async () => {
    const redis = await redisAt();
    const replicas = await replicasAt(MINUTE, { store: urlOf(redis), onStoreDown: 'reject' });
    await areUp(replicas);
    expect(await replicas.statuses(2)).toEqual([200, 200]);
    await redis.kill();
    await areDown(replicas);
    const rejected = await replicas.call(0);
    expect([rejected.status, rejected.header('retry-after')]).toEqual([503, '5']);
    await until('the log has it', () => replicas.lines('authorize.limits_down')[0]?.reason === 'limits.unavailable');
    await redis.start();
    await areUp(replicas);
    expect(await replicas.statuses(2)).toEqual([200, 200]);
  }, 60_000);

  test('a gateway starts without the store, and counts there once it is up', async () => {
    const redis = await redisAt();
    await redis.kill();
    const replicas = await replicasAt(MINUTE, { store: urlOf(redis) });
    expect(await replicas.statuses(12)).toEqual(Array(12).fill(200));
    expect((await replicas.call(0)).status).toBe(429);
    await redis.start();
    await areUp(replicas);
    expect(await replicas.statuses(7, 'later')).toEqual([200, 200, 200, 200, 200, 200, 429]);
  }, 60_000);

  test('a password from a secret; a wrong one is in no log, and the gateway counts on its own', async () => {
    const password = 'a-password-of-the-store';
    const redis = await redisAt(['--requirepass', password]);
    const url = (value: string) => `redis://:${value}@127.0.0.1:${redis.port}/1`;
    const store = '${env:STORE}';
    const good = await replicasAt(MINUTE, { store }, { STORE: url(password) });
    await areUp(good);
    expect(await good.statuses(7)).toEqual([200, 200, 200, 200, 200, 200, 429]);
    const wrong = await replicasAt(MINUTE, { store }, { STORE: url('another-password') });
    expect(await wrong.statuses(12)).toEqual(Array(12).fill(200));
    await until('both say it', () => wrong.lines('limits.store_down').length === 2);
    expect(wrong.gateways.map((gateway) => gateway.output()).join()).not.toMatch(/another-password|a-password/);
  }, 60_000);

  test('over TLS, with a certificate of an own authority, and not with another one', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'portcullis-redis-'));
    stops.push(() => rm(folder, { recursive: true }));
    const authority = certificate({ name: 'an authority', authority: true });
    const { cert, key } = certificate({ name: 'redis', hosts: ['127.0.0.1'], by: authority });
    const files = { 'ca.pem': authority.cert, 'cert.pem': cert, 'key.pem': key };
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const tlsPort = await ownPort();
    const of = (name: string) => join(folder, name);
    const tls = ['--tls-cert-file', of('cert.pem'), '--tls-key-file', of('key.pem'), '--tls-ca-cert-file', of('ca.pem')];
    const started = await redisAt(['--tls-port', String(tlsPort), ...tls, '--tls-auth-clients', 'no']).catch(String);
    if (typeof started === 'string' && started.includes('Failed finding TLS support')) context.skip('this build has no TLS');
    expect(started).toMatchObject({ port: expect.any(Number) });
    const limits = { store: `rediss://127.0.0.1:${tlsPort}` };
    const good = await replicasAt(MINUTE, limits, { NODE_EXTRA_CA_CERTS: of('ca.pem') });
    await areUp(good);
    expect(await good.statuses(7)).toEqual([200, 200, 200, 200, 200, 200, 429]);
    const stranger = await replicasAt(MINUTE, limits);
    await until('both say it', () => stranger.lines('limits.store_down').length === 2);
    expect(stranger.lines('limits.store_down')[0]?.detail).toMatch(/certificate/);
    expect(await stranger.statuses(2)).toEqual([200, 200]);
  }, 60_000);

  test('a stopped gateway leaves no connection behind', async () => {
    const redis = await redisAt();
    const replicas = await startReplicas(MINUTE, { store: urlOf(redis) });
    await areUp(replicas);
    const clients = async () => (await redis.ask('CLIENT LIST')).match(/^id=/gm)?.length;
    expect(await clients()).toBe(3);
    await replicas.stop();
    await until('the connections are closed', async () => (await clients()) === 1);
  }, 60_000);
});
