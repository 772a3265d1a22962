// Tests the kinds of upstream credential that need no server: none, static, forward.
import { describe, expect, test } from 'vitest';
import { secret } from '../../../src/core/secret.js';
import { forwardCredential } from '../../../src/proxy/credentials/forward.js';
import { noCredential } from '../../../src/proxy/credentials/none.js';
import { staticCredential } from '../../../src/proxy/credentials/static.js';
import { apiKey, keyCaller, keyCredential, principal } from '../../support/endpoint.js';
import { reasonOf } from '../../support/kinds.js';

const bearer = { kind: 'bearer', token: 'eyJ.caller.token' } as const;

describe('the upstream gets', () => {
  test('no credential for a principal, and never its token (A-42)', () => {
    expect(noCredential.headers(principal(), bearer)).toEqual({ ok: true, value: [] });
  });
  test('the same fixed header for every caller', () => {
    const { headers } = staticCredential({ kind: 'static', header: 'x-api-key', value: secret('s3cret') });
    const expected = { ok: true, value: ['x-api-key', 's3cret'] };
    expect(headers(principal(), bearer)).toEqual(expected);
    expect(headers(keyCaller(), keyCredential())).toEqual(expected);
  });
  test("the caller's own token with forward only", () => {
    expect(forwardCredential.headers(principal(), bearer)).toEqual({
      ok: true,
      value: ['authorization', 'Bearer eyJ.caller.token'],
    });
  });
  test('nothing with forward, where the caller has an API key', async () => {
    expect(reasonOf(await forwardCredential.headers(keyCaller(), keyCredential()))).toBe('exchange.refused');
  });
  test('nothing with forward, where the token is one of the bridge', async () => {
    expect(reasonOf(await forwardCredential.headers(keyCaller(apiKey(), 'bridge'), bearer))).toBe('exchange.refused');
  });
});
