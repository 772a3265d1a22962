// A failure that belongs to no step of the explanation is still a failure.
import { expect, test } from 'vitest';
import {
  keysRefetchLimited,
  keysUnavailable,
  tokenKeyUnknown,
  tokenMalformed,
  tokenSignature,
  upstreamBusy,
} from '../../src/core/failures.js';
import { createExplain } from '../../src/verify/explain.js';
import { mintToken, rsaKey } from '../fixtures/mint.js';
import { testClock } from '../support/clock.js';
import { endpoint, ISSUER, RESOURCE } from '../support/endpoint.js';
import { issuerRuntime } from '../support/issuer.js';
import { testKeys } from '../support/keys.js';

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

test('a failure about keys is at the step of the key, and one about the signature is not', async () => {
  const clock = testClock();
  const key = rsaKey();
  const policy = { issuer: ISSUER, algorithms: ['RS256'], typ: 'lenient', clockToleranceSeconds: 30 } as const;
  const keys = testKeys(clock, { published: [key] }).source;
  const stepOf = async (rejection: ReturnType<typeof tokenSignature>) => {
    const explain = createExplain({
      endpoint: endpoint(),
      issuers: new Map([[ISSUER, issuerRuntime({ policy, keys }, clock)]]),
      authenticator: { authenticate: () => rejection },
      audience: () => null,
      clock,
    });
    const token = mintToken({ issuer: ISSUER, audience: RESOURCE, key });
    const { steps } = await explain(token, [], () => ({ name: 'scope', observed: {}, expected: {} }));
    return steps.filter(({ state }) => state === 'fail').map(({ name }) => name);
  };
  const ofKeys = [keysUnavailable(), keysRefetchLimited(), tokenKeyUnknown()];
  expect(await Promise.all(ofKeys.map(stepOf))).toEqual([['key'], ['key'], ['key']]);
  expect(await stepOf(tokenSignature())).toEqual(['signature']);
});
