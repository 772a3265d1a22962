// A source of keys that has just loaded a set, on a clock that the test moves.
import { jwksSchema } from '../../src/config/schema/issuer.js';
import { rsaKey } from '../fixtures/mint.js';
import { withDeadline } from '../fixtures/wait.js';
import { testClock } from './clock.js';
import { testKeys } from './keys.js';
import { reasonOf } from './kinds.js';

export const old = rsaKey({ kid: 'old' });
export const fresh = rsaKey({ kid: 'new' });
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;

/** A source that has just loaded the key `old`. */
export async function loaded(maxAgeSeconds: number | null = null, policy = jwksSchema.parse({})) {
  const clock = testClock(1_800_000_000_000);
  const keys = testKeys(clock, { published: [old], policy });
  keys.maxAgeSeconds = maxAgeSeconds;
  await keys.source.find('old', undefined);
  return {
    clock,
    keys,
    async find(kid: string, issuedSecondsAgo = 0): Promise<string> {
      const issuedAt = clock.wallMs() / 1000 - issuedSecondsAgo;
      return reasonOf(await withDeadline(`keys for ${kid}`, keys.source.find(kid, issuedAt), 1000));
    },
  };
}
