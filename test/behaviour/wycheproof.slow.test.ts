// The Wycheproof vectors (test/vectors) against the running gateway. Each flaw in a token with real
// claims is rejected, and the twin without the flaw passes. Each vector has a treatment, and the
// treatments are counted, so that no vector is silently left out.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Gateway } from '../fixtures/gateway.js';
import { type KeyServer, startKeyServer } from '../fixtures/key-server.js';
import { modern } from '../fixtures/messages.js';
import { rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { startConfigured } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';
import { claimsText, type Issuing, type Token, type Treatment, vectorPlan } from '../support/vector-plan.js';
import { groupsOf, named } from '../support/vectors.js';

const planned = vectorPlan();
const issuings = new Map(planned.flatMap(({ twin, flawed }) => [twin, ...flawed]).map(({ by }) => [by.name, by]));

let keyServer: KeyServer;
let upstream: RawUpstream;
let gateway: Gateway;

beforeAll(async () => {
  [keyServer, upstream] = await Promise.all([startKeyServer(), startRawUpstream(answers.rpc())]);
  const issuers = Object.fromEntries(
    [...issuings.values()].map(({ name, published, algorithms }: Issuing) => [
      name,
      { ...keyServer.publish(name, [...published]), algorithms },
    ]),
  );
  const endpoint = { path: '/mcp', issuers: Object.keys(issuers), scopes: ['files:read'], upstream: upstream.url };
  gateway = await startConfigured({ issuers, endpoints: [endpoint] });
  const loaded = () => gateway.logs().filter(({ event }) => event === 'keys.loaded');
  await until('the keys of all issuers are loaded', () => loaded().length >= issuings.size);
});
afterAll(() => Promise.all([gateway.stop(), keyServer.stop(), upstream.stop()]));

/** Issued before the keys were fetched: an unknown key is not a rotation that is still unseen. */
function written({ by, make }: Token, jti: string): string {
  const iat = Math.floor(Date.now() / 1000) - 100;
  const claims = {
    iss: `${keyServer.url}/${by.name}`,
    aud: `${gateway.url}/mcp`,
    sub: 'alice',
    scope: 'files:read',
    jti,
    iat,
    exp: iat + 600,
  };
  return make(claimsText(claims));
}

/** Calls, sixteen at a time. Resolves to the statuses in the order of the tokens. */
async function statuses(tokens: string[]): Promise<number[]> {
  const found: number[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < tokens.length; at = next++) {
      found[at] = (await rawRequest(gateway.port, modern('tools/list', { token: tokens[at] ?? '' }))).status;
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  return found;
}

/**
 * RFC 6750 section 2.1: a credential that is not a b64token is a malformed request. An empty one
 * counts as none, so that the login starts.
 */
const refusal = (token: string): number => (token === '' || /^[A-Za-z0-9\-._~+/]+=*$/.test(token) ? 401 : 400);

const TREATED: [Treatment, number][] = [
  ['good', 33],
  ['flaw', 321],
  ['key', 14],
  ['symmetric', 55],
  ['stricter', 4],
  ['same', 49],
  ['encrypted', 34],
];

describe('C-34, C-40, C-41, C-42, C-60, C-61, C-64: Wycheproof', () => {
  test('every vector has one treatment', () => {
    const count = (wanted: Treatment): number => planned.filter(({ treatment }) => treatment === wanted).length;
    expect(TREATED.map(([treatment]) => [treatment, count(treatment)])).toEqual(TREATED);
    expect(planned).toHaveLength(401 + 26 + 83);
    expect(issuings.size).toBeGreaterThan(60);
  });

  test.each(TREATED)('%s: %i twins without a flaw pass, and none passes with the flaw', async (treatment) => {
    const chosen = planned.filter((one) => one.treatment === treatment);
    upstream.reset();
    const twins = chosen.map(({ vector, twin }) => written(twin, named(vector)));
    const passed = await statuses(twins);
    expect(chosen.map(({ vector }, at) => [named(vector), passed[at]]).filter(([, status]) => status !== 200)).toEqual([]);
    expect(upstream.hits).toBe(chosen.length);

    upstream.reset();
    const flaws = chosen.flatMap(({ vector, flawed }) =>
      flawed.map((token) => ({ vector, token: written(token, named(vector)) })),
    );
    const refused = await statuses(flaws.map(({ token }) => token));
    const wrong = flaws.map(({ vector, token }, at) => [named(vector), refused[at], refusal(token)] as const);
    expect(wrong.filter(([, got, wanted]) => got !== wanted)).toEqual([]);
    expect(upstream.hits).toBe(0);
  });

  test('no vector passes with its own payload', async () => {
    upstream.reset();
    const found = await statuses(planned.map(({ vector }) => vector.text));
    const wrong = planned.map(({ vector }, at) => [named(vector), found[at], refusal(vector.text)] as const);
    expect(wrong.filter(([, got, wanted]) => got !== wanted)).toEqual([]);
    expect(upstream.hits).toBe(0);
  });

  test('the mixed file has no signed vector that is not in the other two', () => {
    const texts = new Set(
      [...groupsOf('signature'), ...groupsOf('key')].flatMap(({ vectors }) => vectors.map(({ text }) => text)),
    );
    const own = planned.filter(({ treatment, vector }) => treatment === 'same' && !texts.has(vector.text));
    // In the other file the text of this vector is a string without its last bracket.
    expect(own.map(({ vector }) => named(vector))).toEqual(['crypto 17 rejectsValidJsonSerialization']);
  });
});
