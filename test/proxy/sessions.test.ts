// Sealed session ids: the owner that each is bound to, its expiry, its keys, and ids in responses.
import { describe, expect, test } from 'vitest';
import type { Endpoint } from '../../src/core/endpoint.js';
import type { Caller } from '../../src/core/principal.js';
import { type CallSession, createSessions, type OpenSession, SESSION_SECONDS } from '../../src/proxy/sessions.js';
import { createKeyRing } from '../../src/seal/key-ring.js';
import { testClock } from '../support/clock.js';
import { apiKey, endpoint, KEY, keyCaller, keyRule, legacy, passThroughCaller, principal } from '../support/endpoint.js';
import { head, type Lines } from '../support/exchange.js';
import { sealingKey } from '../support/sealing-key.js';

const UUID = '0b5ee5b2-5e0f-4a4c-a3e3-8a6b7d1f8a11';
const AT = endpoint();
const ALICE = principal();
const [first, second] = [sealingKey(), sealingKey()];

interface CallOptions {
  readonly at?: Endpoint;
  readonly by?: Caller;
}

/** Replicas share the keys and the clock, and nothing else. */
const clock = testClock();
const replica = (...keys: (typeof first)[]): OpenSession => createSessions(keys.length > 0 ? keys : [first], clock);

const call = (open: OpenSession, lines: Lines, { at = AT, by = ALICE }: CallOptions = {}) => open(head({ lines }), at, by);
const inSession = (open: OpenSession, sealed: string, options?: CallOptions) => call(open, [['Mcp-Session-Id', sealed]], options);

function sealedBy(open: OpenSession, options?: CallOptions, id = UUID): string {
  const session = call(open, [], options) as CallSession;
  expect([session.ok, session.id, session.rejection({ 'mcp-session-id': id })]).toEqual([true, null, null]);
  return session.forCaller({ 'mcp-session-id': id }) as string;
}

/** The upstream's id, or the detail of the rejection. */
function openedBy(open: OpenSession, sealed: string, options?: CallOptions): string | null | undefined {
  const session = inSession(open, sealed, options);
  if (session.ok) return session.id;
  expect([session.definition.reason, session.definition.status]).toEqual(['session.not_found', 404]);
  return session.detail;
}

const FOREIGN = /^belongs to another (caller or endpoint, or was altered|upstream)$/;

test('B-80, E-09: one replica seals, another opens a short text of visible ASCII', () => {
  const sealed = sealedBy(replica());
  expect(sealed).toMatch(/^[\x21-\x7e]{148}$/);
  expect(sealed).not.toContain(UUID);
  expect(openedBy(replica(), sealed)).toBe(UUID);
});

const machine = principal({ subject: 'alice', kind: 'client' });
const acme = principal({ tenant: 'acme' });
const clientLikeKey = principal({ kind: 'client', issuer: null, tenant: 'acme', subject: 'partner-a' });
const elsewhere = (upstream: Partial<Endpoint['upstream']>): Endpoint => endpoint({ upstream: { ...AT.upstream, ...upstream } });

