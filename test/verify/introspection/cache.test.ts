// How long an introspection result is used, and how often the gateway asks the issuer.
import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { LRUCache } from 'lru-cache';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type JwksIssuer, startJwksIssuer } from '../../fixtures/jwks-issuer.js';
import { rsaKey } from '../../fixtures/mint.js';
import { active, introspecting } from '../../support/introspecting.js';

const SECOND = 1000;
let issuer: JwksIssuer;
beforeAll(async () => {
  issuer = await startJwksIssuer({ keys: [rsaKey()] });
});
beforeEach(async () => {
  await issuer.setMode('ok');
  issuer.introspect = () => active();
  issuer.hits.introspection = 0;
});
afterAll(() => issuer.stop());

const hits = (): number => issuer.hits.introspection;

describe('an active result', () => {
  test('is used for 30 s, and then requested again (C-85, E-06)', async () => {
    const { reason, clock } = introspecting(issuer);
    expect([await reason(), await reason(), hits()]).toEqual(['ok', 'ok', 1]);
    issuer.introspect = () => ({ active: false });
    clock.advance(30 * SECOND - 1);
    expect([await reason(), hits()]).toEqual(['ok', 1]);
    clock.advance(1);
    expect([await reason(), hits()]).toEqual(['token.inactive', 2]);
  });

  test('is never used after the exp of the token, even within the tolerance (C-85)', async () => {
    const { reason, clock } = introspecting(issuer, { clockToleranceSeconds: 60 });
    const exp = Math.floor(clock.wallMs() / 1000) + 5;
    issuer.introspect = () => active({ exp });
    expect(await reason()).toBe('ok');
    clock.advance(4 * SECOND - 1);
    expect([await reason(), hits()]).toEqual(['ok', 1]);
    clock.advance(1 * SECOND + 1);
    issuer.introspect = () => ({ active: false });
    expect([await reason(), hits()]).toEqual(['token.inactive', 2]);
  });

  test('is not used longer when the wall clock is set back (E-13)', async () => {
    const { reason, clock } = introspecting(issuer);
    expect(await reason()).toBe('ok');
    clock.setWall(clock.wallMs() - 3600 * SECOND);
    clock.advance(30 * SECOND);
    issuer.introspect = () => ({ active: false });
    expect(await reason()).toBe('token.inactive');
  });

  test('is not cached where activeCacheSeconds is 0', async () => {
    const { reason } = introspecting(issuer, { activeCacheSeconds: 0 });
    expect([await reason(), await reason(), hits()]).toEqual(['ok', 'ok', 2]);
  });
});

describe('an inactive result', () => {
  test('is used for 5 s (C-86)', async () => {
    const { reason, clock } = introspecting(issuer);
    issuer.introspect = () => ({ active: false });
    expect(await reason()).toBe('token.inactive');
    issuer.introspect = () => active();
    clock.advance(5 * SECOND - 1);
    expect([await reason(), hits()]).toEqual(['token.inactive', 1]);
    clock.advance(1);
    expect([await reason(), hits()]).toEqual(['ok', 2]);
  });

  test('is also used for a token that was active before (C-86)', async () => {
    const { reason, clock } = introspecting(issuer);
    expect(await reason()).toBe('ok');
    issuer.introspect = () => ({ active: false });
    clock.advance(30 * SECOND);
    expect([await reason(), await reason(), await reason(), hits()]).toEqual([
      'token.inactive',
      'token.inactive',
      'token.inactive',
      2,
    ]);
  });

  test('is not cached after a rejected claim or an outage (C-83, E-05)', async () => {
    const { reason } = introspecting(issuer);
    issuer.introspect = () => active({ iss: 'https://other.example' });
    expect([await reason(), await reason(), hits()]).toEqual(['token.claims', 'token.claims', 2]);
    await issuer.setMode('500');
    expect([await reason(), await reason(), hits()]).toEqual(['introspection.unavailable', 'introspection.unavailable', 4]);
  });

  test('of many random tokens does not evict a known token (E-02)', async () => {
    const { reason } = introspecting(issuer);
    issuer.introspect = (form) => (form.get('token') === 'known' ? active() : { active: false });
    expect(await reason('known')).toBe('ok');
    const cached = vi.spyOn(LRUCache.prototype, 'set');
    await reason('random');
    const [inactiveMap] = cached.mock.contexts;
    cached.mockRestore();
    for (let i = 0; i < 10_001; i++) (inactiveMap as LRUCache<string, object>).set(`filler-${i}`, { untilMs: 0 });
    expect([await reason('known'), hits()]).toEqual(['ok', 2]);
  });
});

describe('many requests', () => {
  test('with one token cause one introspection (C-91)', async () => {
    const { reason } = introspecting(issuer);
    expect(new Set(await Promise.all(Array.from({ length: 100 }, () => reason())))).toEqual(new Set(['ok']));
    expect(hits()).toBe(1);
  });

  test('share a failure, and the next request tries again', async () => {
    const { reason } = introspecting(issuer);
    await issuer.setMode('500');
    expect(new Set(await Promise.all(Array.from({ length: 20 }, () => reason())))).toEqual(
      new Set(['introspection.unavailable']),
    );
    await issuer.setMode('ok');
    expect([await reason(), hits()]).toEqual(['ok', 2]);
  });

  test('with two tokens get two results (E-03)', async () => {
    const { ask } = introspecting(issuer);
    issuer.introspect = (form) => active({ sub: `subject of ${form.get('token')}` });
    const subjects = (await Promise.all([ask('a'), ask('b'), ask('a')])).map(
      (result) => result.ok && result.value.principal.subject,
    );
    expect(subjects).toEqual(['subject of a', 'subject of b', 'subject of a']);
    expect(hits()).toBe(2);
  });
});

test('the cache holds the SHA-256 of a token, never the token (C-87, E-14)', async () => {
  const cached = vi.spyOn(LRUCache.prototype, 'set');
  const waiting = vi.spyOn(Map.prototype, 'set');
  const token = 'raw-token-0123456789';
  const { ask } = introspecting(issuer);
  issuer.introspect = (form) => (form.get('token') === token ? active() : { active: false });
  await ask(token);
  await ask(`${token}-2`);
  const keys = [...cached.mock.calls, ...waiting.mock.calls.filter(([, value]) => value instanceof Promise)].map(([key]) => key);
  const values = cached.mock.calls.map(([, value]) => inspect(value, { depth: 9 }));
  cached.mockRestore();
  waiting.mockRestore();
  const hashes = [token, `${token}-2`].map((one) => createHash('sha256').update(one).digest('base64'));
  expect(keys).toEqual(expect.arrayContaining(hashes));
  expect(keys.filter((key) => String(key).includes(token))).toEqual([]);
  expect(values).toHaveLength(2);
  expect(values.join()).not.toContain(token);
});
