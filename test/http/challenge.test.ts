// The WWW-Authenticate header of each failure: the whole header, byte for byte.
import { describe, expect, test } from 'vitest';
import type { MakeFailure } from '../../src/core/failure.js';
import * as failures from '../../src/core/failures.js';
import { failureTable } from '../../src/core/failures.js';
import { challenge } from '../../src/http/challenge.js';
import { endpoint, METADATA } from '../support/endpoint.js';

const {
  audienceMismatch,
  credentialMalformed,
  credentialMissing,
  credentialScheme,
  credentialMultiple,
  scopeInsufficient,
  tokenExpired,
  tokenSignature,
  upstreamRefusedCaller,
} = failures;
const at = endpoint({ scopes: ['files:read', 'files:list'] });
const where = `resource_metadata="${METADATA}"`;

describe('the whole header', () => {
  test.each<[string, MakeFailure, string]>([
    ['no credential: no error code (C-02, A-21, A-22)', credentialMissing, `Bearer scope="files:read files:list", ${where}`],
    ['an unknown scheme: no error code (C-02)', credentialScheme, `Bearer scope="files:read files:list", ${where}`],
    [
      'a pass-through credential that the upstream rejected (C-104)',
      upstreamRefusedCaller,
      `Bearer scope="files:read files:list", ${where}`,
    ],
    [
      'an invalid token (C-08, A-20)',
      tokenSignature,
      `Bearer error="invalid_token", error_description="The access token is invalid", scope="files:read files:list", ${where}`,
    ],
    [
      'an expired token',
      tokenExpired,
      `Bearer error="invalid_token", error_description="The access token expired", scope="files:read files:list", ${where}`,
    ],
    [
      'a token for another server (A-40)',
      audienceMismatch,
      `Bearer error="invalid_token", error_description="The access token is not for this server", scope="files:read files:list", ${where}`,
    ],
    [
      'a malformed header (A-24)',
      credentialMalformed,
      `Bearer error="invalid_request", error_description="Malformed Authorization header", scope="files:read files:list", ${where}`,
    ],
    [
      'two credentials (A-24, B-58)',
      credentialMultiple,
      `Bearer error="invalid_request", error_description="Send one credential only", scope="files:read files:list", ${where}`,
    ],
    [
      'missing scopes (A-30)',
      scopeInsufficient,
      `Bearer error="insufficient_scope", error_description="The access token lacks a scope", scope="files:read files:list", ${where}`,
    ],
  ])('%s', (_what, make, header) => {
    expect(challenge(at, make())).toBe(header);
  });

  test('names every scope that the call needs, not only those of the endpoint (A-31)', () => {
    const failure = scopeInsufficient({ scopes: ['files:read', 'files:list', 'files:write'] });
    expect(challenge(at, failure)).toBe(
      `Bearer error="insufficient_scope", error_description="The access token lacks a scope", scope="files:read files:list files:write", ${where}`,
    );
  });

  test('names the scopes of a login where the call is not known: challengeScopes (A-22)', () => {
    const all = endpoint({ scopes: ['files:read'], loginScopes: ['files:read', 'files:write'] });
    const none = endpoint({ scopes: ['files:read'], loginScopes: [] });
    expect(challenge(all, credentialMissing())).toBe(`Bearer scope="files:read files:write", ${where}`);
    expect(challenge(none, credentialMissing())).toBe(`Bearer ${where}`);
    for (const at of [all, none])
      expect(challenge(at, scopeInsufficient({ scopes: ['files:read', 'a'] }))).toContain(' scope="files:read a", ');
  });

  test('begins with the realm where the endpoint has one', () => {
    const realm = endpoint({ realm: 'files of acme' });
    expect(challenge(realm, credentialMissing())).toBe(`Bearer realm="files of acme", scope="files:read", ${where}`);
    expect(challenge(realm, tokenExpired())).toBe(
      `Bearer realm="files of acme", error="invalid_token", error_description="The access token expired", scope="files:read", ${where}`,
    );
  });

  test('has no empty scope (A-27)', () => {
    expect(challenge(endpoint({ scopes: [] }), credentialMissing())).toBe(`Bearer ${where}`);
  });
});

const challenged = failureTable.filter((row) => row.challenge !== null);
const lines = challenged.map(
  (row) => [row.reason, challenge(at, { ok: false, definition: row, detail: 'scope="x" \r\n detail' }) as string] as const,
);

describe('every challenge', () => {
  test('is written for every row that has one, and for no other (C-03)', () => {
    const found = failureTable.filter((definition) => challenge(at, { ok: false, definition }) !== null);
    expect(found).toEqual(challenged);
    expect(found.length).toBeGreaterThan(15);
  });

  test.each(lines)(
    '%s follows the grammar: one line, Bearer first, each parameter once (A-25, A-26, A-27, C-04)',
    (_kind, line) => {
      expect(line).toMatch(/^Bearer [a-z_]+="[\x20\x21\x23-\x5b\x5d-\x7e]+"(, [a-z_]+="[\x20\x21\x23-\x5b\x5d-\x7e]+")*$/);
      const names = [...line.matchAll(/([a-z_]+)="/g)].map(([, name]) => name);
      expect(new Set(names).size).toBe(names.length);
      for (const name of ['scope', 'error', 'resource_metadata', 'realm'])
        expect(line.split(`${name}=`).length).toBeLessThanOrEqual(2);
      // This also holds for a client that cuts at each comma first, and looks for quotes then.
      for (const parameter of line.slice('Bearer '.length).split(/[,;]/)) expect(parameter).toMatch(/^ ?[a-z_]+="[^"]+"$/);
      expect(line).not.toContain('  ');
      expect(line).toContain(where);
      expect(line).not.toContain('detail');
    },
  );

  test('has the same bytes each time (A-31)', () => {
    const again = challenged.map((row) => [
      row.reason,
      challenge(at, { ok: false, definition: row, detail: 'another', cause: new Error('x') }),
    ]);
    expect(again).toEqual(lines);
  });

  test('is the same for every invalid token, except where the client can act: expiry, audience (C-09)', () => {
    const tokens = lines.filter(([kind]) => kind.startsWith('token.') && kind !== 'token.expired');
    expect(tokens.length).toBeGreaterThan(7);
    expect(new Set(tokens.map(([, line]) => line)).size).toBe(1);
  });
});
