// Which keys of a published set are usable. Unusable keys are skipped one by one.
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type ReadKeySet, readKeySet } from '../../../src/verify/issuer/jwk-set.js';
import { ecKey, ed25519Key, type Jwk, rsaKey, type SigningKey } from '../../fixtures/mint.js';
import { groupsOf } from '../../support/vectors.js';

const rsa = rsaKey({ kid: 'rsa' });
const other = rsaKey({ kid: 'other' });
const ec = ecKey({ kid: 'ec' });
const ed = ed25519Key({ kid: 'ed' });
const { privateKey } = rsa;
const read = (keys: unknown[], algorithms = ['RS256']) => readKeySet({ keys }, algorithms);
const algorithmsOf = (found: ReadKeySet): string[] => (found.ok ? [...(found.set.keys[0]?.byAlgorithm.keys() ?? [])] : []);
const without = (jwk: Jwk, ...names: string[]): Jwk =>
  Object.fromEntries(Object.entries(jwk).filter(([name]) => !names.includes(name)));

/** The points whose order divides eight, also in their second encodings. */
const SMALL_ORDER = [
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
];

test('a good key is read, with its kid, its algorithm and its thumbprint (C-61, C-33)', async () => {
  const found = await read([rsa.jwk]);
  expect(found).toMatchObject({ ok: true, skipped: [], isUsual: true, set: { keys: [{ kid: 'rsa' }] } });
  expect(algorithmsOf(found)).toEqual(['RS256']);
  const [key] = found.ok ? found.set.keys : [];
  expect(key?.thumbprint).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(found.ok && [...found.set.thumbprints]).toEqual([key?.thumbprint]);
});

test('the thumbprint covers the key, not the other members (RFC 7638)', async () => {
  const print = async (jwk: Jwk) => {
    const found = await read([jwk]);
    return found.ok ? found.set.keys[0]?.thumbprint : found.detail;
  };
  expect(await print({ ...without(rsa.jwk, 'kid', 'alg', 'use'), x5t: 'x', kid: 'renamed' })).toBe(await print(rsa.jwk));
  expect(await print(other.jwk)).not.toBe(await print(rsa.jwk));
});

