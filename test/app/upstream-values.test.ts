// A value has a fingerprint only if others cannot find it by trying.
import { randomBytes, randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { configuredHeaders, headerValues } from '../../src/app/upstream-values.js';
import { secret } from '../../src/core/secret.js';
import type { UpstreamHeader } from '../../src/core/upstream-credential.js';

const random = randomBytes(32).toString('base64url');
const hex = '9f2c4e6a8b0d1f3579ace02468bdf135';
const shownOf = (name: string, value: string): unknown => headerValues([name, value], []);

test.each([
  ['32 random bytes', 'authorization', `Bearer ${random}0`, 'Bearer', true],
  ['128 bits in hex', 'authorization', `token ${hex}`, 'token', true],
  ['a UUID', 'authorization', `ApiKey ${randomUUID()}`, 'ApiKey', true],
  ['a key without a scheme', 'authorization', hex, 'none that is known', true],
  ['a value of 31 characters', 'authorization', `Bearer ${hex.slice(1)}`, 'Bearer', false],
  ['a password in Basic', 'authorization', `Basic ${random}0`, 'Basic', false],
  ['a password in basic', 'authorization', `basic ${random}0`, 'basic', false],
  ['words', 'authorization', 'correct horse battery staple 2026 correct', 'none that is known', false],
  ['a long text of one character', 'authorization', `Bearer ${'a1'.repeat(40)}`, 'Bearer', false],
  ['letters alone', 'authorization', `Bearer ${'averylongpasswordofoneoperator'.repeat(2)}`, 'Bearer', false],
])('%s', (_title, name, value, scheme, hasFingerprint) => {
  const fingerprint = hasFingerprint ? { fingerprint: expect.stringMatching(/^[0-9a-f]{8}$/) } : {};
  expect(shownOf(name, value)).toEqual({ 'header Authorization': { scheme, characters: value.length, ...fingerprint } });
});

test('another header has no scheme', () => {
  expect(shownOf('x-api-key', `Bearer ${hex}`)).toEqual({ 'header X-Api-Key': { characters: 39 } });
});

test('a fact about the caller has no fingerprint, however long it is', () => {
  const template = { before: 'id ', after: '', claim: null, isOptional: true } as const;
  const headers: UpstreamHeader[] = [
    { kind: 'template', name: 'x-user', fact: 'subject', ...template },
    { kind: 'template', name: 'x-tenant', fact: 'tenant', ...template },
    { kind: 'template', name: 'x-team', ...template, fact: 'claim', claim: 'https://acme.com/team', isOptional: false },
    { kind: 'constant', name: 'x-fixed', value: secret('blue') },
  ];
  expect(headerValues(['x-user', `id ${hex}`, 'x-team', 'id a', 'x-fixed', 'blue'], headers)).toEqual({
    'header X-User': { characters: 35 },
    'header X-Tenant': 'absent',
    'header X-Team': { characters: 4 },
    'header X-Fixed': { characters: 4 },
  });
  expect(configuredHeaders(headers)).toEqual({
    'header X-User': 'id {subject?}',
    'header X-Tenant': 'id {tenant?}',
    'header X-Team': 'id {claim.https://acme.com/team}',
    'header X-Fixed': 'a constant or a secret',
  });
});
