// With an ID-JAG two servers can reject the gateway. The fix names the right one and its client.
import { expect, test } from 'vitest';
import { exchangeFix } from '../../src/app/explain-exchange-fix.js';
import { exchangeGatewayRejected, exchangeRefused, exchangeUnavailable } from '../../src/core/failures.js';
import { secret } from '../../src/core/secret.js';
import type { ExchangeCredential } from '../../src/core/upstream-credential.js';

const basic = (clientId: string) => ({ auth: 'basic', clientId, clientSecret: secret('secret') }) as const;
const SERVER = 'https://auth.files.example.com';
const limits = { tokenUrl: null, timeoutMs: 2_000, maxConcurrentRequests: 64 };
const credential: ExchangeCredential = {
  ...limits,
  kind: 'exchange',
  issuer: 'https://idp.example.com',
  client: basic('at-the-idp'),
  grant: 'token-exchange',
  audience: [],
  resource: ['https://files.example.com/mcp'],
  scopes: [],
  parameters: {},
  idJag: { ...limits, issuer: SERVER, client: { ...basic('at-the-server'), auth: 'post' } },
};

test.each([
  ['the issuer rejects the client', exchangeGatewayRejected, 'issuer https://idp.example.com: status 401 invalid_client', /the client at-the-idp .* of upstream\.credential with .* auth: post$/],
  ['the other server rejects the client', exchangeGatewayRejected, `authorization server ${SERVER}: status 401 invalid_client`, /the client at-the-server .* of upstream\.credential\.idJag with the client at the server$/],
  ['the issuer does not know the target', exchangeRefused, 'issuer https://idp.example.com: status 400 invalid_target', /^the issuer does not know the target https:\/\/files\.example\.com\/mcp/],
  ['the other server rejects the ID-JAG', exchangeRefused, `authorization server ${SERVER}: status 400 invalid_grant`, /^the server of idJag does not accept the ID-JAG.* at-the-server/],
  ['a token for another audience', exchangeUnavailable, `authorization server ${SERVER}: the token is for another audience: aud has none`, /^compare aud of the token/],
] as const)('%s', (_title, make, detail, words) => {
  expect(exchangeFix(make({ detail }), credential)?.words).toMatch(words);
}); // biome-ignore format: one row each

test('no advice where the detail is enough, and for a credential without a token endpoint', () => {
  expect(exchangeFix(exchangeUnavailable({ detail: 'ECONNREFUSED' }), credential)).toBeNull();
  expect(exchangeFix(exchangeRefused({}), { kind: 'forward' })).toBeNull();
});