describe.each([
  ['opened for the first time', () => replica()],
  ['remembered', () => remembering],
])('A-61, B-83, E-08: a session that is %s belongs to', (_name, at) => {
  test.each<[string, CallOptions, CallOptions]>([
    ['its subject', {}, { by: principal({ subject: 'bob' }) }],
    [
      'its subject with half a surrogate pair',
      { by: principal({ subject: '\ud800' }) },
      { by: principal({ subject: '\ud801' }) },
    ],
    ['a user, not the machine with the same name', {}, { by: machine }],
    ['a machine, not the user with the same name', { by: machine }, {}],
    ['its issuer', {}, { by: principal({ issuer: 'https://other.example.com' }) }],
    ['its tenant', { by: acme }, { by: principal({ tenant: 'other' }) }],
    ['its API key', { by: keyCaller() }, { by: keyCaller(apiKey(KEY, { name: 'partner-b' })) }],
    ['the tenant of its API key', { by: keyCaller() }, { by: keyCaller(apiKey(KEY, { tenant: 'globex' })) }],
    ['its API key, not the client with the same name', { by: keyCaller() }, { by: clientLikeKey }],
    ['its tenant, not a caller without a tenant', { by: acme }, {}],
    ['a caller without a tenant, not a caller with one', {}, { by: acme }],
    ['a caller without a tenant, not a tenant with an empty name', {}, { by: principal({ tenant: '' }) }],
    [
      'its tenant and subject, though the joined names are the same',
      { by: principal({ tenant: 'a', subject: 'b sub:c' }) },
      { by: principal({ tenant: 'a 7:b', subject: 'c' }) },
    ],
    ['its path', {}, { at: endpoint({ path: '/other/mcp' }) }],
    ['its resource', {}, { at: endpoint({ resource: 'https://mcp.example.com/other' }) }],
    ['its upstream', {}, { at: elsewhere({ url: 'http://10.0.0.6:3000/mcp' }) }],
    ['its pass-through credential', { by: passThroughCaller() }, { by: passThroughCaller('l-0123456780') }],
    ['the spelling of its pass-through credential', { by: passThroughCaller() }, { by: passThroughCaller('L-0123456789') }],
    [
      'the header of its pass-through credential',
      { by: passThroughCaller() },
      { by: { kind: 'pass-through', credential: { ...legacy('l-0123456789'), header: 'x-api-key' } } },
    ],
    ['its key header', { by: passThroughCaller('k-1', keyRule) }, { by: passThroughCaller('k-2', keyRule) }],
    ['a pass-through credential, not a verified caller', { by: passThroughCaller() }, {}],
    ['a verified caller, not a pass-through credential', {}, { by: passThroughCaller() }],
  ])('%s', (_part, owner, other) => {
    const sealed = sealedBy(replica(), owner);
    const open = at();
    expect(openedBy(open, sealed, owner)).toBe(UUID);
    expect(openedBy(open, sealed, other)).toMatch(FOREIGN);
    expect(openedBy(open, sealed, owner)).toBe(UUID);
  });

  test('its owner with another token, other scopes or another client', () => {
    const sealed = sealedBy(replica());
    const open = at();
    for (const by of [principal({ expiresAt: 5_000_000_000 }), principal({ scopes: [] }), principal({ client: 'app' })])
      expect(openedBy(open, sealed, { by })).toBe(UUID);
    const same = endpoint({ scopes: ['more'], upstream: { ...AT.upstream, maxConcurrentRequests: 9 } });
    expect(openedBy(open, sealed, { at: same })).toBe(UUID);
  });
});

/** A replica that all rows of the table share. */
const remembering = replica();

test('a key, its bridge token and its next key of the same name share sessions', () => {
  const sealed = sealedBy(replica(), { by: keyCaller() });
  for (const by of [keyCaller(apiKey(), 'bridge'), keyCaller(apiKey('sk_live_next')), keyCaller()]) {
    expect(openedBy(replica(), sealed, { by })).toBe(UUID);
    expect(openedBy(replica(), sealedBy(replica(), { by }), { by: keyCaller() })).toBe(UUID);
  }
});

test('E-08: a session expires after 24 h, on replicas that remember it and on others', () => {
  const sealed = sealedBy(replica());
  const open = replica();
  expect(openedBy(open, sealed)).toBe(UUID);
  clock.advance(SESSION_SECONDS * 1000 - 2_000);
  expect([openedBy(open, sealed), openedBy(replica(), sealed)]).toEqual([UUID, UUID]);
  clock.advance(2_000);
  expect([openedBy(open, sealed), openedBy(replica(), sealed)]).toEqual(['expired', 'expired']);
  // Other callers cannot see that it expired.
  expect(openedBy(open, sealed, { by: acme })).toMatch(FOREIGN);
});

test('E-08: keys rotate: each key opens, the newest seals, a removed key opens nothing', () => {
  const old = sealedBy(replica(first));
  const both = replica(second, first);
  expect(openedBy(both, old)).toBe(UUID);
  const young = sealedBy(both);
  expect([openedBy(replica(second), young), openedBy(both, young)]).toEqual([UUID, UUID]);
  expect([openedBy(replica(second), old), openedBy(replica(first), young)]).toEqual(
    Array(2).fill('sealed with a key that is not in the ring'),
  );
  // The owner of a pass-through session also depends on the key.
  const by = passThroughCaller();
  const oldest = sealedBy(replica(first), { by });
  expect([openedBy(both, oldest, { by }), openedBy(replica(first, second), oldest, { by })]).toEqual([UUID, UUID]);
});

test.each(['', 'x', UUID, 'a b', 'x'.repeat(100_000), `${'A'.repeat(60)}=`, 'ü'.repeat(80)])(
  'B-83: %j is not a session',
  (text) => expect(openedBy(replica(), text)).toBe('not a session id of this gateway'),
);

