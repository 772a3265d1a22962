// Signatures of every algorithm, each with one flaw, beside the answers of jose (the oracle). Only
// the one encoding of a signature passes.
import { constants, createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { compactVerify } from 'jose/jws/compact/verify';
import { importJWK } from 'jose/key/import';
import { describe, expect, test } from 'vitest';
import { isSignedBy, prepareKey, signedTextOf } from '../../src/verify/signature.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
/** A modulus whose bits are not whole bytes. */
const odd = generateKeyPairSync('rsa', { modulusLength: 2053 }).privateKey;
const curve = (namedCurve: string): KeyObject => generateKeyPairSync('ec', { namedCurve }).privateKey;
const [p256, p384, p521] = [curve('P-256'), curve('P-384'), curve('P-521')];
const ed = generateKeyPairSync('ed25519').privateKey;

const PSS = constants.RSA_PKCS1_PSS_PADDING;
const input = (alg: string): string =>
  [{ alg }, { sub: 'alice' }].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');

type Sign = (text: Buffer) => Buffer;
const pkcs1 =
  (key: KeyObject, digest: string): Sign =>
  (text) =>
    sign(digest, text, key);
/** jose takes a PSS signature without the zero at its start. So these begin with another byte. */
const pss =
  (digest: string, saltLength: number, isWanted = (signature: Buffer): boolean => signature[0] !== 0): Sign =>
  (text) => {
    for (;;) {
      const signature = sign(digest, text, { key: rsa, padding: PSS, saltLength });
      if (isWanted(signature)) return signature;
    }
  };
const ecdsa =
  (key: KeyObject, digest: string, dsaEncoding: 'der' | 'ieee-p1363' = 'ieee-p1363'): Sign =>
  (text) =>
    sign(digest, text, { key, dsaEncoding });

const GOOD: [string, KeyObject, Sign, number][] = [
  ['RS256', rsa, pkcs1(rsa, 'sha256'), 256],
  ['RS256', odd, pkcs1(odd, 'sha256'), 257],
  ['RS384', rsa, pkcs1(rsa, 'sha384'), 256],
  ['RS512', rsa, pkcs1(rsa, 'sha512'), 256],
  ['PS256', rsa, pss('sha256', 32), 256],
  ['PS384', rsa, pss('sha384', 48), 256],
  ['PS512', rsa, pss('sha512', 64), 256],
  ['ES256', p256, ecdsa(p256, 'sha256'), 64],
  ['ES384', p384, ecdsa(p384, 'sha384'), 96],
  ['ES512', p521, ecdsa(p521, 'sha512'), 132],
  ['EdDSA', ed, (text) => sign(null, text, ed), 64],
  ['Ed25519', ed, (text) => sign(null, text, ed), 64],
];

const tokenOf = (alg: string, signature: Buffer): string => `${input(alg)}.${signature.toString('base64url')}`;

const ours = async (alg: string, key: KeyObject, signature: Buffer): Promise<boolean> =>
  isSignedBy(signedTextOf(tokenOf(alg, signature)), prepareKey(createPublicKey(key), alg));

async function oracle(alg: string, key: KeyObject, signature: Buffer): Promise<boolean> {
  const imported = await importJWK(createPublicKey(key).export({ format: 'jwk' }), alg);
  return compactVerify(tokenOf(alg, signature), imported, { algorithms: [alg] }).then(
    () => true,
    () => false,
  );
}

const FLAWS: [string, (good: Buffer) => Buffer][] = [
  ['empty', () => Buffer.alloc(0)],
  ['of one byte', () => Buffer.alloc(1, 1)],
  ['of zeros', (good) => Buffer.alloc(good.length)],
  ['of ones', (good) => Buffer.alloc(good.length, 255)],
  ['one byte shorter at its end', (good) => good.subarray(0, -1)],
  ['one byte shorter at its start', (good) => good.subarray(1)],
  ['with a zero before it', (good) => Buffer.concat([Buffer.alloc(1), good])],
  ['with a zero after it', (good) => Buffer.concat([good, Buffer.alloc(1)])],
  ['twice', (good) => Buffer.concat([good, good])],
  ['of 64 KiB', (good) => Buffer.concat([good, Buffer.alloc(65_536)])],
  ['with another first bit', (good) => Buffer.from(good.map((byte, at) => (at === 0 ? byte ^ 1 : byte)))],
  ['with another last bit', (good) => Buffer.from(good.map((byte, at) => (at === good.length - 1 ? byte ^ 1 : byte)))],
  ['in reverse', (good) => Buffer.from(good).reverse()],
];

describe.each(GOOD)('C-34: %s', (alg, key, make, length) => {
  const good = make(Buffer.from(input(alg)));

  test('a good signature passes, and has the one length', async () => {
    expect([good.length, await ours(alg, key, good), await oracle(alg, key, good)]).toEqual([length, true, true]);
  });

  test.each(FLAWS)('a signature %s fails, as with jose', async (_what, flaw) => {
    const bad = flaw(good);
    expect([await ours(alg, key, bad), await oracle(alg, key, bad)]).toEqual([false, false]);
  });

  test('a signature of another text, and one of another key, fail', async () => {
    expect(await ours(alg, key, make(Buffer.from(`${input(alg)}x`)))).toBe(false);
    const others: Record<string, KeyObject> = {
      rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
      ec: curve(String(key.asymmetricKeyDetails?.namedCurve ?? 'P-256')),
      ed25519: generateKeyPairSync('ed25519').privateKey,
    };
    const another = others[String(key.asymmetricKeyType)] as KeyObject;
    expect(await ours(alg, another, good)).toBe(false);
  });
});

describe('C-34: a signature by another algorithm or in another encoding fails, as with jose', () => {
  const OTHER: [string, string, KeyObject, Sign][] = [
    ['PKCS #1 with another digest', 'RS256', rsa, pkcs1(rsa, 'sha512')],
    ['PSS for PKCS #1', 'RS256', rsa, pss('sha256', 32)],
    ['PKCS #1 for PSS', 'PS256', rsa, pkcs1(rsa, 'sha256')],
    ['PSS with another digest', 'PS256', rsa, pss('sha384', 32)],
    ['PSS without salt', 'PS256', rsa, pss('sha256', 0)],
    ['PSS with a salt of 20 bytes', 'PS256', rsa, pss('sha256', 20)],
    ['PSS with a salt one byte short', 'PS384', rsa, pss('sha384', 47)],
    ['PSS with a salt one byte long', 'PS512', rsa, pss('sha512', 65)],
    ['PSS with the longest salt', 'PS256', rsa, pss('sha256', 222)],
    ['ECDSA in DER', 'ES256', p256, ecdsa(p256, 'sha256', 'der')],
    ['ECDSA of P-521 in DER', 'ES512', p521, ecdsa(p521, 'sha512', 'der')],
    ['ECDSA with another digest', 'ES256', p256, ecdsa(p256, 'sha512')],
    ['ECDSA whose first number is zero', 'ES256', p256, (text) => ecdsa(p256, 'sha256')(text).fill(0, 0, 32)],
    ['ECDSA whose second number is zero', 'ES256', p256, (text) => ecdsa(p256, 'sha256')(text).fill(0, 32)],
    ['Ed25519 of the digest', 'EdDSA', ed, (text) => sign(null, createHash('sha512').update(text).digest(), ed)],
  ];
  test.each(OTHER)('%s', async (_what, alg, key, make) => {
    const signature = make(Buffer.from(input(alg)));
    expect([await ours(alg, key, signature), await oracle(alg, key, signature)]).toEqual([false, false]);
  });

  test('PSS without the zero at its start fails, unlike with jose', async () => {
    const good = pss('sha256', 32, ([first]) => first === 0)(Buffer.from(input('PS256')));
    expect([await ours('PS256', rsa, good), await oracle('PS256', rsa, good)]).toEqual([true, true]);
    const short = good.subarray(1);
    expect([await ours('PS256', rsa, short), await oracle('PS256', rsa, short)]).toEqual([false, true]);
  });

  // OpenSSL takes s and n - s alike, and so does jose: the text that both sign is the same.
  test('ECDSA with the other sign of its second number is a signature too, as with jose', async () => {
    const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
    const good = ecdsa(p256, 'sha256')(Buffer.from(input('ES256')));
    const s = order - BigInt(`0x${good.toString('hex', 32)}`);
    const twin = Buffer.concat([good.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]);
    expect([await ours('ES256', p256, twin), await oracle('ES256', p256, twin)]).toEqual([true, true]);
  });
});

/** No one has the private key: a number of this length is enough for a public one. */
const rsaOf = (bits: number): KeyObject => {
  const n = Buffer.alloc(Math.ceil(bits / 8), 255);
  n[0] = 255 >> (n.length * 8 - bits);
  return createPublicKey({ key: { kty: 'RSA', n: n.toString('base64url'), e: 'AQAB' }, format: 'jwk' });
};

describe('a short check gives its result at once, and a long one is made on a thread', () => {
  test.each<[string, KeyObject, boolean]>([
    ['RS256', rsaOf(2048), true],
    ['PS512', rsaOf(3072), true],
    ['RS256', rsaOf(4096), true],
    ['RS256', rsaOf(4097), false],
    ['PS256', rsaOf(8192), false],
    ['ES256', createPublicKey(p256), true],
    ['EdDSA', createPublicKey(ed), true],
    ['Ed25519', createPublicKey(ed), true],
    ['ES384', createPublicKey(p384), false],
    ['ES512', createPublicKey(p521), false],
  ])('%s %#', async (alg, key, isShort) => {
    const prepared = prepareKey(key, alg);
    const check = (length: number) => isSignedBy(signedTextOf(tokenOf(alg, Buffer.alloc(length, 1))), prepared);
    const result = check(prepared.signatureBytes);
    expect([result instanceof Promise, await result]).toEqual([!isShort, false]);
    // No check at all.
    expect(check(prepared.signatureBytes + 1)).toBe(false);
  });
});
