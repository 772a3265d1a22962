// The parts of one issuer together: metadata that loads again ends the back-off of the keys.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resolveConfig } from '../../../src/config/load.js';
import type { ResolvedIssuer } from '../../../src/config/resolved-config.js';
import { createIssuerRuntime } from '../../../src/verify/issuer/issuer-runtime.js';
import { fetchJson } from '../../fixtures/fetch-json.js';
import { type JwksIssuer, startJwksIssuer } from '../../fixtures/jwks-issuer.js';
import { rsaKey } from '../../fixtures/mint.js';
import { until, withDeadline } from '../../fixtures/wait.js';
import { testClock } from '../../support/clock.js';
import { recorder } from '../../support/keys.js';
import { reasonOf } from '../../support/kinds.js';

let issuer: JwksIssuer;
beforeEach(async () => {
  issuer = await startJwksIssuer({ keys: [rsaKey({ kid: 'one' })] });
});
afterEach(() => issuer.stop());

const configOf = (settings: object): ResolvedIssuer => {
  const config = resolveConfig(
    {
      publicUrl: 'http://127.0.0.1:9',
      issuers: { main: { issuer: issuer.issuer, ...settings } },
      endpoints: [{ path: '/mcp', issuers: ['main'], upstream: 'http://127.0.0.1:9' }],
    },
    {},
  );
  return config.issuers[0] as ResolvedIssuer;
};

function runtime(settings: object = {}) {
  const clock = testClock();
  const { notices, notify } = recorder();
  /** The next fetch of metadata in the background. */
  const background = { run: (): void => {} };
  const { keys, metadata } = createIssuerRuntime(configOf(settings), {
    fetchJson,
    clock,
    schedule: (_ms, run) => {
      background.run = run;
      return () => {};
    },
    notify,
    random: () => 1,
  });
  const find = async (): Promise<string> => {
    const found = keys.find('one', clock.wallMs() / 1000);
    return reasonOf(await withDeadline('the key', found, 5_000));
  };
  const count = (event: string): number => notices.filter((notice) => notice.event === event).length;
  return { clock, keys, metadata, background, find, count };
}

/** Fails until the back-off of the keys has 16 s left or more. */
async function outage(world: ReturnType<typeof runtime>): Promise<void> {
  for (const seconds of [1, 2, 4, 8, 0]) {
    expect(await world.find()).toBe('keys.unavailable');
    world.clock.advance(seconds * 1_000);
  }
  expect(world.count('keys.load_failed')).toBe(5);
}

test.each([
  ['from the metadata', {}],
  ['from jwksUri', { jwksUri: '' }],
])('keys %s load at once when the background fetch of the metadata works again', async (_what, settings) => {
  const world = runtime('jwksUri' in settings ? { jwksUri: issuer.jwksUri } : {});
  await issuer.setMode('500');
  world.metadata.start();
  await until('the metadata has failed', () => world.count('metadata.load_failed') === 1);
  await outage(world);
  await issuer.setMode('ok');
  expect(await world.find()).toBe('keys.unavailable');
  world.background.run();
  await until('the metadata is good again', () => world.count('metadata.loaded') === 1);
  expect(await world.find()).toBe('ok');
  expect(world.count('keys.recovered')).toBe(1);
  world.metadata.stop();
});

test('keys load at once when another caller of the metadata finds it good again', async () => {
  const world = runtime({ jwksUri: issuer.jwksUri });
  await issuer.setMode('500');
  await outage(world);
  expect((await world.metadata.get(null)).ok).toBe(false);
  await issuer.setMode('ok');
  world.clock.advance(1_000);
  expect(await world.find()).toBe('keys.unavailable');
  // For example for introspection.
  expect((await world.metadata.get(null)).ok).toBe(true);
  expect(await world.find()).toBe('ok');
});

test('metadata that stays good does not end the back-off of keys that fail', async () => {
  const world = runtime();
  world.metadata.start();
  await until('the metadata is good', () => world.count('metadata.loaded') === 1);
  await issuer.setMode('500', 'jwks');
  expect(await world.find()).toBe('keys.unavailable');
  const { jwks } = issuer.hits;
  for (let i = 0; i < 3; i++) {
    world.background.run();
    await world.metadata.get(null);
    expect(await world.find()).toBe('keys.unavailable');
  }
  expect(issuer.hits.jwks).toBe(jwks);
  world.metadata.stop();
});

test('the clock tolerance of the issuer counts for unknown kids', async () => {
  const reasonWith = async (clockToleranceSeconds: number): Promise<string> => {
    const { keys, clock } = runtime({ jwksUri: issuer.jwksUri, clockToleranceSeconds });
    const find = async (kid: string) => reasonOf(await keys.find(kid, clock.wallMs() / 1000 - 20));
    for (const kid of ['one', 'a', 'b']) await find(kid);
    return find('c');
  };
  expect([await reasonWith(30), await reasonWith(10)]).toEqual(['keys.refetch_limited', 'token.key_unknown']);
});
