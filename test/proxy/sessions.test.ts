// Whose a sealed session is: every part that it is bound to, its end, its keys; and what an answer says of it.
import { describe, expect, test } from 'vitest';
import type { Endpoint } from '../../src/core/endpoint.js';
import type { Caller } from '../../src/core/principal.js';
import { type CallSession, createSessions, type OpenSession, SESSION_SECONDS } from '../../src/proxy/sessions.js';
import { testClock } from '../support/clock.js';
import { endpoint, keyRule, legacy, passThroughCaller, principal } from '../support/endpoint.js';
import { head, type Lines } from '../support/exchange.js';
import { sealingKey } from '../support/sealing-key.js';

const UUID = '0b5ee5b2-5e0f-4a4c-a3e3-8a6b7d1f8a11';
const AT = endpoint();
const ALICE = principal();
const [first, second] = [sealingKey(), sealingKey()];

interface Asked {
  readonly at?: Endpoint;
  readonly by?: Caller;
}

/** Replicas are made of the same keys and the same clock, and share nothing else. */
const clock = testClock();
const replica = (...keys: (typeof first)[]): OpenSession => createSessions(keys.length > 0 ? keys : [first], clock);

const call = (open: OpenSession, lines: Lines, { at = AT, by = ALICE }: Asked = {}) => open(head({ lines }), at, by);
const inSession = (open: OpenSession, sealed: string, asked?: Asked) => call(open, [['Mcp-Session-Id', sealed]], asked);

function sealedBy(open: OpenSession, asked?: Asked, id = UUID): string {
  const session = call(open, [], asked) as CallSession;
  expect([session.ok, session.id, session.refused({ 'mcp-session-id': id })]).toEqual([true, null, null]);
  return session.forCaller({ 'mcp-session-id': id }) as string;
}

/** The upstream's id, or why there is none. */
function openedBy(open: OpenSession, sealed: string, asked?: Asked): string | null | undefined {
  const session = inSession(open, sealed, asked);
  if (session.ok) return session.id;
  expect([session.definition.reason, session.definition.status]).toEqual(['session.not_found', 404]);
  return session.detail;
}

const FOREIGN = /^belongs to another (caller or endpoint, or was altered|upstream)$/;

test('B-80, E-09: one replica seals, another opens; visible ASCII, and short', () => {
  const sealed = sealedBy(replica());
  expect(sealed).toMatch(/^[\x21-\x7e]{148}$/);
  expect(sealed).not.toContain(UUID);
  expect(openedBy(replica(), sealed)).toBe(UUID);
});

const machine = principal({ subject: 'alice', kind: 'client' });
const acme = principal({ tenant: 'acme' });
const elsewhere = (upstream: Partial<Endpoint['upstream']>): Endpoint => endpoint({ upstream: { ...AT.upstream, ...upstream } });

describe.each([
  ['opened for the first time', () => replica()],
  ['remembered', () => remembering],
])('A-61, B-83, E-08: a session that is %s belongs to', (_name, at) => {
  test.each<[string, Asked, Asked]>([
    ['its subject', {}, { by: principal({ subject: 'bob' }) }],
    [
      'its subject, half a surrogate pair and all',
      { by: principal({ subject: '\ud800' }) },
      { by: principal({ subject: '\ud801' }) },
    ],
    ['a user, not the machine of that name', {}, { by: machine }],
    ['a machine, not the user of that name', { by: machine }, {}],
    ['its issuer', {}, { by: principal({ issuer: 'https://other.example.com' }) }],
    ['its tenant', { by: acme }, { by: principal({ tenant: 'other' }) }],
    ['its tenant, not to one without', { by: acme }, {}],
    ['who has no tenant, not to one who has', {}, { by: acme }],
    ['who has no tenant, not to a tenant that is called nothing', {}, { by: principal({ tenant: '' }) }],
    [
      'who is called so, wherever one name ends and the next begins',
      { by: principal({ tenant: 'a', subject: 'b sub:c' }) },
      { by: principal({ tenant: 'a 7:b', subject: 'c' }) },
    ],
    ['its path', {}, { at: endpoint({ path: '/other/mcp' }) }],
    ['its resource', {}, { at: endpoint({ resource: 'https://mcp.example.com/other' }) }],
    ['its upstream', {}, { at: elsewhere({ url: 'http://10.0.0.6:3000/mcp' }) }],
    ['its legacy credential', { by: passThroughCaller() }, { by: passThroughCaller('l-0123456780') }],
    ['the spelling of its legacy credential', { by: passThroughCaller() }, { by: passThroughCaller('L-0123456789') }],
    [
      'the header of its legacy credential',
      { by: passThroughCaller() },
      { by: { kind: 'pass-through', credential: { ...legacy('l-0123456789'), header: 'x-api-key' } } },
    ],
    ['its key header', { by: passThroughCaller('k-1', keyRule) }, { by: passThroughCaller('k-2', keyRule) }],
    ['a legacy credential, not to a proven caller', { by: passThroughCaller() }, {}],
    ['a proven caller, not to a legacy credential', {}, { by: passThroughCaller() }],
  ])('%s', (_part, owner, other) => {
    const sealed = sealedBy(replica(), owner);
    const open = at();
    expect(openedBy(open, sealed, owner)).toBe(UUID);
    expect(openedBy(open, sealed, other)).toMatch(FOREIGN);
    expect(openedBy(open, sealed, owner)).toBe(UUID);
  });

  test('whoever it is, with another token, other scopes, another client', () => {
    const sealed = sealedBy(replica());
    const open = at();
    for (const by of [principal({ expiresAt: 5_000_000_000 }), principal({ scopes: [] }), principal({ client: 'app' })])
      expect(openedBy(open, sealed, { by })).toBe(UUID);
    const same = endpoint({ scopes: ['more'], upstream: { ...AT.upstream, maxConcurrentRequests: 9 } });
    expect(openedBy(open, sealed, { at: same })).toBe(UUID);
  });
});

