// What the gateway presents to the upstream on the caller's behalf.
import { describe, expect, test } from 'vitest';
import { onwardCredential } from '../../src/proxy/upstream-credential.js';
import { keyRule, passThroughCaller, principal } from '../support/endpoint.js';

describe('what is presented', () => {
  test('on behalf of a principal is nothing, least of all its token (A-42)', () => {
    expect(onwardCredential(principal())).toEqual([]);
  });
  test('on behalf of a pass-through caller is its own header, byte for byte (C-101)', () => {
    expect(onwardCredential(passThroughCaller('abc'))).toEqual(['authorization', 'Token abc']);
    expect(onwardCredential(passThroughCaller('k 1', keyRule))).toEqual(['x-api-key', 'k 1']);
  });
});
