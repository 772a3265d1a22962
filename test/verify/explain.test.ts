// A failure that belongs to no step of the explanation is still a failure.
import { expect, test } from 'vitest';
import { tokenMalformed, upstreamBusy } from '../../src/core/failures.js';
import { createExplain } from '../../src/verify/explain.js';
import { testClock } from '../support/clock.js';
import { endpoint } from '../support/endpoint.js';

test('a failure is at its step, or at no step, and never looks like a pass', async () => {
  const last = () => ({ name: 'scope', observed: {}, expected: {} });
  const explained = async (rejection: ReturnType<typeof tokenMalformed>) => {
    const explain = createExplain({
      endpoint: endpoint(),
      issuers: new Map(),
      authenticator: { authenticate: () => rejection },
      audience: () => null,
      clock: testClock(),
    });
    const { steps, failure } = await explain('opaque', [], last);
    return [failure?.definition.reason, steps.filter(({ state }) => state === 'fail').map(({ name }) => name)];
  };
  expect(await explained(tokenMalformed())).toEqual(['token.malformed', ['kind of token']]);
  expect(await explained(upstreamBusy({ retryAfterSeconds: 1 }))).toEqual(['upstream.busy', []]);
});
