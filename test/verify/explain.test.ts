// A refusal that none of the checks that are told owns is still one.
import { expect, test } from 'vitest';
import { tokenMalformed, upstreamBusy } from '../../src/core/failures.js';
import { createExplain } from '../../src/verify/explain.js';
import { testClock } from '../support/clock.js';
import { endpoint } from '../support/endpoint.js';

test('fails at its check, or at none, and never passes', async () => {
  const last = () => ({ name: 'scope', observed: {}, expected: {} });
  const explained = async (verdict: ReturnType<typeof tokenMalformed>) => {
    const explain = createExplain({
      endpoint: endpoint(),
      issuers: new Map(),
      authenticator: { authenticate: () => verdict },
      audience: () => null,
      clock: testClock(),
    });
    const { steps, failure } = await explain('opaque', [], last);
    return [failure?.definition.reason, steps.filter(({ state }) => state === 'fail').map(({ name }) => name)];
  };
  expect(await explained(tokenMalformed())).toEqual(['token.malformed', ['kind of token']]);
  expect(await explained(upstreamBusy({ retryAfterSeconds: 1 }))).toEqual(['upstream.busy', []]);
});
