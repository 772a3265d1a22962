// A refusal that none of the checks that are told owns is still one.
import { expect, test } from 'vitest';
import { rateLimited, tokenMalformed } from '../../src/core/failure.js';
import { createExplain } from '../../src/verify/explain.js';
import { testClock } from '../parts/clock.js';
import { endpoint } from '../parts/endpoint.js';

test('fails at its check, or at none, and never passes', async () => {
  const last = () => ({ name: 'scope', has: {}, wants: {} });
  const explained = async (verdict: ReturnType<typeof tokenMalformed>) => {
    const explain = createExplain(
      endpoint(),
      new Map(),
      () => verdict,
      () => null,
      testClock(),
    );
    const { steps, failure } = await explain('opaque', [], last);
    return [failure?.row.kind, steps.filter(({ state }) => state === 'fail').map(({ name }) => name)];
  };
  expect(await explained(tokenMalformed())).toEqual(['token.malformed', ['kind of token']]);
  expect(await explained(rateLimited({ retryAfterSeconds: 1 }))).toEqual(['rate.limited', []]);
});
