// The ring of the bridge: which keys it takes, as PEM and as JWK, and that no message shows one.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { signingKeys } from '../../src/config/signing-keys.js';
import { secret } from '../../src/core/secret.js';

const ec = (namedCurve: string): KeyObject => generateKeyPairSync('ec', { namedCurve }).privateKey;
const ed = generateKeyPairSync('ed25519').privateKey;
const p256 = ec('P-256');
const other = ec('P-256');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const pem = (key: KeyObject, type: 'pkcs8' | 'sec1' | 'pkcs1' = 'pkcs8'): string =>
  String(key.export({ type, format: 'pem' } as never));
const locked = (key: KeyObject, type: string): string =>
  String(key.export({ type, format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' } as never));
const spki = (key: KeyObject): string => String(createPublicKey(key).export({ type: 'spki', format: 'pem' }));
const jwk = (key: KeyObject): JsonWebKey => key.export({ format: 'jwk' });
const text = (value: unknown): string => JSON.stringify(value);

const read = (...texts: string[]) => {
  const { keys, problems } = signingKeys(
    texts.map((one) => secret(one)),
    'bridge',
  );
  return { keys: keys.map((key) => JSON.parse(key.reveal()) as JsonWebKey), problems };
};

/** `openssl ecparam -genkey` writes the parameters first. */
const PARAMETERS = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';

describe('takes', () => {
  test.each<[string, string, KeyObject]>([
    ['Ed25519 as PKCS 8', pem(ed), ed],
    ['P-256 as PKCS 8', pem(p256), p256],
    ['P-256 as SEC 1', pem(p256, 'sec1'), p256],
    ['P-256 with its parameters', PARAMETERS + pem(p256, 'sec1'), p256],
    ['a key with a comment before it', `# for the bridge\n${pem(ed)}`, ed],
    ['Ed25519 as JWK', text(jwk(ed)), ed],
    ['P-256 as JWK', text(jwk(p256)), p256],
    ['a JWK with more members', `\n${text({ ...jwk(ed), kid: 'a', alg: 'EdDSA', use: 'sig', key_ops: ['sign'] })}`, ed],
  ])('%s', (_what, written, key) => {
    const { keys, problems } = read(written);
    expect(problems).toEqual([]);
    expect(keys).toEqual([jwk(key)]);
    expect(createPrivateKey({ key: keys[0] as JsonWebKey, format: 'jwk' }).equals(key)).toBe(true);
  });

  test('several, in their order', () => {
    expect(read(pem(p256), text(jwk(ed)), pem(other)).keys).toEqual([jwk(p256), jwk(ed), jwk(other)]);
  });
});

describe('rejects', () => {
  test.each<[string, string, string]>([
    ['RSA', pem(rsa), 'holds a key of another type'],
    ['RSA as PKCS 1', pem(rsa, 'pkcs1'), 'holds a key of another type'],
    ['RSA as JWK', text(jwk(rsa)), 'holds a key of another type'],
    ['P-384', pem(ec('P-384')), 'holds a key of another type'],
    ['P-384 as JWK', text(jwk(ec('P-384'))), 'holds a key of another type'],
    ['secp256k1', pem(ec('secp256k1')), 'holds a key of another type'],
    ['X25519', pem(generateKeyPairSync('x25519').privateKey), 'holds a key of another type'],
    ['Ed448', pem(generateKeyPairSync('ed448').privateKey), 'holds a key of another type'],
    ['a symmetric key', text({ kty: 'oct', k: 'c2VjcmV0' }), 'holds a key of another type'],
    ['a public key', spki(ed), 'holds a public key or a certificate'],
    ['a public JWK', text({ ...jwk(ed), d: undefined }), 'holds a public key'],
    ['a set of keys', text({ keys: [jwk(ed)] }), 'holds a set of keys'],
    ['a key with a passphrase', locked(ed, 'pkcs8'), 'holds a key with a passphrase'],
    ['a key with a passphrase as SEC 1', locked(p256, 'sec1'), 'holds a key with a passphrase'],
    ['a key for SSH', pem(ed).replaceAll('PRIVATE', 'OPENSSH PRIVATE'), 'holds a key for SSH'],
    ['two keys', pem(ed) + pem(p256), 'holds several keys'],
    ['a key in one line', pem(ed).replaceAll('\n', '\\n'), 'has \\n in place of line feeds'],
    ['half of a key', pem(ed).slice(0, 60), 'does not hold a private key'],
    ['a word', 'hunter2', 'does not hold a private key'],
    ['braces', '{ hunter2', 'holds braces, but not a JWK'],
    ['a JWK without its parts', text({ kty: 'EC', crv: 'P-256', d: 'AA' }), 'holds a JWK that cannot be used'],
    ['a JWK with a short key', text({ ...jwk(ed), d: 'AA' }), 'holds a JWK that cannot be used'],
    [
      'the public key of another (P-256)',
      text({ ...jwk(p256), d: jwk(other).d }),
      'holds a private key with the public key of another',
    ],
    [
      'the public key of another (Ed25519)',
      text({ ...jwk(ed), x: jwk(p256).x }),
      'holds a private key with the public key of another',
    ],
  ])('%s', (_what, written, message) => {
    const { keys, problems } = read(pem(p256), written);
    expect(keys).toHaveLength(1);
    expect(problems).toEqual([{ path: ['bridge', 'keys', 1], message: expect.stringContaining(message) }]);
    const lines = written.split(/["\n]/).filter((line) => line.length > 20 && !line.includes('-----'));
    expect(lines.filter((line) => problems[0]?.message.includes(line))).toEqual([]);
  });

  test('one key twice, also in two forms', () => {
    expect(read(pem(p256), pem(ed), text(jwk(p256))).problems).toEqual([
      { path: ['bridge', 'keys', 2], message: 'is the same key as bridge.keys[0]; keep one' },
    ]);
  });

  test('a reference that was not read has its own problem', () => {
    expect(signingKeys([undefined, secret(pem(ed))], 'bridge')).toMatchObject({ keys: [{}], problems: [] });
  });
});
