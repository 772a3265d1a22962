// A flood of random opaque tokens: known tokens stay 200, the issuer gets a bounded part of the
// flood, and memory stays flat.
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { modern } from '../fixtures/messages.js';
import { type GatewayProcess, residentMib } from '../fixtures/process.js';
import { ENV_SECRET, type Scene, startScene } from '../fixtures/scene.js';

const CONNECTIONS = 400;
const KNOWN = Array.from({ length: 8 }, (_, i) => `known-${i}`);

let scene: Scene<GatewayProcess>;
let flooders: Pool;
let friends: Pool;
const seen = { now: 0, most: 0, strangers: 0, known: 0 };

beforeAll(async () => {
  // Cached for a second only, so that known tokens need an introspection within the flood.
  const introspection = { clientId: 'gateway', clientSecret: ENV_SECRET, activeCacheSeconds: 1 };
  scene = await startScene({ process: true, issuer: { introspection }, env: { SECRET: 's3cret' } });
  scene.issuer.introspect = async (form) => {
    seen.now += 1;
    seen.most = Math.max(seen.most, seen.now);
    const known = KNOWN.includes(form.get('token') ?? '');
    seen[known ? 'known' : 'strangers'] += 1;
    await sleep(20);
    seen.now -= 1;
    return known ? { active: true, sub: 'alice', aud: scene.resource, scope: 'files:read' } : { active: false };
  };
  flooders = new Pool(scene.gateway.url, { connections: CONNECTIONS });
  friends = new Pool(scene.gateway.url, { connections: KNOWN.length });
});
afterAll(async () => {
  await Promise.all([flooders.close(), friends.close()]);
  await scene.stop();
});

async function call(pool: Pool, token: string): Promise<number> {
  const { path, headers = [], body } = modern('tools/list', { token });
  const { statusCode, body: answer } = await pool.request({
    method: 'POST',
    path: path as string,
    headers: headers.flat(),
    body: body as string,
  });
  await answer.dump();
  return statusCode;
}

let count = 0;
/** Sends at least this many random tokens, and more until `enough`. Resolves to status counts. */
async function flood(tokens: number, enough = (): boolean => true): Promise<Map<number, number>> {
  const [least, most] = [count + tokens, count + 20 * tokens];
  const statuses = new Map<number, number>();
  const one = async (): Promise<void> => {
    while (count < least || (count < most && !enough())) {
      count += 1;
      const status = await call(flooders, `random-${count}-${Math.random()}`);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
  return statuses;
}

/** Calls with every known token in turn, until `stop`. */
function befriend(): { stop(): Promise<number[]> } {
  let going = true;
  const statuses: number[] = [];
  const loops = KNOWN.map(async (token) => {
    while (going) {
      statuses.push(await call(friends, token));
      await sleep(10);
    }
  });
  return {
    async stop() {
      going = false;
      await Promise.all(loops);
      return statuses;
    },
  };
}

test('C-86, C-91, E-02: known tokens stay 200, and the introspection of random tokens is bounded', async () => {
  for (const token of KNOWN) expect(await call(friends, token)).toBe(200);
  await flood(3000);
  const before = residentMib(scene.gateway.pid);
  const askedBefore = seen.known;
  scene.upstream.reset();

  const friendly = befriend();
  const statuses = await flood(9000, () => seen.known >= askedBefore + KNOWN.length);
  const known = await friendly.stop();

  expect(new Set(known)).toEqual(new Set([200]));
  expect(known.length).toBeGreaterThan(KNOWN.length);
  // The issuer got them in the meantime, while random tokens had every slot that they may have.
  expect(seen.known - askedBefore).toBeGreaterThanOrEqual(KNOWN.length);
  expect(seen.most).toBeGreaterThanOrEqual(32);
  expect(seen.most).toBeLessThanOrEqual(32 + KNOWN.length);
  // 401 where the issuer rejected the token, 503 where it was not asked, and no other status.
  expect([...statuses.keys()].sort()).toEqual([401, 503]);
  expect(seen.strangers).toBeLessThan(count);
  expect(scene.upstream.hits).toBe(known.length);
  expect(residentMib(scene.gateway.pid) - before).toBeLessThan(64);
  expect(await call(friends, KNOWN[0] as string)).toBe(200);
}, 120_000);
