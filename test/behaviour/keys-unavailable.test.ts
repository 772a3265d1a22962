// The keys of an issuer are unavailable: "I cannot check" is 503 and never 401, nothing is
// forwarded, and the outage ends by itself. Each fault of an identity provider has one row, and the
// rows run in parallel, so that their waits overlap.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBlackHole } from '../fixtures/black-hole.js';
import type { Gateway } from '../fixtures/gateway.js';
import { modern } from '../fixtures/messages.js';
import { type Mint, rsaKey } from '../fixtures/mint.js';
import { openRaw, type RawResponse, rawRequest, requestBytes } from '../fixtures/raw-client.js';
import { answer, type RawIssuer, startRawIssuer } from '../fixtures/raw-issuer.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { logOf, startConfigured } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';
import { type Fault, faults, oddButUsable, TRAP } from '../support/idp-faults.js';

const published = rsaKey();
const rotated = rsaKey();

type Row = {
  fault: Fault;
  issuer: RawIssuer;
  hole?: { stop(): Promise<void> } | undefined;
  /** The answers in each phase. */
  cold?: RawResponse;
  bad?: [flaw: string, response: RawResponse][];
  unknown?: RawResponse;
  known?: RawResponse;
};

let rows: Row[] = [];
let sound: RawIssuer;
let trap: RawUpstream;
let upstream: RawUpstream;
let gateway: Gateway;

const call = (issuer: RawIssuer, mint: Partial<Mint> = {}): Promise<RawResponse> => {
  const token = issuer.token({ audience: `${gateway.url}/mcp`, ...mint });
  return rawRequest(gateway.port, modern('tools/list', { token }), {
    label: `a call with a token of ${issuer.issuer}`,
    ms: 15_000,
  });
};

async function breakDown(row: Row): Promise<void> {
  const { fault, issuer } = row;
  issuer.fault = { jwks: fault.jwks, metadata: fault.metadata };
  if (fault.unreachable !== undefined) await issuer.stop();
  if (fault.unreachable === 'black hole') row.hole = await startBlackHole(issuer.port);
}

async function mend(row: Row): Promise<void> {
  row.issuer.fault = {};
  await row.hole?.stop();
  row.hole = undefined;
  await row.issuer.start();
}

const recovers = ({ fault, issuer }: Row): Promise<boolean> =>
  until(`${fault.name}: the valid token passes`, async () => (await call(issuer)).status === 200, 20_000);

/** Tokens that the gateway can reject without a key. */
const BAD: [string, Partial<Mint>][] = [
  ['expired', { ttl: -120 }],
  ['wrong audience', { audience: 'https://other.example.com/mcp' }],
  ['alg none', { header: { alg: 'none' }, signature: Buffer.from('x') }],
  ['HS256', { header: { alg: 'HS256' } }],
  ['another typ', { header: { typ: 'logout+jwt' } }],
  ['crit', { header: { crit: ['x'], x: 1 } }],
  ['without exp', { claims: { exp: undefined } }],
  ['an ID token', { claims: { at_hash: 'x' } }],
  ['another issuer', { issuer: 'https://nobody.example.com' }],
];

beforeAll(async () => {
  [upstream, trap] = await Promise.all([
    startRawUpstream(answers.rpc()),
    startRawUpstream(answers.json({ keys: [published.jwk, rotated.jwk] })),
  ]);
  TRAP.url = trap.url;
  sound = await startRawIssuer(published);
  rows = await Promise.all(faults.map(async (fault) => ({ fault, issuer: await startRawIssuer(published) })));
  const odd = await Promise.all(oddButUsable.map(async (fault) => ({ fault, issuer: await startRawIssuer(published) })));
  await Promise.all([...rows, ...odd].map(breakDown));
  const issuers = Object.fromEntries(
    [{ fault: { name: 'sound' } as Fault, issuer: sound }, ...rows, ...odd].map(({ fault, issuer }, at) => [
      `i${at}`,
      { issuer: issuer.issuer, ...(fault.metadata === undefined ? { jwksUri: issuer.jwksUri } : {}) },
    ]),
  );
  const endpoint = { path: '/mcp', issuers: Object.keys(issuers), scopes: ['files:read'], upstream: upstream.url };
  // The gateway starts although nearly all of its issuers are down (F-04, start without issuers).
  gateway = await startConfigured({ issuers, endpoints: [endpoint] });
  await until('the keys of the good issuer are there', async () => (await call(sound)).status === 200, 10_000);
  upstream.reset();
  await Promise.all(
    rows.map(async (row) => {
      row.cold = await call(row.issuer);
      // One after the other: all at once would be hundreds of connections.
      row.bad = [];
      for (const [flaw, mint] of BAD) row.bad.push([flaw, await call(row.issuer, mint)]);
    }),
  );
  expect(upstream.hits).toBe(0);
  for (const { issuer } of odd) expect([issuer.requests, (await call(issuer)).status]).toEqual([1, 200]);
  await Promise.all(odd.map(({ issuer }) => issuer.stop()));
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all(rows.map(({ hole }) => hole?.stop()));
  await Promise.all([upstream.stop(), trap.stop(), sound.stop(), ...rows.map(({ issuer }) => issuer.stop())]);
});