test('E-08: a changed, shorter or longer text does not open', () => {
  const open = replica();
  const sealed = sealedBy(open);
  expect(openedBy(open, sealed)).toBe(UUID);
  for (let at = 0; at < sealed.length; at++) {
    const letter = sealed[at] === 'A' ? 'B' : 'A';
    expect([at, inSession(open, sealed.slice(0, at) + letter + sealed.slice(at + 1)).ok]).toEqual([at, false]);
    expect([at, inSession(open, sealed.slice(0, at)).ok]).toEqual([at, false]);
  }
  for (const more of ['A', '=', ' ', ',', sealed]) expect(inSession(open, sealed + more).ok).toBe(false);
});

test.each([
  '1900000000 id',
  '[1]',
  '[9e9,"URL",null]',
  '[9e9,"URL",["id"]]',
  '["9e9","URL","id"]',
  '{"0":9e9,"1":"URL","2":"id","length":3}',
])('a text that another version sealed is not a session: %s', (content) => {
  const { newest } = createKeyRing([first], 'session');
  const part = (text: string): string => `${text.length}:${text} `;
  const seal = (text: string): string => newest.seal(text, part(AT.path) + part(AT.resource) + ALICE.id);
  const { url } = AT.upstream;
  expect(openedBy(replica(), seal(JSON.stringify([9e9, url, UUID])))).toBe(UUID);
  expect(openedBy(replica(), seal(content.replace('URL', url)))).toBe('sealed by another version');
});

test('B-58: two session ids are rejected', () => {
  const open = replica();
  const sealed = sealedBy(open);
  const line = ['Mcp-Session-Id', sealed] as const;
  expect([call(open, [line]).ok, call(open, [line, line]).ok]).toEqual([true, false]);
});

describe('in a response', () => {
  const named = (id: string | string[]) => ({ 'mcp-session-id': id });

  test('the sealed id stays the same as long as the id of the upstream', () => {
    const sealed = sealedBy(replica(first));
    // Also on a replica whose newest key is another.
    const session = inSession(replica(second, first), sealed) as CallSession;
    expect([session.forCaller(named(UUID)), session.forCaller(named(UUID))]).toEqual([sealed, sealed]);
    expect(session.forCaller({})).toBeNull();
    const next = session.forCaller(named('the next')) as string;
    expect([next === sealed, openedBy(replica(second), next)]).toEqual([false, 'the next']);
  });

  test.each<[string, string, number]>([
    ['one character', 'x', 110],
    ['marks', '!~', 110],
    ['1024 characters', 'x'.repeat(1024), 1_500],
    ['8192 characters, within the 16 KiB for a whole head that some clients read', 'x'.repeat(8192), 11_200],
    ['8192 quotes, which the sealed text escapes', '"'.repeat(8192), 22_000],
  ])('any valid id is sealed: %s', (_name, id, limit) => {
    const sealed = sealedBy(replica(), {}, id);
    expect(sealed.length).toBeLessThan(limit);
    const open = replica();
    expect([openedBy(open, sealed), openedBy(open, sealed)]).toEqual([id, id]);
    expect(openedBy(open, sealed, { by: acme })).toMatch(FOREIGN);
  });

  test.each<[string, string | string[]]>([
    ['a space', 'a b'],
    ['a letter beyond ASCII', 'é'],
    ['a control character', 'a\u007f'],
    ['8193 characters', 'x'.repeat(8193)],
    ['two lines', [UUID, UUID]],
  ])('%s is rejected', (_name, id) => {
    const session = call(replica(), []) as CallSession;
    expect(session.rejection(named(UUID))).toBeNull();
    expect(session.rejection(named(id))?.definition.reason).toBe('upstream.broken');
  });

  test('an empty id counts as no id', () => {
    const session = call(replica(), []) as CallSession;
    expect([session.rejection(named('')), session.forCaller(named(''))]).toEqual([null, null]);
  });
});

test('sessions work beyond the number and the length that the gateway remembers', () => {
  const open = replica();
  const sealed = sealedBy(open);
  expect(openedBy(open, sealed)).toBe(UUID);
  for (let i = 0; i < 9_000; i++) expect(openedBy(open, sealedBy(open))).toBe(UUID);
  expect(openedBy(open, sealed)).toBe(UUID);
  const by = principal({ subject: 'x'.repeat(5_000) });
  const long = sealedBy(open, { by });
  expect([openedBy(open, long, { by }), openedBy(open, long, { by })]).toEqual([UUID, UUID]);
  expect(openedBy(open, long)).toMatch(FOREIGN);
});
