// The headers that tell the upstream who calls: each fact, and values that a header cannot hold.
import { describe, expect, test } from 'vitest';
import { secret } from '../../src/core/secret.js';
import type { HeaderFact, UpstreamHeader } from '../../src/core/upstream-credential.js';
import { createUpstreamCredential } from '../../src/proxy/credentials/upstream-credential.js';
import { createIdentityHeaders } from '../../src/proxy/identity-headers.js';
import { keyCaller, passThroughCaller, principal } from '../support/endpoint.js';
import { reasonOf } from '../support/kinds.js';

const MOST = 8192;
const CLAIM = 'https://acme.com/team';

type Template = Extract<UpstreamHeader, { kind: 'template' }>;
const header = (fact: HeaderFact, own: Partial<Template> = {}): UpstreamHeader => ({
  kind: 'template',
  name: 'x-fact',
  before: '',
  fact,
  claim: fact === 'claim' ? CLAIM : null,
  isOptional: false,
  after: '',
  ...own,
});

const FACTS: readonly HeaderFact[] = ['subject', 'tenant', 'client', 'issuer', 'scopes', 'claim'];
/** A principal whose fact has a value, also one that no authenticator lets through today. */
const having = (fact: HeaderFact, value: unknown) => {
  if (fact === 'claim') return principal({ claims: { [CLAIM]: value } });
  if (fact === 'scopes') return { ...principal(), scopes: value === null ? [] : [value as string] };
  return { ...principal(), [fact]: value as string };
};
const written = (fact: HeaderFact, value: unknown, own: Partial<Template> = {}) =>
  createIdentityHeaders([header(fact, own)])(having(fact, value));

describe.each(FACTS)('{%s}', (fact) => {
  const texts = fact === 'scopes' ? ['acme', '!~,;='] : ['acme', 'a b', '!~"\\,;='];
  test.each([...texts, 'x'.repeat(MOST)])('is written as it is: %j', (value) => {
    expect(written(fact, value)).toEqual({ ok: true, value: ['x-fact', value] });
    expect(written(fact, value, { isOptional: true })).toEqual({ ok: true, value: ['x-fact', value] });
  });

  test('that is absent rejects, and with a question mark there is no header', () => {
    expect(reasonOf(written(fact, null))).toBe('claim.missing');
    expect(written(fact, null, { isOptional: true })).toEqual({ ok: true, value: [] });
  });

  test.each<[string, string]>([
    ['empty', ''],
    ['CR LF', 'a\r\nX-Role: admin'],
    ['LF', 'a\nb'],
    ['LF at the end', 'a\n'],
    ['NUL', 'a\0b'],
    ['a tab', 'a\tb'],
    ['not ASCII', 'älice'],
    ['a character of two units', 'a😀'],
    ['a no-break space', 'a\u00a0b'],
    ['DEL', 'a\x7f'],
    ['a space before it', ' a'],
    ['a space after it', 'a '],
    ['two spaces in it', 'a  b'],
    ['a space alone', ' '],
    ['9 KiB', 'x'.repeat(9 * 1024)],
    ['one character too many', 'x'.repeat(MOST + 1)],
  ])('%s rejects, with a question mark too', (_what, value) => {
    for (const isOptional of [false, true]) {
      const result = written(fact, value, { isOptional });
      expect(reasonOf(result)).toBe('claim.missing');
      expect(JSON.stringify(result)).not.toContain('admin');
    }
  });
});

test.each([5, 0, true, false, [], ['acme'], ['a', 'b'], {}, { a: 1 }])('a claim that is %j rejects', (value) => {
  for (const isOptional of [false, true]) expect(reasonOf(written('claim', value, { isOptional }))).toBe('claim.missing');
});

test.each(['__proto__', 'constructor', 'toString'])('%s is not a claim', (claim) => {
  expect(reasonOf(createIdentityHeaders([header('claim', { claim })])(principal()))).toBe('claim.missing');
  expect(createIdentityHeaders([header('claim', { claim, isOptional: true })])(principal())).toEqual({ ok: true, value: [] });
});

