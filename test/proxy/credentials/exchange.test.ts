// The exchange of a caller's token: the form, whose tokens it takes, and what it drops.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Credential } from '../../../src/core/credential.js';
import type { PrincipalCredential } from '../../../src/core/endpoint-runtime.js';
import type { Principal } from '../../../src/core/principal.js';
import { answers, type RawUpstream, startRawUpstream } from '../../fixtures/raw-upstream.js';
import { apiKey, KEY, keyCaller, keyCredential, principal } from '../../support/endpoint.js';
import { ACCESS_TOKEN, BACKEND, exchanging, formOf, issuedAnswer, issuedJwt } from '../../support/exchanging.js';

const { json } = answers;
let server: RawUpstream;
let count = 0;
beforeAll(async () => {
  server = await startRawUpstream(async (exchange) => {
    count += 1;
    await json(issuedAnswer({ access_token: `issued-${count}` }))(exchange);
  }, 'issuer');
});
beforeEach(() => {
  server.reset();
  count = 0;
});
afterAll(() => server.stop());

const bearer = (token = 'eyJ.caller.token'): Credential => ({ kind: 'bearer', token });
const forms = () => server.requests.map(formOf);
async function call({ headers }: PrincipalCredential, who: Principal = principal(), presented = bearer()): Promise<string> {
  const found = await headers(who, presented);
  return found.ok ? found.value.join(' ') : found.definition.reason;
}
const issued = (number: number): string => `authorization Bearer issued-${number}`;

