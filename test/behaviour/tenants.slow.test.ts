// Two tenants with one kid and one sub, 200 concurrent callers for 30 seconds: each answer comes
// from the own upstream with the own identity, and each foreign credential is rejected.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { modern } from '../fixtures/messages.js';
import { openRaw, type RawConnection, requestBytes } from '../fixtures/raw-client.js';
import { until } from '../fixtures/wait.js';
import { resultOf, SUB, startTenants, type Tenant, type Tenants } from '../support/tenants.js';

const CALLERS = 200;
const MS = 30_000;
/** A caller draws one of this many tokens of its tenant, so that caches hit and miss. */
const TOKENS = 50;

let all: Tenants;
beforeAll(async () => {
  all = await startTenants();
  // The tokens are minted in this process: the gateway must have the keys before.
  for (const { host, token } of [all.a, all.b])
    await until('the keys', async () => (await all.ask(host, { token: token() })).status === 200, 20_000);
});
afterAll(() => all.stop());

type Line = [name: string, value: string];
type Kind = 'jwt' | 'opaque' | 'key' | 'exchange' | 'foreign' | 'impostor';
const KINDS: readonly Kind[] = ['jwt', 'jwt', 'opaque', 'key', 'exchange', 'foreign', 'impostor'];

interface Ask {
  readonly path: string;
  readonly line: Line;
  /** The upstream must say this of the caller. Null: the gateway must reject the call. */
  readonly expected: Readonly<Record<string, unknown>> | null;
}

const bearer = (token: string): Line => ['Authorization', `Bearer ${token}`];

/** A function that draws the next call of a caller of this tenant. */
function callsOf(own: Tenant, other: Tenant): (n: number) => Ask {
  const { host } = own;
  const pool = (make: () => string) => Array.from({ length: TOKENS }, make);
  const pick = (list: string[], n: number): string => list[n % list.length] as string;
  const tokens = pool(() => own.token());
  const foreign = pool(() => other.token());
  const exchanged = pool(() => own.token('/exchange'));
  /** With the issuer and audience of this tenant, and the key of the other one with this kid. */
  const impostors = pool(() => other.issuer.token({ issuer: own.issuer.issuer, audience: own.resource(), claims: { sub: SUB } }));
  const named = { upstream: host, subject: SUB, issuer: own.issuer.issuer, authorization: null };
  const ofKind: Record<Kind, (n: number) => Ask> = {
    jwt: (n) => ({ path: '/mcp', line: bearer(pick(tokens, n)), expected: named }),
    opaque: () => ({ path: '/mcp', line: bearer('opaque-and-equal'), expected: named }),
    key: () => ({
      path: '/mcp',
      line: ['X-Api-Key', own.key],
      expected: { upstream: host, subject: `partner-${host}`, issuer: undefined, authorization: null },
    }),
    exchange: (n) => ({
      path: '/exchange',
      line: bearer(pick(exchanged, n)),
      expected: { upstream: host, subject: undefined, issuer: undefined, authorization: `Bearer exchanged-at-${host}` },
    }),
    foreign: (n) => ({
      path: '/mcp',
      line: n % 2 === 0 ? bearer(pick(foreign, n)) : ['X-Api-Key', other.key],
      expected: null,
    }),
    impostor: (n) => ({ path: '/mcp', line: bearer(pick(impostors, n)), expected: null }),
  };
  return (n) => ofKind[KINDS[n % KINDS.length] as Kind](n);
}

interface Count {
  passed: number;
  rejected: number;
  readonly wrong: string[];
}

/** Calls until `isOver`, which gets the number of the next call. */
async function caller(
  own: Tenant,
  other: Tenant,
  draw: (n: number) => Ask,
  first: number,
  isOver: (n: number) => boolean,
): Promise<Count> {
  const count: Count = { passed: 0, rejected: 0, wrong: [] };
  let connection: RawConnection | null = null;
  for (let n = first; !isOver(n); n++) {
    const { path, line, expected } = draw(n);
    const request = modern('tools/list', { path, headers: [['Host', own.host], line] });
    connection ??= await openRaw(all.gateway.port, { label: 'a caller', ms: 60_000 });
    await connection.write(requestBytes(all.gateway.port, request));
    const response = await connection.response({ label: `answer ${n} to ${line[0]} at ${own.host}${path}`, ms: 60_000 });
    if (expected === null) {
      const isRight = response.status === 401 && !response.body.includes(other.host);
      if (isRight) count.rejected++;
      else count.wrong.push(`${own.host}${path} answered ${response.status} to a foreign credential: ${response.body}`);
    } else {
      const isRight = response.status === 200 && JSON.stringify(resultOf(response)) === JSON.stringify(expected);
      if (isRight) count.passed++;
      else count.wrong.push(`${own.host}${path} answered ${response.status}: ${response.body}`);
    }
    if (response.header('connection') === 'close' || response.closed) {
      connection.destroy();
      connection = null;
    }
    // The machine is shared with the gateway.
    await sleep(n % 5);
  }
  connection?.destroy();
  return count;
}

test('200 concurrent callers of two tenants for 30 s: nothing crosses', { timeout: MS + 150_000 }, async () => {
  const { a, b } = all;
  const draws = [callsOf(a, b), callsOf(b, a)] as const;
  // Each kind once, alone: what must pass does pass, and what must not does not.
  const once = (n: number) => n === KINDS.length;
  const alone = [await caller(a, b, draws[0], 0, once), await caller(b, a, draws[1], 0, once)];
  const expected = { passed: 5, rejected: 2, wrong: [] };
  expect(alone).toEqual([expected, expected]);
  const endMs = Date.now() + MS;
  const counts = await Promise.all(
    Array.from({ length: CALLERS }, (_, i) =>
      i % 2 === 0 ? caller(a, b, draws[0], i, () => Date.now() > endMs) : caller(b, a, draws[1], i, () => Date.now() > endMs),
    ),
  );
  expect(counts.flatMap(({ wrong }) => wrong).slice(0, 5)).toEqual([]);
  const sum = (of: 'passed' | 'rejected') => counts.reduce((total, count) => total + count[of], 0);
  expect(sum('passed')).toBeGreaterThan(CALLERS);
  expect(sum('rejected')).toBeGreaterThan(CALLERS / 2);
  for (const one of [a, b]) {
    const received = one.upstream.requests;
    expect(received.length).toBeGreaterThan(0);
    // Each upstream got calls of its own gateway endpoint only.
    expect(received.filter(({ target }) => target !== '/up')).toEqual([]);
  }
});