describe('beside a good key (C-60)', () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
  const almost = generateKeyPairSync('rsa', { modulusLength: 2040 }).publicKey.export({ format: 'jwk' });
  const exponent3 = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).publicKey.export({ format: 'jwk' });
  const roca = groupsOf('key').find(({ comment }) => comment === 'jws_rsa_roca_key')?.published[0];
  test.each<[string, unknown, string]>([
    ['an unknown type (C-60)', { kty: 'XYZ', kid: 'a' }, 'no accepted algorithm'],
    ['no type (C-60)', without(rsa.jwk, 'kty'), 'no accepted algorithm'],
    ['an EC key where RS256 is configured (C-61)', ec.jwk, 'no accepted algorithm'],
    ['another algorithm (C-33, C-61)', { ...rsa.jwk, alg: 'PS256' }, 'no accepted algorithm'],
    ['an algorithm of another type', { ...ec.jwk, alg: 'RS256' }, 'no accepted algorithm'],
    ['an algorithm that is not a string', { ...rsa.jwk, alg: 5 }, 'no accepted algorithm'],
    ['HS256 (C-32)', { ...rsa.jwk, alg: 'HS256' }, 'no accepted algorithm'],
    ['an OKP key for Ed448', generateKeyPairSync('ed448').publicKey.export({ format: 'jwk' }), 'OKP curve other than Ed25519'],
    ['an OKP key for X25519', generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' }), 'OKP curve other than Ed25519'],
    ['an OKP key without a curve', { kty: 'OKP', x: ed.jwk.x }, 'OKP curve other than Ed25519'],
    ['an EC key with the alg of another curve', { ...ec.jwk, alg: 'ES384' }, 'EC curve other than that of its alg'],
    ['an EC key of secp256k1', { ...ec.jwk, alg: 'ES256', crv: 'secp256k1' }, 'EC curve other than that of its alg'],
    ['an EC key with an alg that is not known', { ...ec.jwk, alg: 'ES256K' }, 'no accepted algorithm'],
    ['a symmetric key (C-64)', { kty: 'oct', kid: 'a', k: 'c2VjcmV0', alg: 'HS256' }, 'private or symmetric'],
    ['a private key (C-64)', { ...privateKey.export({ format: 'jwk' }), kid: 'a' }, 'private or symmetric'],
    ['part of a private key (C-64)', { ...rsa.jwk, dq: 'AQAB' }, 'private or symmetric'],
    ['a key for encryption (C-61)', { ...rsa.jwk, use: 'enc' }, 'not for signatures'],
    ['key_ops without verify (C-61)', { ...rsa.jwk, key_ops: ['encrypt'] }, 'not for verifying'],
    ['key_ops that is not a list (C-61)', { ...rsa.jwk, key_ops: 'verify' }, 'not for verifying'],
    ['a kid that is not a string', { ...rsa.jwk, kid: 5 }, 'kid is not a string'],
    ['no modulus (C-60)', without(rsa.jwk, 'n'), 'RSA members missing'],
    ['no exponent (C-60)', without(rsa.jwk, 'e'), 'RSA members missing'],
    ['1024 bits (C-42)', { ...weak, kid: 'a' }, 'RSA of 1024 bits'],
    ['2040 bits (C-42)', { ...almost, kid: 'a' }, 'RSA of 2040 bits'],
    [
      '1024 bits after zeros (C-42)',
      { ...weak, n: Buffer.concat([Buffer.alloc(200), Buffer.from(String(weak.n), 'base64url')]).toString('base64url') },
      'RSA of 1024 bits',
    ],
    ['an empty modulus (C-42)', { ...rsa.jwk, n: '' }, 'RSA of 0 bits'],
    ['exponent 3', { ...exponent3, kid: 'a' }, 'RSA exponent other than 65537'],
    ['exponent 1', { ...rsa.jwk, e: 'AQ' }, 'RSA exponent other than 65537'],
    ['the weak generator of CVE-2017-15361 (C-42)', roca, 'RSA key that can be factored (ROCA)'],
    ['a string', 'key', 'not an object'],
    ['null', null, 'not an object'],
    ['a list', [rsa.jwk], 'not an object'],
  ])('%s is skipped', async (_what, jwk, reason) => {
    const found = await read([jwk, other.jwk]);
    expect(found).toMatchObject({ ok: true, skipped: [reason], set: { keys: [{ kid: 'other' }] } });
    expect(await read([jwk])).toEqual({ ok: false, detail: `no usable key (${reason})`, isKeySet: true });
  });

  test.each(SMALL_ORDER.flatMap((y) => [0, 0x80].map((sign) => [y, sign] as const)))(
    'an Ed25519 key of small order is skipped, because anyone can sign for it: %s, sign %i',
    async (y, sign) => {
      const point = Buffer.from(y, 'hex');
      point[31] = (point[31] as number) | sign;
      const jwk = { kty: 'OKP', crv: 'Ed25519', x: point.toString('base64url') };
      const key = createPublicKey({ key: jwk, format: 'jwk' });
      const unsigned = Buffer.concat([Buffer.from([1]), Buffer.alloc(63)]);
      const texts = Array.from({ length: 200 }, (_, i) => Buffer.from(`text ${i}`));
      expect(texts.some((text) => verify(null, text, key, unsigned))).toBe(true);
      const found = await read([jwk, ed.jwk], ['EdDSA']);
      expect(found).toMatchObject({ ok: true, skipped: ['Ed25519 key of small order'], set: { keys: [{ kid: 'ed' }] } });
    },
  );

  test.each([-1, 1])('an Ed25519 key of a length that differs by %i byte is skipped (C-60)', async (by) => {
    const x = Buffer.alloc(32 + by, 1).toString('base64url');
    expect(await read([{ ...ed.jwk, x }, ed.jwk], ['EdDSA'])).toMatchObject({
      ok: true,
      skipped: ['cannot be imported'],
      set: { keys: [{ kid: 'ed' }] },
    });
  });

  test('a point that is not on its curve is skipped (C-60)', async () => {
    const broken = { ...ec.jwk, y: ec.jwk.x };
    expect(await read([broken, ec.jwk], ['ES256'])).toMatchObject({
      ok: true,
      skipped: ['cannot be imported'],
      set: { keys: [{ kid: 'ec' }] },
    });
  });
});

describe('the algorithms of a key', () => {
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' });
  const ed448 = generateKeyPairSync('ed448').publicKey.export({ format: 'jwk' });
  const noAlg = (key: SigningKey): Jwk => without(key.jwk, 'alg');
  test.each<[string, Jwk, string[], string[]]>([
    ['its own, where it is configured', rsa.jwk, ['PS256', 'RS256'], ['RS256']],
    ['all of its type, where it names none', noAlg(rsa), ['ES256', 'PS256', 'RS512', 'RS256'], ['PS256', 'RS512', 'RS256']],
    ['all of its type, where its alg is null', { ...rsa.jwk, alg: null }, ['RS256', 'RS512'], ['RS256', 'RS512']],
    ['EdDSA', ed.jwk, ['RS256', 'EdDSA'], ['EdDSA']],
    ['EdDSA, configured as Ed25519 (RFC 9864)', ed.jwk, ['Ed25519'], ['Ed25519']],
    ['Ed25519, configured as EdDSA (RFC 9864)', { ...ed.jwk, alg: 'Ed25519' }, ['EdDSA'], ['EdDSA']],
    ['EdDSA by both names', noAlg(ed), ['EdDSA', 'Ed25519'], ['EdDSA', 'Ed25519']],
    ['none for Ed448', ed448, ['EdDSA', 'Ed25519'], []],
    ['none for an alg of another type', { ...ed.jwk, alg: 'ES256' }, ['EdDSA', 'ES256'], []],
    ['ES256', ec.jwk, ['ES256'], ['ES256']],
    ['that of its curve, where it names none', noAlg(ec), ['ES384', 'ES256'], ['ES256']],
    ['that of its curve, in any order of the list', p384, ['ES256', 'ES384'], ['ES384']],
    ['none for a curve that is not configured', noAlg(ec), ['ES384', 'ES512'], []],
    ['none for an alg of another curve', { ...ec.jwk, alg: 'ES384' }, ['ES384', 'ES256'], []],
  ])('are %s (C-33)', async (_what, jwk, algorithms, expected) => {
    expect(algorithmsOf(await read([jwk], algorithms))).toEqual(expected);
  });
});

