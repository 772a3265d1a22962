// A flood of unpublished key ids costs the issuer a handful of requests, whether it answers or not.
// A cold start costs it one request.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Gateway } from '../fixtures/gateway.js';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { modern } from '../fixtures/messages.js';
import { ecKey, type Mint } from '../fixtures/mint.js';
import { openRaw, type RawResponse, rawRequest, requestBytes } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { startConfigured } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';

const KIDS = 1000;
const FLOOD_MS = 10_000;
const BURST = 1000;

let issuers: Record<'up' | 'down' | 'cold', JwksIssuer>;
let upstream: RawUpstream;
let gateway: Gateway;

beforeAll(async () => {
  const [up, down, cold] = await Promise.all([startJwksIssuer(), startJwksIssuer(), startJwksIssuer({ keys: [ecKey()] })]);
  issuers = { up, down, cold };
  await cold.setMode('500');
  upstream = await startRawUpstream(answers.rpc());
  const algorithms = ['RS256', 'ES256'];
  const config = Object.fromEntries(
    Object.entries(issuers).map(([name, { issuer, jwksUri }]) => [name, { issuer, jwksUri, algorithms }]),
  );
  const endpoint = { path: '/mcp', issuers: Object.keys(config), scopes: ['files:read'] };
  gateway = await startConfigured({
    issuers: config,
    endpoints: [{ ...endpoint, upstream: { url: upstream.url, maxConcurrentRequests: BURST } }],
  });
});
afterAll(() => Promise.all([gateway.stop(), upstream.stop(), ...Object.values(issuers).map((issuer) => issuer.stop())]));

const call = (issuer: JwksIssuer, mint: Partial<Mint> = {}): Promise<RawResponse> => {
  const token = issuer.token({ audience: `${gateway.url}/mcp`, ...mint });
  return rawRequest(gateway.port, modern('tools/list', { token }), { ms: 15_000 });
};

function expectUnavailable(response: RawResponse): void {
  expect([response.status, response.headers('www-authenticate')]).toEqual([503, []]);
  expect(response.header('retry-after')).toMatch(/^([1-9]|[12]\d|30)$/);
}

/** Sends tokens that only a key could prove invalid, each with its own kid, during `FLOOD_MS`. */
async function flood(issuer: JwksIssuer, signature: Buffer): Promise<RawResponse[]> {
  const started = performance.now();
  const under: Promise<RawResponse>[] = [];
  for (let sent = 0; sent < KIDS; sent += 1) {
    under.push(call(issuer, { header: { kid: `random-${sent}-${Math.random()}` }, signature }));
    const early = started + (FLOOD_MS * sent) / KIDS - performance.now();
    if (early > 5) await sleep(early);
  }
  return Promise.all(under);
}

/** Calls again and again during the flood. Resolves to the answers. */
async function meanwhile(asked: () => Promise<RawResponse>): Promise<{ stop(): Promise<RawResponse[]> }> {
  const found: RawResponse[] = [];
  let on = true;
  const over = (async () => {
    while (on) {
      found.push(await asked());
      await sleep(200);
    }
  })();
  const stop = async (): Promise<RawResponse[]> => {
    on = false;
    await over;
    return found;
  };
  return { stop };
}

// Ten seconds of flood, and up to fifteen seconds of pauses after failed loads.
describe.concurrent('C-65: a thousand random kids in ten seconds', { timeout: 60_000 }, () => {
  const signature = Buffer.alloc(256, 1);

  test('cost an issuer that answers at most four fetches, and its new key works in the meantime', async () => {
    const { up } = issuers;
    const known = up.keys[0] as Mint['key'];
    expect((await call(up, { key: known })).status).toBe(200);
    up.rotate({ keepOld: true });
    const callers = await Promise.all([meanwhile(() => call(up)), meanwhile(() => call(up, { key: known }))]);
    const answered = await flood(up, signature);
    for (const caller of callers) {
      const found = await caller.stop();
      expect(found.length).toBeGreaterThan(5);
      expect(new Set(found.map(({ status }) => status))).toEqual(new Set([200]));
    }
    // Unknown, or newer than the last fetch and so not decidable. No token passes.
    for (const { status } of answered) expect([401, 503]).toContain(status);
    expect(up.hits.jwks).toBeLessThanOrEqual(4);

    // No fetch for unknown keys is left: a key that is published now is still unknown, which is not
    // the fault of its token.
    up.rotate({ keepOld: true });
    expectUnavailable(await call(up));
  });

  test('cost an issuer that is down at most six, and its known key works in the meantime', async () => {
    const { down } = issuers;
    const known = down.keys[0] as Mint['key'];
    expect((await call(down, { key: known })).status).toBe(200);
    await down.setMode('500', 'jwks');
    const before = down.hits.jwks;
    const caller = await meanwhile(() => call(down, { key: known }));
    const answered = await flood(down, signature);
    const found = await caller.stop();
    expect(found.length).toBeGreaterThan(5);
    expect(new Set(found.map(({ status }) => status))).toEqual(new Set([200]));
    for (const response of answered) expectUnavailable(response);
    expect(down.hits.jwks - before).toBeLessThanOrEqual(6);
    expect(down.hits.jwks - before).toBeGreaterThan(1);

    // Failures used up no fetch for unknown keys: the key of the outage works as soon as the issuer
    // answers.
    down.rotate({ keepOld: true });
    await down.setMode('ok');
    await until('the new key is known', async () => (await call(down)).status === 200, 15_000);
  });
});

test('C-65, C-66: a thousand parallel requests to a cold gateway cost one fetch', async () => {
  const { cold } = issuers;
  await until('the first load has failed', () =>
    gateway.logs().some(({ event, issuer }) => event === 'keys.load_failed' && issuer === cold.issuer),
  );
  // The pause after one failure is at most a second.
  await sleep(1100);
  const before = cold.hits.jwks;
  upstream.reset();
  const tokens = Array.from({ length: BURST }, () => cold.token({ audience: `${gateway.url}/mcp` }));
  await cold.setMode('ok');
  // The issuer sends the keys when all calls are written, or after 1.5 s on a slow machine: a fetch
  // ends after two seconds.
  let written = 0;
  let release = (): void => {};
  cold.held = Promise.race([new Promise<void>((resolve) => (release = resolve)), sleep(1500)]);
  const ask = async (token: string): Promise<number> => {
    const connection = await openRaw(gateway.port, { label: 'one of the burst', ms: 15_000 });
    try {
      await connection.write(requestBytes(gateway.port, modern('tools/list', { token })));
      written += 1;
      if (written === BURST) release();
      return (await connection.response()).status;
    } finally {
      connection.destroy();
    }
  };
  const statuses = await Promise.all(tokens.map(ask));
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect([cold.hits.jwks - before, upstream.hits]).toEqual([1, BURST]);
});
