// Several issuers at one endpoint: a token of one proves nothing for another. All of them publish
// their keys under the same kid.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Gateway } from '../fixtures/gateway.js';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { modern } from '../fixtures/messages.js';
import { ecKey, type Mint, rsaKey } from '../fixtures/mint.js';
import { type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { logOf, startConfigured } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';

const kid = 'the-same';
let issuers: [first: JwksIssuer, second: JwksIssuer, elliptic: JwksIssuer];
let upstream: RawUpstream;
let gateway: Gateway;

beforeAll(async () => {
  upstream = await startRawUpstream(answers.rpc());
  issuers = await Promise.all([
    startJwksIssuer({ keys: [rsaKey({ kid })] }),
    startJwksIssuer({ keys: [rsaKey({ kid }), rsaKey({ kid: 'of-the-second' })] }),
    startJwksIssuer({ keys: [ecKey({ kid })] }),
  ]);
  const [first, second, elliptic] = issuers;
  const common = { scopes: ['files:read'], upstream: upstream.url };
  gateway = await startConfigured({
    issuers: {
      first: { issuer: first.issuer },
      second: { issuer: second.issuer, jwksUri: second.jwksUri },
      elliptic: { issuer: elliptic.issuer, algorithms: ['ES256'] },
    },
    endpoints: [
      { path: '/mcp', issuers: ['first', 'second', 'elliptic'], ...common },
      { path: '/first/mcp', issuers: ['first'], ...common },
    ],
  });
});
afterAll(() => Promise.all([gateway.stop(), upstream.stop(), ...issuers.map((issuer) => issuer.stop())]));
beforeEach(() => upstream.reset());

const call = (issuer: JwksIssuer, mint: Partial<Mint> = {}, path = '/mcp'): Promise<RawResponse> => {
  const token = issuer.token({ audience: `${gateway.url}${path}`, ...mint });
  return rawRequest(gateway.port, modern('tools/list', { path, token }));
};
const PAIRS = [0, 1, 2].flatMap((of) => [0, 1, 2].filter((by) => by !== of).map((by) => ({ of, by })));
const at = (number: number): JwksIssuer => issuers[number] as JwksIssuer;

describe('C-73, A-45: one endpoint, three issuers, one kid', () => {
  test.each([0, 1, 2])('issuer %i is accepted with its own key', async (of) => {
    expect([(await call(at(of))).status, upstream.hits]).toEqual([200, 1]);
  });

  test.each(PAIRS)('a token of issuer $of signed with the key of issuer $by is rejected', async ({ of, by }) => {
    const key = at(by).keys[0] as Mint['key'];
    expect((await call(at(by))).status).toBe(200);
    upstream.reset();
    const response = await call(at(of), { key });
    expect([response.status, upstream.hits]).toEqual([401, 0]);
    const sameKind = key.alg === at(of).keys[0]?.alg;
    expect((await logOf(gateway, response)).reason).toBe(sameKind ? 'token.signature' : 'token.algorithm');
  });

  test('a kid that only the second publishes is unknown for the first', async () => {
    const key = issuers[1].keys[1] as Mint['key'];
    expect((await call(issuers[1], { key })).status).toBe(200);
    upstream.reset();
    const iat = Math.floor(Date.now() / 1000) - 100;
    const response = await call(issuers[0], { key, claims: { iat } });
    expect([response.status, upstream.hits]).toEqual([401, 0]);
    expect((await logOf(gateway, response)).reason).toBe('token.key_unknown');
  });

  test('an accepted token of the first does not help the second: no result is shared', async () => {
    const jti = 'shared';
    expect((await call(issuers[0], { claims: { jti } })).status).toBe(200);
    const response = await call(issuers[1], { claims: { jti, iss: issuers[0].issuer } });
    expect([response.status, upstream.hits]).toEqual([401, 1]);
  });
});

describe('A-18, E-04: an endpoint that accepts only the first', () => {
  test('accepts its tokens', async () => expect((await call(issuers[0], {}, '/first/mcp')).status).toBe(200));
  test.each([1, 2])('rejects issuer %i, whose tokens pass at the other endpoint', async (of) => {
    expect((await call(at(of))).status).toBe(200);
    const response = await call(at(of), {}, '/first/mcp');
    expect([response.status, upstream.hits]).toEqual([401, 1]);
    expect((await logOf(gateway, response)).reason).toBe('token.issuer');
  });
});

test('C-66, C-67: an issuer that is down gives 503 for its new keys only, and delays no one else', async () => {
  await issuers[1].setMode('hang');
  const fresh = rsaKey();
  let over = false;
  const waiting = call(issuers[1], { key: fresh }).finally(() => {
    over = true;
  });
  for (const of of [0, 2]) {
    const key = issuers[of]?.rotate({ key: of === 0 ? rsaKey() : ecKey(), keepOld: true });
    expect((await call(at(of), { key: key as Mint['key'] })).status).toBe(200);
  }
  expect((await call(issuers[1])).status).toBe(200);
  expect(over).toBe(false);
  const refused = await waiting;
  expect([refused.status, refused.headers('www-authenticate')]).toEqual([503, []]);
  issuers[1].rotate({ key: fresh, keepOld: true });
  await issuers[1].setMode('ok');
  await until('the new key of the second is known', async () => (await call(issuers[1])).status === 200, 10_000);
});
