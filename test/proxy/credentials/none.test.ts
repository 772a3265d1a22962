// The credential that the gateway presents to an upstream that wants none of its own.
import { describe, expect, test } from 'vitest';
import { noCredential } from '../../../src/proxy/credentials/none.js';
import { keyRule, passThroughCaller, principal } from '../../support/endpoint.js';

describe('the upstream gets', () => {
  test('nothing for a principal, least of all its token (A-42)', () => {
    expect(noCredential.headers(principal())).toEqual({ ok: true, value: [] });
  });
  test.each([
    [passThroughCaller('abc'), ['authorization', 'Token abc']],
    [passThroughCaller('k 1', keyRule), ['x-api-key', 'k 1']],
  ])('the own header of a pass-through caller, byte for byte (C-101): %#', (caller, value) => {
    expect(noCredential.headers(caller)).toEqual({ ok: true, value });
  });
});
