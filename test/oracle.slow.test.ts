// The whole gateway against an oracle of three sentences. For any token, state of the keys and
// fault of the issuer, the response is the one that the rule requires (proven bad, proven good,
// unknown). Real sockets, and a clock that the test moves.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway } from '../src/app/app.js';
import { resolveConfig } from '../src/config/load.js';
import { type IssuerMode, type JwksIssuer, startJwksIssuer } from './fixtures/jwks-issuer.js';
import { modern } from './fixtures/messages.js';
import { type Mint, rsaKey } from './fixtures/mint.js';
import { type RawResponse, rawRequest } from './fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from './fixtures/raw-upstream.js';
import { until } from './fixtures/wait.js';
import { type TestClock, testClock } from './support/clock.js';
import { type Answer, type Flaw, type KeyList, type OracleToken, oracle } from './support/oracle.js';

/** A failed run prints its seed. PROPERTY_SEED repeats it. */
const seed = Number(process.env.PROPERTY_SEED ?? Math.floor(Math.random() * 2 ** 31));
const RUNS = { seed, numRuns: 200, interruptAfterTimeLimit: 8_000, markInterruptAsFailure: false };
console.log(`seed of the oracle's property: ${seed}`);

const KEYS = [0, 1, 2].map((number) => rsaKey({ kid: `key-${number}` }));
const RESOURCE = 'http://127.0.0.1:9/mcp';
let issuer: JwksIssuer;
let upstream: RawUpstream;
beforeAll(async () => {
  [issuer, upstream] = await Promise.all([startJwksIssuer({ keys: KEYS }), startRawUpstream(answers.rpc())]);
});
afterAll(() => Promise.all([issuer.stop(), upstream.stop()]));

type Scenario = {
  token: OracleToken;
  /** Seconds since the last successful load; null for a gateway without one. */
  ageSeconds: number | null;
  /** The keys that were published at that load, and those of now. */
  before: KeyList;
  now: KeyList;
  /** How the issuer responds now. */
  mode: IssuerMode;
  /** True: a load failed just before. */
  failed: boolean;
};

const keyList = fc.uniqueArray(fc.constantFrom(0, 1, 2), { minLength: 1, maxLength: 3 });
const flaw = fc.constantFrom<Flaw>(
  'expired',
  'not yet valid',
  'no exp',
  'audience',
  'issuer',
  'algorithm',
  'typ',
  'crit',
  'ID token',
);
const scenario: fc.Arbitrary<Scenario> = fc.record({
  token: fc.record({
    flaw: fc.oneof({ weight: 5, arbitrary: fc.constant<Flaw>('none') }, { weight: 1, arbitrary: flaw }),
    key: fc.constantFrom(0, 1, 2),
    kid: fc.constantFrom(0, 1, 2, 0, 1, 2, null, 3),
  }),
  // Before and after each limit: 80 % of the fresh time, its end, the end of the grace period.
  ageSeconds: fc.constantFrom(null, 1, 479, 481, 599, 601, 4_199, 4_201, 100_000),
  before: keyList,
  now: keyList,
  mode: fc.constantFrom<IssuerMode>('ok', 'ok', 'ok', '500', 'html', 'redirect', 'empty', 'reset', 'closed'),
  failed: fc.boolean(),
});

function mintOf({ flaw, key, kid }: OracleToken, clock: TestClock): Partial<Mint> & Pick<Mint, 'audience'> {
  const nowSeconds = Math.floor(clock.wallMs() / 1000);
  const claims: Record<string, unknown> = { iat: nowSeconds, exp: nowSeconds + 300 };
  const header: Record<string, unknown> = { kid: kid === null ? undefined : `key-${kid}` };
  if (flaw === 'expired') claims.exp = nowSeconds - 60;
  if (flaw === 'not yet valid') claims.nbf = nowSeconds + 60;
  if (flaw === 'no exp') claims.exp = undefined;
  if (flaw === 'issuer') claims.iss = `${issuer.issuer}/`;
  if (flaw === 'ID token') claims.at_hash = 'h';
  if (flaw === 'algorithm') header.alg = 'RS384';
  if (flaw === 'typ') header.typ = 'logout+jwt';
  if (flaw === 'crit') header.crit = ['x'];
  const audience = flaw === 'audience' ? 'https://other.example.com/mcp' : RESOURCE;
  return { key: KEYS[key] as Mint['key'], header, claims, audience };
}

/** Brings a new gateway into the state of the scenario, and sends it the token. */
async function enact({ token, ageSeconds, before, now, mode, failed }: Scenario): Promise<RawResponse> {
  const clock = testClock();
  const jwks = (keys: KeyList): void => {
    issuer.published = keys.map((key) => KEYS[key]?.jwk ?? {});
  };
  jwks(before);
  await issuer.setMode(ageSeconds === null ? '500' : 'ok');
  const plan = resolveConfig(
    {
      publicUrl: 'http://127.0.0.1:9',
      listen: { host: '127.0.0.1', port: 0 },
      admin: { host: '127.0.0.1', port: 0 },
      issuers: { main: { issuer: issuer.issuer, jwksUri: issuer.jwksUri } },
      endpoints: [{ path: '/mcp', issuers: ['main'], upstream: upstream.url }],
    },
    {},
  );
  const lines: string[] = [];
  const loads = (event: string): number => lines.filter((line) => line.includes(event)).length;
  const gateway = await startGateway(plan, {
    clock,
    random: () => 1,
    usesProxy: false,
    destination: { write: (line) => void lines.push(String(line)) },
  });
  const call = (mint: Partial<Mint> & Pick<Mint, 'audience'>): Promise<RawResponse> =>
    rawRequest(gateway.address.port, modern('tools/list', { token: issuer.token(mint) }));
  try {
    const first = ageSeconds === null ? 'keys.load_failed' : 'keys.loaded';
    await until('the first load is over', () => loads(first) === 1);
    clock.advance(1000 * (ageSeconds ?? 31));
    jwks(now);
    if (failed) {
      await issuer.setMode('500');
      const failures = loads('keys.load_failed');
      await call(mintOf({ flaw: 'none', key: 0, kid: 9 }, clock));
      await until('a load has failed', () => loads('keys.load_failed') > failures);
    }
    await issuer.setMode(mode);
    upstream.reset();
    return await call(mintOf(token, clock));
  } finally {
    await gateway.close(1000);
  }
}

test('C-48, C-66, C-67, C-71: the gateway agrees with the oracle', { timeout: 30_000 }, async () => {
  const statuses = new Set<Answer>();
  await fc.assert(
    fc.asyncProperty(scenario, async (generated) => {
      const { token, ageSeconds, before, now, mode, failed } = generated;
      const cached = ageSeconds === null ? null : { keys: before, ageSeconds };
      const expected = oracle(token, { cached, published: now, reachable: mode === 'ok' && !failed });
      const response = await enact(generated);
      expect(response.status).toBe(expected);
      expect(upstream.hits).toBe(expected === 200 ? 1 : 0);
      const challenge = response.header('www-authenticate')?.includes('error="invalid_token"') ?? false;
      expect(challenge).toBe(expected === 401);
      expect(/^([1-9]|[12]\d|30)$/.test(response.header('retry-after') ?? '')).toBe(expected === 503);
      statuses.add(expected);
    }),
    RUNS,
  );
  // A run with one status alone would prove nothing.
  expect([...statuses].sort()).toEqual([200, 401, 503]);
});
