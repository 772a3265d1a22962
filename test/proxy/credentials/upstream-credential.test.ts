// Tests what the upstream gets at one call: identity headers and a credential, or the header of a
// pass-through caller.
import { describe, expect, test } from 'vitest';
import type { PrincipalCredential } from '../../../src/core/endpoint-runtime.js';
import { exchangeUnavailable } from '../../../src/core/failures.js';
import { ok } from '../../../src/core/result.js';
import type { UpstreamHeader } from '../../../src/core/upstream-credential.js';
import { createUpstreamCredential } from '../../../src/proxy/credentials/upstream-credential.js';
import { keyRule, legacy, passThroughCaller, principal } from '../../support/endpoint.js';
import { reasonOf } from '../../support/kinds.js';

const bearer = { kind: 'bearer', token: 'eyJ.caller.token' } as const;
const tenant: UpstreamHeader = {
  kind: 'template',
  name: 'x-tenant',
  before: '',
  fact: 'tenant',
  claim: null,
  isOptional: false,
  after: '',
};

/** A kind that counts its calls. */
function counting(answer: ReturnType<PrincipalCredential['headers']> = ok(['authorization', 'Bearer own'])) {
  const calls = { count: 0 };
  const kind: PrincipalCredential = {
    headers() {
      calls.count++;
      return answer;
    },
  };
  return { kind, calls };
}

describe('the upstream gets', () => {
  test('the headers of the operator, then the credential', () => {
    const { headers } = createUpstreamCredential(counting().kind, [tenant]);
    expect(headers(principal({ tenant: 'acme' }), bearer)).toEqual(ok(['x-tenant', 'acme', 'authorization', 'Bearer own']));
  });
  test('both, where the credential has to wait', async () => {
    const { headers } = createUpstreamCredential(counting(Promise.resolve(ok(['x-key', '1']))).kind, [tenant]);
    expect(await headers(principal({ tenant: 'acme' }), bearer)).toEqual(ok(['x-tenant', 'acme', 'x-key', '1']));
  });
  test.each([
    ['a scheme', passThroughCaller('abc'), legacy('abc'), ['authorization', 'Token abc']],
    ['a header', passThroughCaller('k 1', keyRule), legacy('k 1', keyRule), ['x-api-key', 'k 1']],
  ])('the header of a pass-through caller by %s, byte for byte, and nothing else (C-101)', (_, caller, presented, value) => {
    const { kind, calls } = counting();
    expect(createUpstreamCredential(kind, [tenant]).headers(caller, presented)).toEqual(ok(value));
    expect(calls.count).toBe(0);
  });
});

test('the upstream rejects a credential: the kind hears of it, but never of that of a pass-through caller', () => {
  const heard: unknown[] = [];
  const { rejected } = createUpstreamCredential({ ...counting().kind, rejected: (who) => void heard.push(who.subject) }, []);
  rejected?.(passThroughCaller('abc'), legacy('abc'));
  rejected?.(principal(), bearer);
  expect(heard).toEqual(['alice']);
});

describe('the call is rejected', () => {
  test('without a claim that a header needs, before any request to an identity provider', async () => {
    const { kind, calls } = counting();
    const { headers } = createUpstreamCredential(kind, [tenant]);
    expect(reasonOf(await headers(principal(), bearer))).toBe('claim.missing');
    expect(calls.count).toBe(0);
    expect((await headers(principal({ tenant: 'acme' }), bearer)).ok).toBe(true);
    expect(calls.count).toBe(1);
  });
  test('where there is no credential', async () => {
    const { headers } = createUpstreamCredential(counting(Promise.resolve(exchangeUnavailable())).kind, [tenant]);
    expect(reasonOf(await headers(principal({ tenant: 'acme' }), bearer))).toBe('exchange.unavailable');
  });
});