test('the text around the fact is written too, and counts for the length', () => {
  const around = { before: 'user ', after: ' of acme' };
  expect(written('subject', 'alice', around)).toEqual({ ok: true, value: ['x-fact', 'user alice of acme'] });
  const longest = 'x'.repeat(MOST - 'user  of acme'.length);
  expect(reasonOf(written('subject', longest, around))).toBe('ok');
  expect(reasonOf(written('subject', `${longest}x`, around))).toBe('claim.missing');
});

test.each([
  ['s3cret\n', 'is not one line of visible ASCII'],
  ['s3cret\t', 'is not one line of visible ASCII'],
  ['s3crét  x', 'is not one line of visible ASCII'],
  ['s3cret  x', 'has spaces around it or two in a row'],
  [' s3cret', 'has spaces around it or two in a row'],
  ['s3cret ', 'has spaces around it or two in a row'],
  [' ', 'has spaces around it or two in a row'],
  ['', 'is empty'],
  [['s3cret'], 'is not a text'],
])('the detail about %j names the fact and the rule, and never the value', (value, flaw) => {
  expect(written('claim', value)).toMatchObject({ detail: `claim ${CLAIM} ${flaw}; upstream.headers needs it` });
});

test('the detail about an absent fact names it', () => {
  expect(written('tenant', null)).toMatchObject({ detail: 'tenant is absent; upstream.headers needs it' });
});

test.each(['files:read admin', 'a"b', 'a\\b'])('%j is not a scope, so that one is never read as two', (scope) => {
  const flawed = principal({ scopes: ['files:read', scope] });
  expect(reasonOf(createIdentityHeaders([header('scopes')])(flawed))).toBe('claim.missing');
  expect(reasonOf(createIdentityHeaders([header('scopes', { isOptional: true })])(flawed))).toBe('claim.missing');
});

test('scopes are separated by a space', () => {
  const scopes = ['files:read', 'files:write'];
  expect(createIdentityHeaders([header('scopes')])(principal({ scopes }))).toEqual({
    ok: true,
    value: ['x-fact', 'files:read files:write'],
  });
});

test('a token whose issuer names no subject has none: its client has many users', () => {
  const caller = principal({ kind: 'token', subject: 'cli' });
  expect(reasonOf(createIdentityHeaders([header('subject')])(caller))).toBe('claim.missing');
  expect(createIdentityHeaders([header('subject', { isOptional: true })])(caller)).toEqual({ ok: true, value: [] });
});

test('an API key has a subject and no issuer', () => {
  expect(createIdentityHeaders([header('subject')])(keyCaller())).toEqual({ ok: true, value: ['x-fact', 'partner-a'] });
  expect(reasonOf(createIdentityHeaders([header('issuer')])(keyCaller()))).toBe('claim.missing');
});

describe('with the credential of the upstream', () => {
  const presented = { kind: 'bearer', token: 'eyJ.caller.token' } as const;
  const headers: UpstreamHeader[] = [
    { kind: 'constant', name: 'x-fixed', value: secret('5') },
    header('tenant'),
    header('subject', { name: 'x-user' }),
  ];
  let asked = 0;
  const credential = createUpstreamCredential(
    {
      headers() {
        asked += 1;
        return { ok: true, value: ['authorization', 'Bearer ours'] };
      },
    },
    headers,
  );

  test('headers come in order, then the credential', () => {
    asked = 0;
    expect(credential.headers(principal({ tenant: 'acme' }), presented)).toEqual({
      ok: true,
      value: ['x-fixed', '5', 'x-fact', 'acme', 'x-user', 'alice', 'authorization', 'Bearer ours'],
    });
    expect(asked).toBe(1);
  });

  test('a missing fact causes no request for a credential', () => {
    asked = 0;
    expect(reasonOf(credential.headers(principal(), presented) as never)).toBe('claim.missing');
    expect(asked).toBe(0);
  });

  test('a pass-through caller gets neither', () => {
    asked = 0;
    const caller = passThroughCaller();
    expect(credential.headers(caller, caller.credential)).toEqual({
      ok: true,
      value: ['authorization', 'Token l-0123456789'],
    });
    expect(asked).toBe(0);
  });
});
