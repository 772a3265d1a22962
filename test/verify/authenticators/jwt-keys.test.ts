// Which published key verifies a JWT: without kid, without alg, and by both names of EdDSA.
import { describe, expect, test } from 'vitest';
import { rejectAlgorithm } from '../../../src/verify/algorithms.js';
import { verifySignature } from '../../../src/verify/authenticators/jwt-signature.js';
import { shapeOf } from '../../../src/verify/jws.js';
import { ecKey, ed25519Key, type Mint, mintToken, rsaKey, type SigningKey } from '../../fixtures/mint.js';
import { testClock } from '../../support/clock.js';
import { ISSUER, RESOURCE } from '../../support/endpoint.js';
import { testKeys } from '../../support/keys.js';
import { reasonOf } from '../../support/kinds.js';

const rsa = rsaKey({ kid: 'rsa' });
const second = rsaKey({ kid: 'second' });
const ec = ecKey({ kid: 'ec' });
const ed = ed25519Key({ kid: 'ed' });
const unpublished = rsaKey({ kid: 'rsa' });
const five = Array.from({ length: 5 }, () => rsaKey());

const mint = (changes: Partial<Mint> = {}): string => mintToken({ issuer: ISSUER, audience: RESOURCE, key: rsa, ...changes });
const header = (changes: Record<string, unknown>): string => mint({ header: changes });

interface Setting {
  readonly algorithms?: string[];
  readonly published?: SigningKey[];
}

function verifier({ algorithms = ['RS256'], published = [rsa, second] }: Setting = {}) {
  const clock = testClock();
  const keys = testKeys(clock, { published, algorithms });
  async function verify(token: string) {
    const jwt = shapeOf(token);
    if (jwt.kind !== 'jws' || jwt.claims === null) throw new Error('not a JWT');
    const rejection = rejectAlgorithm(jwt.header.alg, algorithms);
    return rejection ?? verifySignature(token, { ...jwt, claims: jwt.claims }, keys.source);
  }
  return { keys, clock, verify, reason: async (token: string) => reasonOf(await verify(token)) };
}

const DETAILS: Readonly<Record<string, string>> = {
  'the key with its kid': 'the signature fails with 1 published key for alg RS256 and this kid',
  'no kid': 'the signature fails with 2 published keys for alg RS256, and the token has no kid',
  'no kid, and more keys than it tries':
    'the signature fails with 5 published keys for alg RS256, and the token has no kid; the gateway tried 4 of them',
  'a key for another alg': 'no published key with this kid is for alg PS256',
  'no kid, and no key for its alg': 'no published key is for alg PS256',
  'an unknown kid': 'no published key has this kid',
};