function expectUnavailable(response: RawResponse | undefined, retryAfter = 1): void {
  if (response === undefined) throw new Error('this phase was not reached');
  expect([response.status, response.headers('www-authenticate')]).toEqual([503, []]);
  expect(response.header('retry-after')).toMatch(/^([1-9]|[12]\d|30)$/);
  expect(Number(response.header('retry-after'))).toBeGreaterThanOrEqual(retryAfter);
  expect(response.header('cache-control')).toBe('no-store');
  const { error } = JSON.parse(response.body) as { error: Record<string, unknown> };
  expect(error).toMatchObject({ code: -31503, message: 'Cannot check tokens right now' });
}

const named = faults.map(({ name }, at) => ({ name, at }));

test('each fault has one row', () => expect(new Set(faults.map(({ name }) => name)).size).toBe(faults.length));

describe('cold: C-66, C-48, C-145, F-04', () => {
  test.each(named)('$name: a valid token gets 503', async ({ at }) => {
    const { fault, cold } = rows[at] as Row;
    expectUnavailable(cold, fault.retryAfter);
    expect((await logOf(gateway, cold as RawResponse)).reason).toBe('keys.unavailable');
  });

  test.each(named)('$name: a token that is invalid without keys stays 401', ({ at }) => {
    const { bad = [] } = rows[at] as Row;
    expect(bad.map(([flaw, { status }]) => [flaw, status])).toEqual(BAD.map(([flaw]) => [flaw, 401]));
    for (const [, response] of bad) expect(response.header('www-authenticate')).toContain('error="invalid_token"');
  });

  test('C-70: a redirect is not followed, and an endless body is not read to its end', () => {
    expect([trap.hits, trap.malformed]).toEqual([0, []]);
    expect(rows.filter(({ issuer }) => issuer.taken > 64 << 20).map(({ fault }) => fault.name)).toEqual([]);
  });

  test('C-65: during the back-off no request causes a fetch', async () => {
    const { issuer } = rows.find(({ fault }) => fault.name === '500 Oh') as Row;
    const before = issuer.requests;
    const [statuses, since] = [[] as number[], performance.now()];
    for (let i = 0; i < 20; i += 1) statuses.push((await call(issuer)).status);
    expect(new Set(statuses)).toEqual(new Set([503]));
    // The back-off is at least half a second: one fetch for each half second that has passed, and
    // one that had begun before.
    expect(issuer.requests - before).toBeLessThanOrEqual(2 + Math.floor((performance.now() - since) / 500));
  });

  test('C-66: each gets 200 again without a restart, once its issuer answers', async () => {
    await Promise.all(rows.map(async (row) => mend(row).then(() => recovers(row))));
    expect(gateway.logs().filter(({ event }) => event === 'gateway.listening')).toHaveLength(1);
  });
});

test('C-66: a client that disconnects while the keys are fetched does not cancel the fetch', async () => {
  const issuer = sound;
  const fresh = rsaKey();
  issuer.keys.push(fresh);
  const before = issuer.requests;
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  issuer.fault = { jwks: (socket) => void held.then(() => socket.end(answer(issuer.document('jwks')))) };
  const token = issuer.token({ audience: `${gateway.url}/mcp`, key: fresh });
  const first = await openRaw(gateway.port, { label: 'the client that disconnects' });
  await first.write(requestBytes(gateway.port, modern('tools/list', { token })));
  await until('the gateway fetches the keys', () => issuer.requests === before + 1);
  const second = call(issuer, { key: fresh });
  first.destroy();
  await first.closed;
  release();
  expect([(await second).status, issuer.requests]).toEqual([200, before + 1]);
  issuer.fault = {};
});

describe('warm: C-67, C-71, C-65', () => {
  beforeAll(async () => {
    upstream.reset();
    await Promise.all(
      rows.map(async (row) => {
        await breakDown(row);
        row.unknown = await call(row.issuer, { key: rotated });
        row.known = await call(row.issuer);
      }),
    );
  });

  test.each(named)('$name: a key that is not known yet gets 503, and a known one passes', ({ at }) => {
    const { unknown, known, fault } = rows[at] as Row;
    // The gateway does not fetch metadata again while the key set is at its URL.
    if (fault.metadata === undefined) expectUnavailable(unknown, fault.retryAfter);
    expect(known?.status).toBe(200);
  });

  test('only the calls with a known key were forwarded', () => expect(upstream.hits).toBe(rows.length));

  test('the new key passes once the issuer answers', async () => {
    await Promise.all(
      rows.map(async (row) => {
        row.issuer.keys = [rotated, published];
        await mend(row);
        await recovers(row);
      }),
    );
  });
});
