// Worlds in a given state of the keys of an issuer.
import { afterEach, expect } from 'vitest';
import { KEYS, type KeyWorld, startKeyWorld, type WorldOptions } from './key-world.js';

export const MINUTE = 60_000;
export const BAD = 'token.expired';
export const FORGED = 'token.signature';
export const UNKNOWN = 'token.key_unknown';
export const DOWN = 'keys.unavailable';
export const LIMITED = 'keys.refetch_limited';
/** The age of a token that is older than every fetch. */
export const OLD_SECONDS = 3_600;

export const running: KeyWorld[] = [];
/** Stops the worlds of each test. */
export function stopKeyWorlds(): void {
  afterEach(async () => {
    await Promise.all(running.splice(0).map((world) => world.stop()));
  });
}

export async function start(options: WorldOptions = {}): Promise<KeyWorld> {
  const world = await startKeyWorld(options);
  running.push(world);
  return world;
}

export const loaded = async (world: KeyWorld): Promise<void> => expect(await world.send('K+')).toBe('ok');
export const rotate = (world: KeyWorld): void => void world.issuer.rotate({ key: KEYS.fresh, keepOld: true });
export const spendBucket = async (world: KeyWorld): Promise<void> => {
  for (let i = 0; i < 2; i++) expect(await world.send('U')).toBe(UNKNOWN);
};
/** Loads the keys and makes them old; the next refresh fails. */
export async function stale(world: KeyWorld, minutes: number): Promise<void> {
  await loaded(world);
  await world.issuer.setMode('500');
  world.clock.advance(minutes * MINUTE);
}