describe('members that are null count as absent', () => {
  test.each<[string, Jwk]>([
    ['use', { use: null }],
    ['key_ops', { key_ops: null }],
    ['kid', { kid: null }],
    ['those of a private key', { d: null, p: null, q: null, k: null }],
    ['those of another type', { crv: null, x: null, y: null }],
  ])('%s', async (_what, members) => {
    expect(await read([{ ...rsa.jwk, ...members }])).toMatchObject({ ok: true, skipped: [], set: { keys: [{}] } });
  });

  test.each<[string, Jwk]>([
    ['a use other than sig', { use: '' }],
    ['an empty key_ops', { key_ops: [] }],
    ['a private member that is false', { d: false }],
    ['a modulus of null', { n: null }],
    ['a type of null', { kty: null }],
  ])('but not %s', async (_what, members) => {
    expect(await read([{ ...rsa.jwk, ...members }])).toMatchObject({ ok: false, isKeySet: true });
  });
});

describe('a skipped key is usual', () => {
  test.each<[string, unknown, boolean]>([
    ['for encryption, as in every realm of Keycloak', { ...other.jwk, use: 'enc', alg: 'RSA-OAEP' }, true],
    ['with an alg for encryption, and no use', { ...without(other.jwk, 'use'), alg: 'RSA-OAEP-256' }, true],
    ['of an EC key for encryption', { ...without(ec.jwk, 'use'), alg: 'ECDH-ES+A128KW' }, true],
    ['but not with another algorithm for signatures', { ...other.jwk, alg: 'RS512' }, false],
    ['but not with 1024 bits', { ...other.jwk, n: 'AQAB' }, false],
    ['but not as a private key for encryption', { ...other.jwk, use: 'enc', d: 'AQAB' }, false],
  ])('%s', async (_what, jwk, isUsual) => {
    expect(await read([rsa.jwk, jwk])).toMatchObject({ ok: true, skipped: [expect.any(String)], isUsual });
  });
});

test('two keys of one kid are both kept (C-62)', async () => {
  const found = await read([rsa.jwk, { ...other.jwk, kid: 'rsa' }]);
  expect(found).toMatchObject({ ok: true, set: { keys: [{ kid: 'rsa' }, { kid: 'rsa' }] } });
});

describe('no key set (C-71)', () => {
  test.each<[string, unknown, string]>([
    ['undefined, as for HTML', undefined, 'not a key set'],
    ['null', null, 'not a key set'],
    ['a list', [rsa.jwk], 'not a key set'],
    ['a string', 'keys', 'not a key set'],
    ['an object without keys', {}, 'not a key set'],
    ['keys that are not a list', { keys: { 0: rsa.jwk } }, 'not a key set'],
    ['an empty list', { keys: [] }, 'no usable key (empty set)'],
  ])('%s', async (_what, document, detail) => {
    const isKeySet = detail === 'no usable key (empty set)';
    expect(await readKeySet(document, ['RS256'])).toEqual({ ok: false, detail, isKeySet });
  });
});

describe('a set of many keys', () => {
  const kids = (count: number): Jwk[] => Array.from({ length: count }, (_, at) => ({ ...rsa.jwk, kid: String(at) }));

  test('of 32 is used whole', async () => {
    const found = await read(kids(32));
    expect(found).toMatchObject({ ok: true, skipped: [], isUsual: true });
    expect(found.ok && found.set.keys.length).toBe(32);
  });

  test('of 34: the first 32 are used, and it is not usual', async () => {
    const found = await read(kids(34));
    expect(found).toMatchObject({ ok: true, skipped: ['2 after the first 32 usable keys'], isUsual: false });
    expect(found.ok && found.set.keys.map(({ kid }) => kid)).toEqual(Array.from({ length: 32 }, (_, at) => String(at)));
  });

  test('counts the usable keys only, and lists at most 32 reasons', async () => {
    const found = await read([...Array(40).fill({}), ...kids(32)]);
    expect(found.ok && found.set.keys.length).toBe(32);
    expect(found.ok && found.skipped).toEqual([...Array(32).fill('no accepted algorithm'), 'and 8 more']);
    expect(await read(Array(40).fill({ ...rsa.jwk, use: 'enc' }))).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/, and 8 more\)$/),
    });
  });
});
