// Which keys of a published set are usable. Unusable keys are skipped one by one.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readKeySet } from '../../../src/verify/issuer/jwk-set.js';
import { ecKey, ed25519Key, type Jwk, rsaKey } from '../../fixtures/mint.js';
import { groupsOf } from '../../support/vectors.js';

const rsa = rsaKey({ kid: 'rsa' });
const other = rsaKey({ kid: 'other' });
const ec = ecKey({ kid: 'ec' });
const ed = ed25519Key({ kid: 'ed' });
const { privateKey } = rsa;
const read = (keys: unknown[], algorithms = ['RS256']) => readKeySet({ keys }, algorithms);
const without = (jwk: Jwk, ...names: string[]): Jwk =>
  Object.fromEntries(Object.entries(jwk).filter(([name]) => !names.includes(name)));

test('a good key is read, with its kid, its one algorithm and its thumbprint (C-61, C-33)', async () => {
  const found = await read([rsa.jwk]);
  expect(found).toMatchObject({ ok: true, skipped: [], set: { keys: [{ kid: 'rsa', algorithm: 'RS256' }] } });
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
    expect(await read([jwk])).toEqual({ ok: false, detail: `no usable key (${reason})` });
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

describe('the algorithm of a key', () => {
  test.each<[string, Jwk, string[], string | undefined]>([
    ['its own, where it is configured', rsa.jwk, ['PS256', 'RS256'], 'RS256'],
    ['the first of its type, where it names none (C-33)', without(rsa.jwk, 'alg'), ['ES256', 'PS256', 'RS256'], 'PS256'],
    ['EdDSA', ed.jwk, ['RS256', 'EdDSA'], 'EdDSA'],
    ['ES256', ec.jwk, ['ES256'], 'ES256'],
    ['that of its curve, where it names none', without(ec.jwk, 'alg'), ['ES384', 'ES256'], 'ES256'],
    ['none for a curve that is not configured', without(ec.jwk, 'alg'), ['ES384', 'ES512'], undefined],
    ['none for an alg of another curve', { ...ec.jwk, alg: 'ES384' }, ['ES384', 'ES256'], undefined],
  ])('is %s', async (_what, jwk, algorithms, algorithm) => {
    const found = await read([jwk], algorithms);
    expect(found.ok ? found.set.keys[0]?.algorithm : undefined).toBe(algorithm);
  });

  test('of a P-384 key without alg is ES384, in any order of the list', async () => {
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' });
    const found = await read([p384], ['ES256', 'ES384']);
    expect(found).toMatchObject({ ok: true, set: { keys: [{ kid: null, algorithm: 'ES384' }] } });
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
    ['33 keys', { keys: Array(33).fill(rsa.jwk) }, 'more than 32 keys'],
  ])('%s', async (_what, document, detail) => {
    expect(await readKeySet(document, ['RS256'])).toEqual({ ok: false, detail });
  });

  test('32 keys are allowed', async () => {
    const found = await readKeySet({ keys: [...Array(31).fill({}), rsa.jwk] }, ['RS256']);
    expect(found).toMatchObject({ ok: true, set: { keys: [{ kid: 'rsa' }] } });
  });
});