describe('the request', () => {
  test('is that of RFC 8693, and always asks for an access token (C-125)', async () => {
    const { credential } = exchanging(server, {
      audience: [BACKEND, 'second'],
      resource: ['https://files.example.com/mcp', 'https://b.example.com'],
      scopes: ['files:read', 'files:write'],
      parameters: { connector_id: 'ldap' },
    });
    expect(await call(credential)).toBe(issued(1));
    expect(forms()).toEqual([
      [
        ['grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange'],
        ['subject_token', 'eyJ.caller.token'],
        ['subject_token_type', ACCESS_TOKEN],
        ['requested_token_type', ACCESS_TOKEN],
        ['audience', BACKEND],
        ['audience', 'second'],
        ['resource', 'https://files.example.com/mcp'],
        ['resource', 'https://b.example.com'],
        ['scope', 'files:read files:write'],
        ['connector_id', 'ldap'],
      ],
    ]);
  });
  test('has no scope where the operator named none', async () => {
    await call(exchanging(server).credential);
    expect(forms()[0]?.map(([name]) => name)).not.toContain('scope');
  });
  test('is the assertion form on behalf of the caller, without audience and resource', async () => {
    server.next(json({ access_token: issuedJwt(), token_type: 'Bearer', expires_in: 60 }));
    const { credential } = exchanging(server, {
      grant: 'on-behalf-of',
      resource: ['https://files.example.com/mcp'],
      scopes: ['api://files/.default'],
      parameters: { a: 'b' },
    });
    expect(await call(credential)).toMatch(/^authorization Bearer eyJ/);
    expect(forms()).toEqual([
      [
        ['grant_type', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
        ['assertion', 'eyJ.caller.token'],
        ['requested_token_use', 'on_behalf_of'],
        ['scope', 'api://files/.default'],
        ['a', 'b'],
      ],
    ]);
  });
  test('on behalf of the caller checks the audience of the answer', async () => {
    server.next(json({ access_token: issuedJwt({ aud: 'other' }), token_type: 'Bearer' }));
    expect(await call(exchanging(server, { grant: 'on-behalf-of' }).credential)).toBe('exchange.unavailable');
  });
});

describe('never visits the issuer', () => {
  test.each<[string, Principal, Credential]>([
    ['an API key', keyCaller(), keyCredential()],
    ['an API key of the form of a bearer token', keyCaller(), { kind: 'bearer', token: KEY }],
    ['a token of the bridge', keyCaller(apiKey(), 'bridge'), bearer('eyJ.of.bridge')],
    ['a token of another issuer', principal({ issuer: 'https://other.example.com' }), bearer()],
  ])('%s', async (_what, who, presented) => {
    expect([await call(exchanging(server).credential, who, presented), server.hits]).toEqual(['exchange.refused', 0]);
  });
});

describe('the cache', () => {
  test('two users have two tokens, also with one subject', async () => {
    const { credential } = exchanging(server);
    const alice = principal();
    const bob = principal({ subject: 'bob' });
    expect(await call(credential, alice)).toBe(issued(1));
    expect(await call(credential, bob, bearer('eyJ.of.bob'))).toBe(issued(2));
    expect(await call(credential, principal(), bearer('eyJ.second.of.alice'))).toBe(issued(3));
    expect(await call(credential, alice)).toBe(issued(1));
  });
  test('is by the token, not by the object of the principal', async () => {
    const { credential } = exchanging(server);
    expect([await call(credential, principal()), await call(credential, principal())]).toEqual([issued(1), issued(1)]);
  });
  test('ends with the token of the caller (C-128)', async () => {
    const { credential, clock } = exchanging(server);
    const expiresAt = clock.wallMs() / 1000 + 60;
    expect(await call(credential, principal({ expiresAt }))).toBe(issued(1));
    clock.advance(55_000);
    expect(await call(credential, principal({ expiresAt }))).toBe(issued(2));
  });
  test('a token past its end, which the clock tolerance accepts, is not exchanged: its client gets 401', async () => {
    const { credential, clock } = exchanging(server);
    const expiresAt = clock.wallMs() / 1000 + 1;
    expect(await call(credential, principal({ expiresAt }))).toBe(issued(1));
    clock.advance(1_000);
    expect([await call(credential, principal({ expiresAt })), server.hits]).toEqual(['token.expired', 1]);
  });
  test('remembers a rejection of one token for five seconds', async () => {
    const { credential, clock } = exchanging(server);
    server.next(json({ error: 'invalid_grant' }, 400));
    expect([await call(credential), await call(credential), server.hits]).toEqual(['exchange.refused', 'exchange.refused', 1]);
    expect(await call(credential, principal({ subject: 'bob' }), bearer('eyJ.of.bob'))).toBe(issued(1));
    clock.advance(5_000);
    expect(await call(credential)).toBe(issued(2));
  });
  test('forgets the token that the upstream rejects, and only that of this caller', async () => {
    const { credential } = exchanging(server);
    const [alice, bob] = [principal(), principal({ subject: 'bob' })];
    await call(credential, alice);
    await call(credential, bob, bearer('eyJ.of.bob'));
    credential.rejected?.(alice, bearer());
    expect([await call(credential, alice), await call(credential, bob, bearer('eyJ.of.bob'))]).toEqual([issued(3), issued(2)]);
    credential.rejected?.(principal(), bearer('eyJ.never.seen'));
  });
  test('holds no token of a caller', async () => {
    const { credential } = exchanging(server);
    await call(credential, principal(), bearer('raw-token-of-the-caller'));
    expect(JSON.stringify(await credential.headers(principal(), bearer('raw-token-of-the-caller')))).not.toContain('raw-token');
  });
});

test.each<[string, Record<string, unknown>]>([
  ['a token for another audience', { access_token: issuedJwt({ aud: 'other' }) }],
  ['a refresh token', { issued_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }],
  ["the caller's own token", { access_token: 'eyJ.caller.token' }],
])('%s in the answer is not used, and not cached', async (_what, changes) => {
  const { credential, notices } = exchanging(server);
  server.next(json(issuedAnswer(changes)));
  expect([await call(credential), await call(credential)]).toEqual(['exchange.unavailable', issued(1)]);
  expect(notices).toEqual([]);
});
