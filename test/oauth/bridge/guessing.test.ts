// Limits of the token endpoint: grants of a key, guesses, and what neither of them harms.
import { describe, expect, test } from 'vitest';
import type { ApiKeys } from '../../../src/core/api-key.js';
import { createGrantLimits } from '../../../src/oauth/bridge/rate-limit.js';
import { ask, bridgeScene, headersOf, json, KEY_A, KEY_B, outcome, posted, ringKey } from '../../support/grants.js';

const WRONG = posted('partner-a', 'wrong');

describe('grants', () => {
  test('10 a minute of one key; the next gets 429 with the time to wait', async () => {
    const scene = bridgeScene();
    for (let i = 0; i < 10; i++) expect((await ask(scene, { address: `192.0.2.${i}` })).status).toBe(200);
    scene.clock.advance(10_000);
    const answer = await ask(scene);
    expect([...outcome(answer), headersOf(answer)['retry-after']]).toEqual([429, 'too_many_requests', '50']);
    expect(headersOf(answer)['cache-control']).toBe('no-store');
    expect(answer.failure?.definition).toMatchObject({ reason: 'grant.limited', status: null });
    expect((await ask(scene, { form: posted('partner-b', KEY_B) })).status).toBe(200);
    scene.clock.advance(50_000);
    expect((await ask(scene)).status).toBe(200);
  });

  test('other rejections of a known key do not count', async () => {
    const scene = bridgeScene();
    const form = [...posted('partner-a', KEY_A), ['resource', 'https://x/'] as const];
    for (let i = 0; i < 50; i++) expect(outcome(await ask(scene, { form }))).toEqual([400, 'invalid_target']);
    for (let i = 0; i < 10; i++) expect((await ask(scene)).status).toBe(200);
  });

  test('the counts can outlive a reload', async () => {
    const scene = bridgeScene();
    const limits = createGrantLimits(scene.clock);
    for (let i = 0; i < 10; i++) await ask(bridgeScene({ limits }));
    expect((await ask(bridgeScene({ limits }))).status).toBe(429);
  });
});

describe('guesses', () => {
  test('10 of one address get 401, the next ones 429; good clients at this address get tokens', async () => {
    const scene = bridgeScene();
    for (let i = 0; i < 10; i++) expect((await ask(scene, { form: WRONG })).status).toBe(401);
    for (let i = 0; i < 5; i++) {
      const answer = await ask(scene, { form: WRONG });
      expect([...outcome(answer), headersOf(answer)['retry-after']]).toEqual([429, 'too_many_requests', '60']);
      expect(headersOf(answer)).not.toHaveProperty('www-authenticate');
      expect(answer.failure?.definition.reason).toBe('grant.limited');
    }
    expect((await ask(scene)).status).toBe(200);
    expect((await ask(scene, { form: WRONG, address: '198.51.100.1' })).status).toBe(401);
    scene.clock.advance(60_000);
    expect((await ask(scene, { form: WRONG })).status).toBe(401);
  });

  test('100 of all addresses get 401; no number of them harms a good client', async () => {
    const scene = bridgeScene();
    const statuses: number[] = [];
    for (let i = 0; i < 10_000; i++) statuses.push((await ask(scene, { form: WRONG, address: `a${i}` })).status);
    expect(statuses.indexOf(429)).toBe(100);
    expect(new Set(statuses.slice(100))).toEqual(new Set([429]));
    for (let i = 0; i < 10; i++) expect((await ask(scene)).status).toBe(200);
  });

  test('a request without a secret is not a guess', async () => {
    const scene = bridgeScene();
    for (let i = 0; i < 20; i++) await ask(scene, { form: [['grant_type', 'client_credentials']] });
    expect((await ask(scene, { form: WRONG })).status).toBe(401);
  });

  test('a right secret with a wrong id is a guess, so that 429 tells nothing about the secret', async () => {
    const scene = bridgeScene();
    const form = posted('wrong', KEY_A);
    for (let i = 0; i < 10; i++) expect((await ask(scene, { form })).status).toBe(401);
    expect((await ask(scene, { form })).status).toBe(429);
    expect((await ask(scene, { form: WRONG })).status).toBe(429);
  });

  test('each request costs at most two lookups', async () => {
    const looked: string[] = [];
    const find = (key: string): null => {
      looked.push(key);
      return null;
    };
    const apiKeys: ApiKeys = { find, named: () => null, has: () => false };
    const scene = bridgeScene({ apiKeys });
    for (let i = 0; i < 1_000; i++) {
      const authorization = `Basic ${Buffer.from(`a:${'%2B'.repeat(1_000)}`).toString('base64')}`;
      const lines = [['Content-Type', 'application/x-www-form-urlencoded'] as const, ['Authorization', authorization] as const];
      await ask(scene, { form: [['grant_type', 'client_credentials']], lines });
    }
    expect(looked).toHaveLength(2_000);
  });
});

describe('a fault', () => {
  test.each(['the registry', 'the notices'])('of %s is 503 with Retry-After, and the cause is only in the log', async (part) => {
    const cause = new Error('internal words');
    const broken = () => {
      throw cause;
    };
    const changes = part === 'the registry' ? { apiKeys: { find: broken, named: broken, has: broken } } : { notify: broken };
    const answer = await ask(bridgeScene(changes));
    expect(outcome(answer)).toEqual([503, 'temporarily_unavailable']);
    expect(headersOf(answer)).toMatchObject({ 'retry-after': '5', 'cache-control': 'no-store' });
    expect(`${answer.body}`).not.toContain('internal words');
    expect(answer.failure).toMatchObject({ cause, definition: { reason: 'grant.unavailable', blame: 'gateway' } });
  });
});

test('two replicas with one ring publish the same keys, and either may sign', async () => {
  const keys = [ringKey('P-256'), ringKey()];
  const [some, other] = [bridgeScene({ keys }), bridgeScene({ keys })];
  expect(some.bridge.jwks).toEqual(other.bridge.jwks);
  expect(json(await ask(some)).token_type).toBe('Bearer');
});
