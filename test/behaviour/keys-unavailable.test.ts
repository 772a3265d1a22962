// When the issuer's keys cannot be had: "I cannot check" is 503 and never 401, nothing is forwarded, and it ends by itself.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type IssuerMode, type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { modern } from '../fixtures/messages.js';
import { type Mint, mintToken, rsaKey } from '../fixtures/mint.js';
import type { Gateway } from '../fixtures/process.js';
import { openRaw, type RawResponse, rawRequest, requestBytes } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { logOf, startConfigured } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';

const MODES: IssuerMode[] = ['500', 'hang', 'html', 'redirect', 'empty', 'huge', 'reset', 'closed'];

/** One issuer for each fault and each way to its keys; they fail independently, so that the waits overlap. */
const cases = MODES.flatMap((mode) =>
  (['metadata', 'jwksUri'] as const).map((way) => ({ mode, way, name: `${mode} by ${way}` })),
);

const issuers = new Map<string, JwksIssuer>();
const published = rsaKey();
let sound: JwksIssuer;
let upstream: RawUpstream;
let gateway: Gateway;

const of = (name: string): JwksIssuer => issuers.get(name) as JwksIssuer;
const call = (issuer: JwksIssuer, mint: Partial<Mint> = {}): Promise<RawResponse> => {
  const token = issuer.token({ audience: `${gateway.url}/mcp`, ...mint });
  return rawRequest(gateway.port, modern('tools/list', { token }), { label: `a call with a token of ${issuer.issuer}` });
};

beforeAll(async () => {
  upstream = await startRawUpstream(answers.rpc());
  sound = await startJwksIssuer({ keys: [published] });
  const config: Record<string, unknown> = { sound: { issuer: sound.issuer } };
  for (const { name, way, mode } of cases) {
    const issuer = await startJwksIssuer({ keys: [published] });
    await issuer.setMode(mode, way === 'jwksUri' && mode !== 'closed' ? 'jwks' : undefined);
    issuers.set(name, issuer);
    config[name.replaceAll(' ', '-')] = { issuer: issuer.issuer, ...(way === 'jwksUri' ? { jwksUri: issuer.jwksUri } : {}) };
  }
  const endpoint = { path: '/mcp', issuers: Object.keys(config), scopes: ['files:read'], upstream: upstream.url };
  // It starts although most of its issuers are away (F-04).
  gateway = await startConfigured({ issuers: config, endpoints: [endpoint] });
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all([upstream.stop(), sound.stop(), ...[...issuers.values()].map((issuer) => issuer.stop())]);
});
beforeEach(async () => {
  expect((await call(sound)).status).toBe(200);
  upstream.reset();
});

function expectUnavailable(response: RawResponse): void {
  expect([response.status, response.headers('www-authenticate')]).toEqual([503, []]);
  expect(response.header('retry-after')).toMatch(/^([1-9]|[12]\d|30)$/);
  expect(response.header('cache-control')).toBe('no-store');
  const { error } = JSON.parse(response.body) as { error: Record<string, unknown> };
  expect(error).toMatchObject({ code: -31503, message: 'Cannot check tokens right now' });
  expect(upstream.hits).toBe(0);
}

describe('cold: C-66, C-48, C-145, F-04', () => {
  test.each(cases)('$name: a good token is 503', async ({ name }) => {
    const response = await call(of(name));
    expectUnavailable(response);
    expect((await logOf(gateway, response)).reason).toBe('keys.unavailable');
  });

  /** Tokens that need no key to be refused. */
  const bad: [string, Partial<Mint>][] = [
    ['expired', { ttl: -120 }],
    ['wrong audience', { audience: 'https://other.example.com/mcp' }],
    ['alg none', { header: { alg: 'none' }, signature: Buffer.from('x') }],
    ['HS256', { header: { alg: 'HS256' } }],
    ['another typ', { header: { typ: 'logout+jwt' } }],
    ['without exp', { claims: { exp: undefined } }],
    ['an ID token', { claims: { nonce: 'n' } }],
  ];
  test.each(cases)('$name: a token that is bad without keys stays 401', async ({ name }) => {
    for (const [flaw, mint] of bad) {
      const response = await call(of(name), mint);
      expect([flaw, response.status]).toEqual([flaw, 401]);
      expect(response.header('www-authenticate')).toContain('error="invalid_token"');
    }
    const foreign = mintToken({ issuer: 'https://nobody.example.com', audience: `${gateway.url}/mcp`, key: published });
    expect((await rawRequest(gateway.port, modern('tools/list', { token: foreign }))).status).toBe(401);
    expect(upstream.hits).toBe(0);
  });

  test('C-65: while it backs off, no request causes a fetch', async () => {
    const issuer = of('500 by jwksUri');
    const before = issuer.hits.jwks;
    const [statuses, since] = [[] as number[], performance.now()];
    for (let i = 0; i < 20; i += 1) statuses.push((await call(issuer)).status);
    expect(new Set(statuses)).toEqual(new Set([503]));
    // Back-off is at least half of its second; one fetch for each half second that passed, and one that was under way.
    expect(issuer.hits.jwks - before).toBeLessThanOrEqual(2 + Math.floor((performance.now() - since) / 500));
  });

  test('C-66: each is 200 again without a restart, once its issuer answers', async () => {
    const { pid } = gateway;
    await Promise.all(
      cases.map(async ({ name }) => {
        await of(name).setMode('ok');
        await until(`${name}: the good token passes again`, async () => (await call(of(name))).status === 200, 15_000);
      }),
    );
    expect(gateway.pid).toBe(pid);
    const events = gateway.logs().filter(({ event }) => event === 'keys.load_failed');
    expect(events.length).toBeGreaterThanOrEqual(cases.length);
  });
});

test('C-66: a caller who gives up while the keys are fetched takes them from nobody else', async () => {
  const issuer = of('500 by jwksUri');
  const fresh = issuer.rotate({ keepOld: true });
  const before = issuer.hits.jwks;
  let release = (): void => {};
  issuer.held = new Promise((resolve) => {
    release = resolve;
  });
  const token = issuer.token({ audience: `${gateway.url}/mcp`, key: fresh });
  const first = await openRaw(gateway.port, { label: 'the caller who gives up' });
  await first.write(requestBytes(gateway.port, modern('tools/list', { token })));
  await until('the keys are asked for', () => issuer.hits.jwks === before + 1);
  const second = call(issuer, { key: fresh });
  first.destroy();
  await first.closed;
  release();
  issuer.held = undefined;
  expect([(await second).status, issuer.hits.jwks]).toEqual([200, before + 1]);
});

describe('warm: C-67, C-71, C-65', () => {
  const fresh = rsaKey();

  test.each(cases)('$name: the keys are known', async ({ name }) => {
    expect((await call(of(name))).status).toBe(200);
  });

  test('a key that is not known yet is 503 while the issuer fails', async () => {
    await Promise.all(cases.map(({ name, mode }) => of(name).setMode(mode)));
    const responses = await Promise.all(cases.map(({ name }) => call(of(name), { key: fresh })));
    for (const response of responses) expectUnavailable(response);
  });

  test.each(cases)('$name: a known key goes on, for a token never seen before too', async ({ name }) => {
    expect((await call(of(name))).status).toBe(200);
  });

  test('the new key passes once the issuer answers', async () => {
    await Promise.all(
      cases.map(async ({ name }) => {
        of(name).rotate({ key: fresh, keepOld: true });
        await of(name).setMode('ok');
        await until(`${name}: the new key is known`, async () => (await call(of(name))).status === 200, 15_000);
      }),
    );
  });
});
