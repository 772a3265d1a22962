// Each check of a JWT has values for `explain`. A new check without values fails here.
import { expect, test } from 'vitest';
import { checksBeforeIntrospection, keylessChecks } from '../../src/verify/authenticators/jwt.js';
import { hasValues, valuesOf } from '../../src/verify/explain-values.js';
import type { IssuerRuntime } from '../../src/verify/issuer/issuer-runtime.js';

const names = new Set([...keylessChecks, ...checksBeforeIntrospection].map(({ name }) => name));

test.each([...names, 'claims', 'key'])('%s has values', (name) => expect(hasValues(name)).toBe(true));
test('an unknown check has none', () => expect(hasValues('something else')).toBe(false));

test('the kind of token: the claims that decide it, with a nonce only in the audience rule', () => {
  const claims = { token_use: 'access', typ: 'Offline', nonce: 'n', at_hash: 'h' };
  expect(valuesOf('other kinds of token', { kind: 'jws', header: {}, claims }, {} as IssuerRuntime, 0)).toEqual({
    observed: { token_use: 'access', typ: 'Offline', at_hash: 'present' },
    expected: { 'at_hash, c_hash, events': 'absent', token_use: 'absent, access or access_token' },
  });
});
