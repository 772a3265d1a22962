// The key source of an issuer over real HTTP: rotation, an outage, and many requests at once.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { jwksSchema } from '../../../src/config/schema/issuer.js';
import { createKeySource } from '../../../src/verify/issuer/jwks.js';
import { createJwksLoader } from '../../../src/verify/issuer/jwks-loader.js';
import { fetchJson } from '../../fixtures/fetch-json.js';
import { type JwksIssuer, startJwksIssuer } from '../../fixtures/jwks-issuer.js';
import { rsaKey } from '../../fixtures/mint.js';
import { until, withDeadline } from '../../fixtures/wait.js';
import { testClock } from '../../support/clock.js';
import { noMetadata } from '../../support/issuer.js';
import { recorder } from '../../support/keys.js';
import { reasonOf } from '../../support/kinds.js';

const keys = [rsaKey({ kid: 'one' })];
const clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };

let issuer: JwksIssuer;
beforeEach(async () => {
  issuer = await startJwksIssuer({ keys });
});
afterEach(() => issuer.stop());

describe('with the key source', () => {
  function source() {
    const moved = testClock();
    const { notices, notify } = recorder();
    const load = createJwksLoader({
      issuer: issuer.issuer,
      jwksUri: issuer.jwksUri,
      algorithms: ['RS256'],
      timeoutMs: 2_000,
      metadata: noMetadata,
      fetchJson,
      clock,
      notify,
    });
    const keySource = createKeySource({
      issuer: issuer.issuer,
      load,
      clock: moved,
      notify,
      random: () => 1,
      policy: jwksSchema.parse({}),
      clockToleranceSeconds: 30,
    });
    const find = async (kid: string) =>
      reasonOf(await withDeadline(`the key ${kid}`, keySource.find(kid, moved.wallMs() / 1000), 5000));
    return { moved, notices, find, keySource };
  }

  test('a hundred requests without a set cause one fetch (C-65)', async () => {
    const { find } = source();
    expect(new Set(await Promise.all(Array.from({ length: 100 }, () => find('one'))))).toEqual(new Set(['ok']));
    expect(issuer.hits.jwks).toBe(1);
  });

  test('a key is rotated, removed and published again (C-68, C-65)', async () => {
    const { find, moved } = source();
    expect(await find('one')).toBe('ok');
    const { kid } = issuer.rotate();
    expect([await find(kid), await find('one')]).toEqual(['ok', 'token.key_unknown']);
    issuer.keys = [...keys];
    moved.advance(9 * 60_000);
    expect(await find('one')).toBe('ok');
  });

  test('an outage: good keys are used, then 503, then recovery without a restart (C-66, C-67)', async () => {
    const { find, moved, keySource, notices } = source();
    expect(await find('one')).toBe('ok');
    await issuer.setMode('closed');
    moved.advance(9 * 60_000);
    expect(await find('one')).toBe('ok');
    await until('the refresh has failed', () => notices.some(({ event }) => event === 'keys.load_failed'));
    moved.advance(62 * 60_000);
    expect(keySource.usableKeySet()).toBeNull();
    expect(await find('one')).toBe('keys.unavailable');
    await issuer.setMode('ok');
    moved.advance(31_000);
    expect(await find('one')).toBe('ok');
  });
});
