// Each rule over the answer with an ID-JAG: one good answer, and one flaw for each row.
import { beforeAll, describe, expect, test } from 'vitest';
import { idJagRules, isIdJag, readIdJag } from '../../../src/proxy/credentials/id-jag-assertion.js';
import { mintToken, rsaKey, type SigningKey } from '../../fixtures/mint.js';
import { testClock } from '../../support/clock.js';

const EXPECTED = {
  issuer: 'https://idp.example.com',
  audience: 'https://auth.files.example.com',
  clientId: 'gateway-at-files',
  resource: ['https://files.example.com/mcp', 'https://files.example.com/more'],
};
const [RESOURCE = ''] = EXPECTED.resource;
const ID_JAG = 'urn:ietf:params:oauth:token-type:id-jag';

type Fields = Record<string, unknown>;
type Flaw = { members?: Fields; header?: Fields; claims?: Fields; token?: string };

const clock = testClock();
const now = Math.floor(clock.wallMs() / 1000);
let key: SigningKey;
beforeAll(() => {
  key = rsaKey();
});

const jag = ({ header, claims }: Flaw = {}): string =>
  mintToken({
    issuer: EXPECTED.issuer,
    audience: EXPECTED.audience,
    key,
    header: { typ: 'oauth-id-jag+jwt', ...header },
    claims: { client_id: EXPECTED.clientId, resource: RESOURCE, scope: 'files:read', ...claims },
  });
const read = (flaw: Flaw = {}) => {
  const accessToken = flaw.token ?? jag(flaw);
  const members = { access_token: accessToken, issued_token_type: ID_JAG, token_type: 'N_A', ...flaw.members };
  return readIdJag({ accessToken, members }, EXPECTED, clock);
};

describe('a good answer', () => {
  test.each<[string, Flaw, object]>([
    ['as the draft writes it', {}, { resource: [RESOURCE], scope: 'files:read' }],
    ['with its media type in full', { header: { typ: 'application/OAUTH-ID-JAG+JWT' } }, { scope: 'files:read' }],
    ['with a token type in another case', { members: { token_type: 'n_a' } }, { scope: 'files:read' }],
    ['for a list of one server', { claims: { aud: [EXPECTED.audience] } }, { scope: 'files:read' }],
    ['for several resources', { claims: { resource: EXPECTED.resource } }, { resource: EXPECTED.resource }],
    ['that names no resource, which is optional', { claims: { resource: undefined } }, { resource: [] }],
    ['with null for its resource', { claims: { resource: null } }, { resource: [] }],
    ['that names no scope', { claims: { scope: undefined } }, { scope: null }],
    ['that expired within the tolerance', { claims: { exp: now - 29 } }, { scope: 'files:read' }],
  ])('%s', (_what, flaw, value) => {
    expect(read(flaw)).toMatchObject({ ok: true, value });
  });
});

const FLAWS: [rule: string, flaw: Flaw][] = [
  ['issued_token_type', { members: { issued_token_type: undefined } }],
  ['issued_token_type', { members: { issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' } }],
  ['issued_token_type', { members: { issued_token_type: [ID_JAG] } }],
  ['token_type', { members: { token_type: undefined } }],
  ['token_type', { members: { token_type: 'Bearer' } }],
  ['typ', { header: { typ: undefined } }],
  ['typ', { header: { typ: 'at+jwt' } }],
  ['typ', { header: { typ: 'JWT' } }],
  ['typ', { header: { typ: 'oauth-id-jag+jwt2' } }],
  ['typ', { token: 'opaque' }],
  ['typ', { token: 'a.b.c' }],
  ['iss', { claims: { iss: undefined } }],
  ['iss', { claims: { iss: `${EXPECTED.issuer}/` } }],
  ['aud', { claims: { aud: undefined } }],
  ['aud', { claims: { aud: `${EXPECTED.audience}/` } }],
  ['aud', { claims: { aud: [] } }],
  ['aud', { claims: { aud: [EXPECTED.audience, 'https://other.example.com'] } }],
  ['aud', { claims: { aud: { 0: EXPECTED.audience } } }],
  ['client_id', { claims: { client_id: undefined } }],
  ['client_id', { claims: { client_id: 'gateway-at-idp' } }],
  ['resource', { claims: { resource: 'https://other.example.com/mcp' } }],
  ['resource', { claims: { resource: [RESOURCE, 'https://other.example.com/mcp'] } }],
  ['resource', { claims: { resource: [] } }],
  ['resource', { claims: { resource: 7 } }],
  ['exp', { claims: { exp: undefined } }],
  ['exp', { claims: { exp: `${now + 60}` } }],
  ['exp', { claims: { exp: now - 31 } }],
];

describe('a lie', () => {
  test.each(FLAWS)('%s: %o', (rule, flaw) => {
    expect(read().ok).toBe(true);
    const result = read(flaw);
    if (result.ok) throw new Error('the answer was accepted');
    expect(result.definition.reason).toBe('exchange.unavailable');
    expect(result.detail).toContain(rule);
    for (const part of jag(flaw).split('.')) expect(result.detail).not.toContain(part);
  });

  test('each rule has a row', () => {
    expect([...new Set(FLAWS.map(([rule]) => rule))]).toEqual(idJagRules.map(({ name }) => name));
  });

  test.each<[shown: string, flaw: Flaw]>([
    [`aud of the ID-JAG is ${EXPECTED.audience}/, not ${EXPECTED.audience} alone`, { claims: { aud: `${EXPECTED.audience}/` } }],
    ['aud of the ID-JAG is not a text', { claims: { aud: [EXPECTED.audience, 'x'] } }],
    ['aud of the ID-JAG is another value', { claims: { aud: 'x'.repeat(10_000) } }],
    ['client_id of the ID-JAG is gateway, not idJag.clientId', { claims: { client_id: 'gateway' } }],
    ['client_id of the ID-JAG is another value', { claims: { client_id: 'Zk3jT9qLx0vW8sYb2nR5' } }],
    [
      'issued_token_type is urn:ietf:params:oauth:token-type:refresh_token',
      { members: { issued_token_type: ID_JAG.replace('id-jag', 'refresh_token') } },
    ],
    ['token_type is absent, not N_A', { members: { token_type: null } }],
    ['the typ of the ID-JAG is at+jwt', { header: { typ: 'at+jwt' } }],
  ])('the detail shows names and no part of a token: %s', (shown, flaw) => {
    const result = read(flaw);
    expect(result.ok ? '' : result.detail).toContain(shown);
  });

  test('a token in a claim is not shown', () => {
    for (const claim of ['iss', 'aud', 'client_id', 'resource']) {
      const result = read({ claims: { [claim]: jag() } });
      expect(result.ok ? '' : result.detail).toContain(`${claim} of the ID-JAG is another value`);
    }
  });
});

test('an ID-JAG is known by its type, whatever it says', () => {
  expect([jag(), jag({ header: { typ: 'application/oauth-id-jag+jwt' } })].map(isIdJag)).toEqual([true, true]);
  expect([jag({ header: { typ: 'at+jwt' } }), 'opaque', 'a.b.c', ''].map(isIdJag)).toEqual([false, false, false, false]);
});
