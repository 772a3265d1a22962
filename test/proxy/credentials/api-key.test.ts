// Tests the secret swap: the upstream gets the configured credential in place of the API key.
import { describe, expect, test } from 'vitest';
import { ok } from '../../../src/core/result.js';
import { secret } from '../../../src/core/secret.js';
import { keyCredential } from '../../../src/proxy/credentials/api-key.js';
import { noCredential } from '../../../src/proxy/credentials/none.js';
import { rejectResponse } from '../../../src/proxy/upstream-errors.js';
import { apiKey, endpoint, KEY, keyCaller, keyCredential as presentedKey, principal } from '../../support/endpoint.js';
import { reasonOf } from '../../support/kinds.js';

const OWN = 'Token upstream-secret';
const swapped = apiKey(KEY, { upstreamAuthorization: secret(OWN) });
const presented = presentedKey();
const others = { headers: () => ok(['x-of-the-endpoint', '1']) };

describe('the upstream gets', () => {
  test.each(['api-key', 'bridge'] as const)('the credential of the key, for a caller by %s', (method) => {
    expect(keyCredential(others).headers(keyCaller(swapped, method), presented)).toEqual({
      ok: true,
      value: ['authorization', OWN],
    });
  });
  test('that of the endpoint, where the key has none', () => {
    expect(keyCredential(others).headers(keyCaller(), presented)).toEqual({ ok: true, value: ['x-of-the-endpoint', '1'] });
    expect(keyCredential(noCredential).headers(keyCaller(), presented)).toEqual({ ok: true, value: [] });
  });
  test('that of the endpoint, for other callers', () => {
    expect(keyCredential(others).headers(principal(), presented)).toEqual({ ok: true, value: ['x-of-the-endpoint', '1'] });
  });
});

test('the upstream that rejects the credential of a key says nothing about that of the endpoint', () => {
  const dropped: string[] = [];
  const { rejected } = keyCredential({ ...others, rejected: ({ subject }) => void dropped.push(subject) });
  rejected?.(keyCaller(swapped), presented);
  rejected?.(principal(), presented);
  expect(dropped).toEqual(['alice']);
});

test.each([401, 403])('its %i is about the gateway, so the caller gets no 401 (A-47)', (status) => {
  const context = {
    caller: keyCaller(swapped),
    session: null,
    upstream: endpoint().upstream,
    credentialKind: 'none' as const,
    credentialHeaders: [],
  };
  expect(reasonOf(rejectResponse(status, { 'www-authenticate': 'Token' }, context))).toBe('upstream.gateway_rejected');
  expect(reasonOf(rejectResponse(status, {}, context))).toBe('upstream.gateway_rejected');
});
