// Tests the credential for upstreams that need none of the gateway.
import { describe, expect, test } from 'vitest';
import { noCredential } from '../../../src/proxy/credentials/none.js';
import { keyRule, passThroughCaller, principal } from '../../support/endpoint.js';

describe('the upstream gets', () => {
  test('no credential for a principal, and never its token (A-42)', () => {
    expect(noCredential.headers(principal())).toEqual({ ok: true, value: [] });
  });
  test.each([
    [passThroughCaller('abc'), ['authorization', 'Token abc']],
    [passThroughCaller('k 1', keyRule), ['x-api-key', 'k 1']],
  ])('the header of a pass-through caller, byte for byte (C-101): %#', (caller, value) => {
    expect(noCredential.headers(caller)).toEqual({ ok: true, value });
  });
});
