// Guesses of secrets at the token endpoint, from many addresses and from the address of a good
// client: bounded work and memory, answers that tell nothing, and good clients without harm.
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Grant, type MadeKey, makeKey, ringKey, tokenRequest } from '../fixtures/bridged.js';
import { modern } from '../fixtures/messages.js';
import { type GatewayProcess, residentMib } from '../fixtures/process.js';
import type { RawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { startConfigured } from '../fixtures/scene.js';

const GUESSES = 10_000;
const CONNECTIONS = 50;
const PARTNERS = Array.from({ length: 60 }, (_, i): [string, MadeKey] => [`partner-${i}`, makeKey()]);

let upstream: RawUpstream;
let gateway: GatewayProcess;
let attackers: Pool;
let friends: Pool;

beforeAll(async () => {
  upstream = await startRawUpstream(answers.rpc());
  const entry = ({ sha256 }: MadeKey) => ({ sha256, scopes: ['files:read'] });
  const config = {
    // The guesses come through a proxy that both sides of this test may be.
    trustedProxies: ['127.0.0.1'],
    apiKeys: Object.fromEntries(PARTNERS.map(([name, key]) => [name, entry(key)])),
    bridge: { keys: ['${env:BRIDGE_KEY}'] },
    endpoints: [{ path: '/mcp', apiKeys: [{ header: 'X-Api-Key' }], scopes: ['files:read'], upstream: upstream.url }],
  };
  gateway = await startConfigured(config, { process: true, env: { BRIDGE_KEY: ringKey().pem } });
  attackers = new Pool(gateway.url, { connections: CONNECTIONS });
  friends = new Pool(gateway.url, { connections: 4 });
});
afterAll(async () => {
  await Promise.all([attackers.close(), friends.close()]);
  await gateway.stop();
  await upstream.stop();
});

type Answer = { status: number; headers: Record<string, unknown>; body: string };

async function send(pool: Pool, { method = 'POST', path = '/', headers = [], body }: RawRequest): Promise<Answer> {
  const request = { method: method as 'POST', path, headers: headers.flat(), ...(body !== undefined && { body }) };
  const { statusCode, headers: got, body: stream } = await pool.request(request);
  return { status: statusCode, headers: got, body: await stream.text() };
}

const grant = (pool: Pool, change: Grant): Promise<Answer> => send(pool, tokenRequest(change));
const tokenOf = ({ body }: Answer): string => (JSON.parse(body) as { access_token: string }).access_token;

/** Sends this many guesses at once on all connections. Resolves to the count of each status. */
async function guess(count: number, make: (i: number) => Grant): Promise<Map<number, number>> {
  const statuses = new Map<number, number>();
  let sent = 0;
  const one = async (): Promise<void> => {
    while (sent < count) {
      const { status } = await grant(attackers, make(sent++));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
  return statuses;
}

type Friend = { statuses: number[]; slowestMs: number };

/** A good client: a grant and calls with its token, again and again until `isOver`. */
async function friend(index: number, address: string, isOver: () => boolean): Promise<Friend> {
  const found: Friend = { statuses: [], slowestMs: 0 };
  const timed = async (work: () => Promise<Answer>): Promise<Answer> => {
    const started = performance.now();
    const answer = await work();
    found.slowestMs = Math.max(found.slowestMs, performance.now() - started);
    found.statuses.push(answer.status);
    return answer;
  };
  // Ten grants of one key are allowed in a minute, so that it goes on with the next key.
  for (let round = 0; round < 10 || !isOver(); round++) {
    if (round >= 90) break;
    const [id, key] = PARTNERS[index * 10 + Math.floor(round / 9)] as [string, MadeKey];
    const answer = await timed(() => grant(friends, { id, secret: key.key, address }));
    if (answer.status !== 200) continue;
    for (let i = 0; i < 5; i++) await timed(() => send(friends, modern('tools/list', { token: tokenOf(answer) })));
    await timed(() => send(friends, modern('tools/list', { headers: [['X-Api-Key', key.key]] })));
    await sleep(20);
  }
  return found;
}

const floods: [string, (i: number) => Grant][] = [
  ['an unknown id, one address for each guess', (i) => ({ id: `guess-${i}`, secret: makeText(i) })],
  ['a known id, the address of the good client', (i) => ({ id: 'partner-0', secret: makeText(i), address: '203.0.113.7' })],
  ['ids and secrets of the longest kind', (i) => ({ id: `x${i}`.repeat(200), secret: makeText(i).repeat(30), by: 'post' })],
];
/** Without the ledger of secrets, which would be full of guesses. */
const makeText = (i: number): string => `${i}-${Math.random().toString(36)}-${Math.random().toString(36)}`;

/** The whole answers to each kind of wrong guess, without the date and the request id. */
async function wrongAnswers(): Promise<string[]> {
  const known = PARTNERS[50] as [string, MadeKey];
  const other = PARTNERS[51] as [string, MadeKey];
  const wrong: [string, string][] = [
    ['nobody', makeText(1)],
    [known[0], makeText(2)],
    ['nobody', known[1].key],
    [known[0], other[1].key],
    [known[0], known[1].sha256],
  ];
  const found = await Promise.all(wrong.map(([id, secret]) => grant(attackers, { id, secret })));
  return found.map(({ status, headers: { date: _, 'x-request-id': __, ...headers }, body }) =>
    JSON.stringify([status, headers, body]),
  );
}

test('the answer to each kind of wrong guess is the same', async () => {
  const [first, ...others] = await wrongAnswers();
  expect(first).toMatch(/^\[401,.*invalid_client/);
  expect(new Set(others)).toEqual(new Set([first]));
});

/** Answers with 401 since the start. */
let rejected = 0;
const began = performance.now();

describe.each(floods)(`${GUESSES} guesses: %s`, (_name, make) => {
  const at = floods.findIndex(([name]) => name === _name);

  test('bounded memory, 401 for few and 429 for most, and a good client gets each grant and call', async () => {
    // Afterwards the code is compiled, and the maps are full.
    const early = await guess(GUESSES, make);
    const before = residentMib(gateway.pid);
    let over = false;
    const good = friend(at, '203.0.113.7', () => over);
    const statuses = await guess(GUESSES, make);
    over = true;
    const { statuses: friendly, slowestMs } = await good;
    expect(friendly.length).toBeGreaterThan(50);
    expect(new Set(friendly)).toEqual(new Set([200]));
    expect(slowestMs).toBeLessThan(1500);
    expect([401, 429]).toEqual(expect.arrayContaining([...early.keys(), ...statuses.keys()]));
    // However many addresses there are, a hundred failures a minute get an answer other than 429.
    rejected += (early.get(401) ?? 0) + (statuses.get(401) ?? 0);
    expect(rejected).toBeGreaterThan(0);
    expect(rejected).toBeLessThanOrEqual(100 * Math.ceil((performance.now() - began) / 60_000));
    // Four KiB for each guess would be more.
    expect(residentMib(gateway.pid) - before).toBeLessThan(40);
  }, 120_000);
});

test('without a failure left for this minute the answers are the same, too', async () => {
  const statuses = (await wrongAnswers()).map((text) => text.replace(/"retry-after":"\d+"/, ''));
  expect(statuses[0]).toMatch(/^\[429,/);
  expect(new Set(statuses).size).toBe(1);
});

test('ten grants a minute for one key, and other keys are not concerned', async () => {
  const [id, key] = PARTNERS[55] as [string, MadeKey];
  const statuses: number[] = [];
  for (let i = 0; i < 12; i++) {
    // Each by another way and from another address: the limit is that of the key.
    const answer = await grant(friends, {
      id,
      secret: key.key,
      by: i % 2 === 0 ? 'basic' : 'post',
    });
    statuses.push(answer.status);
    if (answer.status !== 429) continue;
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect(JSON.parse(answer.body)).toHaveProperty('error');
  }
  expect(statuses).toEqual([...Array(10).fill(200), 429, 429]);
  const [otherId, otherKey] = PARTNERS[56] as [string, MadeKey];
  expect((await grant(friends, { id: otherId, secret: otherKey.key })).status).toBe(200);
  // Its calls go on.
  expect((await send(friends, modern('tools/list', { headers: [['X-Api-Key', key.key]] }))).status).toBe(200);
});

test('guesses with a token of garbage at the MCP endpoint are 401, and keys beside them pass', async () => {
  const before = residentMib(gateway.pid);
  let over = false;
  const good = friend(3, '203.0.113.8', () => over);
  let sent = 0;
  const statuses = new Set<number>();
  const one = async (): Promise<void> => {
    while (sent < GUESSES) {
      const headers: [string, string][] = [['X-Api-Key', makeText(sent++)]];
      statuses.add((await send(attackers, modern('tools/list', { headers }))).status);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
  over = true;
  expect(statuses).toEqual(new Set([401]));
  expect(new Set((await good).statuses)).toEqual(new Set([200]));
  expect(residentMib(gateway.pid) - before).toBeLessThan(25);
}, 120_000);
