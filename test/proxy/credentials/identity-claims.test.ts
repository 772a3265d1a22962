// The claims of the identity JWT: one set for each caller, and no value that is changed on the way.
import { describe, expect, test } from 'vitest';
import type { IdentityClaims } from '../../../src/core/identity-token.js';
import type { Principal } from '../../../src/core/principal.js';
import { identityClaims } from '../../../src/proxy/credentials/identity-claims.js';
import { apiKey, ISSUER, KEY, keyCaller, principal } from '../../support/endpoint.js';

const iat = 1_800_000_000;
const issuer = 'https://mcp.example.com';
const make = (of: Principal) => identityClaims(of, { issuer, audience: 'files-backend', iat });
function claims(of: Principal): IdentityClaims {
  const made = make(of);
  if (!made.ok) throw new Error(made.detail);
  return made.value;
}
const caller = (changes: Parameters<typeof principal>[0] = {}): Principal =>
  principal({ claims: { sub: changes.subject ?? 'alice' }, ...changes });

test('a user: who it is, what it may do, and for whom the JWT is (A-43)', () => {
  expect(claims(caller({ scopes: ['files:read', 'files:write'] }))).toEqual({
    iss: issuer,
    aud: 'files-backend',
    sub: 'alice',
    sub_id: { format: 'iss_sub', iss: ISSUER, sub: 'alice' },
    client_id: 'cli',
    scope: 'files:read files:write',
    iat,
    exp: iat + 60,
  });
});

test('an API key with a tenant', () => {
  expect(claims(keyCaller(apiKey(KEY, { scopes: [] })))).toEqual({
    iss: issuer,
    aud: 'files-backend',
    sub: 'partner-a',
    sub_id: { format: 'opaque', id: '- 4:acme key:partner-a' },
    tenant: 'acme',
    client_id: 'partner-a',
    iat,
    exp: iat + 60,
  });
});

test('a token without a subject: the client is not the subject', () => {
  const found = claims(caller({ kind: 'token', subject: 'cli', claims: {} }));
  expect(found).toMatchObject({ client_id: 'cli', sub_id: { format: 'opaque' } });
  expect(found).not.toHaveProperty('sub');
});

test('callers with one name have different sub_id, also across issuers, tenants and claims', () => {
  const alike: Principal[] = [
    caller(),
    caller({ issuer: `${ISSUER}/` }),
    caller({ kind: 'user', claims: { username: 'alice' } }),
    caller({ kind: 'client', client: 'alice' }),
    caller({ kind: 'token', client: 'alice', claims: {} }),
    caller({ tenant: 'acme' }),
    caller({ tenant: 'acme ' }),
    caller({ tenant: 'evil' }),
    // The operator reads the subject from another claim.
    caller({ claims: { sub: '0815', oid: 'alice' }, tenant: 'other' }),
    keyCaller(apiKey(KEY, { name: 'alice', tenant: null })),
    keyCaller(apiKey(KEY, { name: 'alice', tenant: 'acme' })),
  ];
  const ids = alike.map((one) => JSON.stringify(claims(one).sub_id));
  expect(new Set(ids).size).toBe(alike.length);
});

test('iss_sub only where the subject is the claim sub (RFC 9493 section 3.2.3)', () => {
  const formatOf = (of: Principal) => claims(of).sub_id.format;
  expect(formatOf(caller())).toBe('iss_sub');
  expect(formatOf(caller({ claims: { sub: '0815', oid: 'alice' } }))).toBe('opaque');
});

test.each(['\u0000', 'line\r\nX-User: admin', 'Zoë', '\u202eadmin', '"}{', '  '])(
  'the subject %j arrives as it is',
  (subject) => {
    expect(JSON.parse(JSON.stringify(claims(caller({ subject })))).sub).toBe(subject);
  },
);

describe('the end', () => {
  test.each<[string, number | null, number]>([
    ['no end', null, 60],
    ['an end in an hour', iat + 3600, 60],
    ['an end in 40.9 seconds', iat + 40.9, 40],
    ['an end in 2 seconds', iat + 2, 15],
    ['an end within the clock tolerance', iat - 29, 15],
  ])('a token with %s', (_what, expiresAt, seconds) => {
    expect(claims(caller({ expiresAt })).exp - iat).toBe(seconds);
  });
});

describe('act (RFC 8693 section 4.1)', () => {
  const withAct = (act: unknown): Principal => caller({ claims: { sub: 'alice', act } });
  const chain = (actors: number): unknown => (actors === 0 ? null : { sub: `agent-${actors}`, act: chain(actors - 1) });

  test('arrives with its names and its inner actors, and without other members', () => {
    const act = { sub: 'agent', iss: ISSUER, client_id: 'bot', email: 'a@example.com', act: { client_id: 'first', act: null } };
    expect(claims(withAct(act)).act).toEqual({ sub: 'agent', iss: ISSUER, client_id: 'bot', act: { client_id: 'first' } });
    expect(make(withAct(chain(10))).ok).toBe(true);
  });
  test.each([undefined, null])('%j names no actor', (act) => {
    expect(claims(withAct(act))).not.toHaveProperty('act');
  });
  test.each<[string, unknown]>([
    ['a text', 'agent'],
    ['a list', [{ sub: 'agent' }]],
    ['false', false],
    ['an empty object', {}],
    ['a member without a name', { email: 'a@example.com' }],
    ['a name that is a number', { sub: 7 }],
    ['an empty name', { sub: '' }],
    ['half a character', { sub: '\ud800' }],
    ['a bad inner actor', { sub: 'agent', act: 'first' }],
    ['an inner actor without a name', { sub: 'agent', act: {} }],
    ['eleven actors', chain(11)],
  ])('%s rejects the call', (_what, act) => {
    expect(make(withAct(act))).toMatchObject({ definition: { reason: 'claim.missing', status: 403 } });
  });
});

describe('a value that would arrive as another one rejects the call', () => {
  const long = 'x'.repeat(6000);
  test.each<[string, Parameters<typeof principal>[0], string]>([
    ['a scope that holds two', { scopes: ['files:read admin'] }, 'scope'],
    ['an empty scope', { scopes: ['files:read', ''] }, 'scope'],
    ['a scope with a line break', { scopes: ['files:read\nadmin'] }, 'scope'],
    ['a scope with a no-break space', { scopes: ['files:read\u00a0admin'] }, 'scope'],
    ['half a character in the subject', { subject: 'alice\ud800' }, 'sub'],
    ['half a character in the tenant', { tenant: '\udc00' }, 'tenant'],
    ['half a character in the client', { kind: 'token', client: '\udc00' }, 'client_id'],
    ['a very long subject', { subject: long }, 'sub'],
    ['a very long tenant', { tenant: long }, 'tenant'],
    ['very many scopes', { scopes: Array.from({ length: 600 }, (_, i) => `scope:${i}`) }, 'scope'],
    ['a long actor', { claims: { sub: 'alice', act: { sub: long } } }, 'act'],
  ])('%s', (_what, changes, name) => {
    const made = make(caller(changes));
    expect(made).toMatchObject({ definition: { reason: 'claim.missing' } });
    const { detail = '' } = made as { detail?: string };
    expect(detail).toMatch(new RegExp(`^the identity JWT cannot carry ${name}: `));
    expect(detail).not.toMatch(/xxx|alice|admin/);
  });
});
