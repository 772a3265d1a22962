// The choice of the issuer by `iss`: the detail of a rejection names the value to compare.
import { expect, test } from 'vitest';
import type { IssuerRuntime } from '../../src/verify/issuer/issuer-runtime.js';
import { createSelectVerifier } from '../../src/verify/select-verifier.js';

/** An issuer that the token does not name. */
const OTHER = new Map([['https://c.example', { introspect: null } as IssuerRuntime]]);

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

test.each<[string, object, string]>([
  ['another issuer', { iss: 'https://a.example/' }, 'iss "https://a.example/" is not an issuer of this endpoint'],
  ['a long name', { iss: 'x'.repeat(5000) }, `iss "${'x'.repeat(200)}" is not an issuer of this endpoint`],
  ['no iss', {}, 'the token has no iss'],
  ['a list', { iss: ['https://a.example'] }, 'the token has no iss'],
])('%s', (_what, claims, detail) => {
  const token = `${part({ alg: 'RS256' })}.${part(claims)}.${'A'.repeat(342)}`;
  expect(createSelectVerifier(OTHER)(token)).toMatchObject({ definition: { reason: 'token.issuer' }, detail });
});

test('an endpoint without issuers names none', () => {
  const token = `${part({ alg: 'RS256' })}.${part({ iss: 'https://a.example/' })}.${'A'.repeat(342)}`;
  const detail = 'this endpoint takes no tokens';
  expect(createSelectVerifier(new Map())(token)).toMatchObject({ definition: { reason: 'token.issuer' }, detail });
});