/** One that all the rows of the table share. */
const remembering = replica();

test('E-08: a session ends after 24 h, on a replica that remembers it and on one that does not', () => {
  const sealed = sealedBy(replica());
  const open = replica();
  expect(openedBy(open, sealed)).toBe(UUID);
  clock.advance(SESSION_SECONDS * 1000 - 2_000);
  expect([openedBy(open, sealed), openedBy(replica(), sealed)]).toEqual([UUID, UUID]);
  clock.advance(2_000);
  expect([openedBy(open, sealed), openedBy(replica(), sealed)]).toEqual(['expired', 'expired']);
  // For others it is no different from any that is not theirs.
  expect(openedBy(open, sealed, { by: acme })).toMatch(FOREIGN);
});

test('E-08: keys rotate: all open, the newest seals, one that was removed opens nothing', () => {
  const old = sealedBy(replica(first));
  const both = replica(second, first);
  expect(openedBy(both, old)).toBe(UUID);
  const young = sealedBy(both);
  expect([openedBy(replica(second), young), openedBy(both, young)]).toEqual([UUID, UUID]);
  expect([openedBy(replica(second), old), openedBy(replica(first), young)]).toEqual(
    Array(2).fill('sealed with a key that is not in the ring'),
  );
  // Of a legacy credential it is the name that hangs on the key.
  const by = passThroughCaller();
  const oldest = sealedBy(replica(first), { by });
  expect([openedBy(both, oldest, { by }), openedBy(replica(first, second), oldest, { by })]).toEqual([UUID, UUID]);
});

test.each(['', 'x', UUID, 'a b', 'x'.repeat(100_000), `${'A'.repeat(60)}=`, 'ü'.repeat(80)])('B-83: %j is no session', (text) =>
  expect(openedBy(replica(), text)).toBe('not a session id of this gateway'),
);

test('E-08: no bit of it may be changed, nothing cut off, nothing added', () => {
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

test('B-58: two lines are nobody’s', () => {
  const open = replica();
  const sealed = sealedBy(open);
  const line = ['Mcp-Session-Id', sealed] as const;
  expect([call(open, [line]).ok, call(open, [line, line]).ok]).toEqual([true, false]);
});

describe('in an answer', () => {
  const named = (id: string | string[]) => ({ 'mcp-session-id': id });

  test('the id stays what it is, as long as the upstream’s does', () => {
    const sealed = sealedBy(replica(first));
    // Also on a replica that would seal with another key by now.
    const session = inSession(replica(second, first), sealed) as CallSession;
    expect([session.forCaller(named(UUID)), session.forCaller(named(UUID))]).toEqual([sealed, sealed]);
    expect(session.forCaller({})).toBeNull();
    const next = session.forCaller(named('the next')) as string;
    expect([next === sealed, openedBy(replica(second), next)]).toEqual([false, 'the next']);
  });

  test.each(['x', '!~', 'x'.repeat(1024)])('any id that may be one is sealed: %s', (id) => {
    const sealed = sealedBy(replica(), {}, id);
    expect(sealed.length).toBeLessThan(1_500);
    expect(openedBy(replica(), sealed)).toBe(id);
  });

  test.each<[string, string | string[]]>([
    ['a space', 'a b'],
    ['a letter beyond ASCII', 'é'],
    ['a control character', 'a\u007f'],
    ['1025 characters', 'x'.repeat(1025)],
    ['two lines', [UUID, UUID]],
  ])('%s is refused, and never passed on', (_name, id) => {
    const session = call(replica(), []) as CallSession;
    expect(session.refused(named(UUID))).toBeNull();
    expect(session.refused(named(id))?.definition.reason).toBe('upstream.broken');
  });

  test('an empty one is none', () => {
    const session = call(replica(), []) as CallSession;
    expect([session.refused(named('')), session.forCaller(named(''))]).toEqual([null, null]);
  });
});

test('more sessions than are remembered, and longer names, go on all the same', () => {
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