describe('the key', () => {
  const nameless = (key: SigningKey): SigningKey => ({ ...key, jwk: { ...key.jwk, kid: undefined } });
  const anyAlg = (key: SigningKey): SigningKey => ({ ...key, jwk: { ...key.jwk, alg: undefined } });

  describe('of a token without kid (C-63)', () => {
    const bare = (key: SigningKey): string => mint({ key, header: { kid: undefined } });
    const both = ['RS256', 'ES256'];
    const decoys = five.slice(1);

    test.each<[string, SigningKey, Setting, string]>([
      ['is the only one', rsa, { published: [rsa] }, 'ok'],
      ['is the first of two', rsa, { published: [rsa, second] }, 'ok'],
      ['is the second of two', second, { published: [rsa, second] }, 'ok'],
      ['is the fourth that fits', rsa, { published: [...decoys.slice(1), rsa] }, 'ok'],
      ['is the fifth that fits', rsa, { published: [...decoys, rsa] }, 'token.signature'],
      ['is the fifth, but the fourth that fits', rsa, { algorithms: both, published: [ec, ...decoys.slice(1), rsa] }, 'ok'],
      ['has another type than the others', ec, { algorithms: both, published: [rsa, second, ec] }, 'ok'],
      ['is not published', unpublished, { published: [rsa, second] }, 'token.signature'],
      ['is not published, and no key is for its alg', ec, { algorithms: both, published: [rsa] }, 'token.key_unknown'],
    ])('%s', async (_what, key, setting, reason) => {
      expect(await verifier(setting).reason(bare(key))).toBe(reason);
    });
  });

  describe('without a kid in the key set (RFC 7517 section 4.5)', () => {
    test('verifies any token of the issuer, and an exact kid comes first', async () => {
      expect(await verifier({ published: [nameless(rsa)] }).reason(mint())).toBe('ok');
      const mixed = verifier({ published: [nameless(second), rsa] });
      expect([await mixed.reason(mint()), await mixed.reason(mint({ key: second }))]).toEqual(['ok', 'ok']);
      expect(await mixed.reason(mint({ key: { ...second, kid: 'rsa' } }))).toBe('token.signature');
    });

    test('causes no fetch for the kid of a token that it verifies, and one after a rotation', async () => {
      const at = verifier({ published: [nameless(rsa)] });
      for (let i = 0; i < 5; i++) expect([await at.reason(mint()), at.keys.loads]).toEqual(['ok', 1]);
      at.keys.published = [nameless(second)];
      expect([await at.reason(mint({ key: second })), at.keys.loads]).toEqual(['ok', 2]);
      expect([await at.reason(mint({ key: second })), at.keys.loads]).toEqual(['ok', 2]);
      expect([await at.reason(mint()), at.keys.loads]).toEqual(['token.key_unknown', 3]);
      // A look at the keys starts no refresh: the token itself does, and then gets its answer.
      at.clock.advance(570_000);
      expect([await at.reason(mint()), at.keys.loads]).toEqual(['token.key_unknown', 4]);
      at.clock.advance(570_000);
      expect([await at.reason(mint({ key: second })), at.keys.loads]).toEqual(['ok', 5]);
    });

    test('does not hide that a kid is unknown, or that no fetch is possible', async () => {
      const at = verifier({ published: [nameless(second)] });
      expect(await at.reason(mint({ key: unpublished }))).toBe('token.key_unknown');
      at.keys.published = [nameless(second), unpublished];
      expect(await at.reason(mint({ key: unpublished }))).toBe('ok');
      at.keys.fails = 'status 500';
      expect(await at.reason(mint({ key: rsaKey({ kid: 'x' }) }))).toBe('keys.unavailable');
      expect(await at.reason(mint({ key: second }))).toBe('ok');
    });
  });

  describe('without alg (C-33)', () => {
    const algorithms = ['RS256', 'RS512', 'PS256', 'ES256'];
    test.each<[string, string]>([
      ['RS256', 'ok'],
      ['RS512', 'ok'],
      ['PS256', 'ok'],
      ['RS384', 'token.algorithm'],
      ['ES256', 'token.key_unknown'],
      ['HS256', 'token.algorithm'],
    ])('serves %s: %s', async (alg, reason) => {
      const at = verifier({ algorithms, published: [anyAlg(rsa), second] });
      expect(await at.reason(header({ alg }))).toBe(reason);
    });

    test('does not serve another key, nor a signature by another algorithm', async () => {
      const at = verifier({ algorithms, published: [anyAlg(rsa)] });
      expect(await at.reason(mint({ key: { ...unpublished, kid: 'rsa' }, header: { alg: 'RS512' } }))).toBe('token.signature');
      const [, payload, signature] = header({ alg: 'RS256' }).split('.');
      const head = Buffer.from(JSON.stringify({ alg: 'RS512', typ: 'at+jwt', kid: 'rsa' })).toString('base64url');
      expect(await at.reason(`${head}.${payload}.${signature}`)).toBe('token.signature');
    });
  });

  const spellings = ['EdDSA', 'Ed25519'];
  test.each(spellings.flatMap((config) => spellings.flatMap((jwk) => spellings.map((token) => [config, jwk, token] as const))))(
    'of EdDSA: %s in the configuration, %s in the key, %s in the token (RFC 9864)',
    async (config, alg, inToken) => {
      const at = verifier({ algorithms: [config], published: [{ ...ed, jwk: { ...ed.jwk, alg } }] });
      expect(await at.reason(mint({ key: ed, header: { alg: inToken } }))).toBe('ok');
      const forged = { ...ed25519Key(), kid: 'ed' };
      expect(await at.reason(mint({ key: forged, header: { alg: inToken } }))).toBe('token.signature');
    },
  );

  test.each<[string, string, Setting]>([
    ['the key with its kid', mint({ key: unpublished }), { published: [rsa, second] }],
    ['no kid', mint({ key: unpublished, header: { kid: undefined } }), { published: [rsa, second] }],
    ['no kid, and more keys than it tries', header({ kid: undefined }), { published: five }],
    ['a key for another alg', header({ alg: 'PS256' }), { algorithms: ['RS256', 'PS256'] }],
    ['no kid, and no key for its alg', header({ alg: 'PS256', kid: undefined }), { algorithms: ['RS256', 'PS256'] }],
    ['an unknown kid', header({ kid: 'x' }), {}],
  ])('the detail says what the gateway tried: %s', async (what, token, setting) => {
    expect([what, await verifier(setting).verify(token)]).toMatchObject([what, { ok: false, detail: DETAILS[what] }]);
  });
});
