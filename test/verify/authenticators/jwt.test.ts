// Each flawed token beside a good one. A token that can be rejected without a key needs no key.
import { createSign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ok } from '../../../src/core/result.js';
import { checkWithoutKeys, type JwtPolicy, type UnverifiedJwt } from '../../../src/verify/authenticators/jwt.js';
import { verifySignature } from '../../../src/verify/authenticators/jwt-signature.js';
import { shapeOf } from '../../../src/verify/jws.js';
import { ecKey, ed25519Key, type Mint, mintToken, rsaKey, type SigningKey } from '../../fixtures/mint.js';
import { testClock } from '../../support/clock.js';
import { flat, ISSUER, RESOURCE } from '../../support/endpoint.js';
import { testKeys } from '../../support/keys.js';
import { reasonOf } from '../../support/kinds.js';

const rsa = rsaKey({ kid: 'rsa' });
const second = rsaKey({ kid: 'second' });
const ps = rsaKey({ kid: 'ps', alg: 'PS256' });
const ec = ecKey({ kid: 'ec' });
const ed = ed25519Key({ kid: 'ed' });
const unpublished = rsaKey({ kid: 'rsa' });

const mint = (changes: Partial<Mint> = {}): string => mintToken({ issuer: ISSUER, audience: RESOURCE, key: rsa, ...changes });
const claims = (changes: Record<string, unknown>): string => mint({ claims: changes });
const header = (changes: Record<string, unknown>): string => mint({ header: changes });

interface Setting {
  readonly policy?: Partial<JwtPolicy>;
  readonly published?: SigningKey[];
}

/** The unverified JWT, or the form of another token. */
function jwtOf(token: string): UnverifiedJwt | string {
  const shape = shapeOf(token);
  if (shape.kind !== 'jws') return shape.kind;
  return shape.claims === null ? 'no claims' : { ...shape, claims: shape.claims };
}

function verifier({ policy = {}, published = [rsa, second] }: Setting = {}) {
  const clock = testClock();
  const whole: JwtPolicy = { issuer: ISSUER, algorithms: ['RS256'], typ: 'at+jwt', clockToleranceSeconds: 30, ...policy };
  const keys = testKeys(clock, { published, algorithms: whole.algorithms });
  async function verify(token: string, jwt: UnverifiedJwt) {
    const unverified = checkWithoutKeys(jwt, whole, clock.wallMs() / 1000);
    if (!unverified.ok) return unverified;
    const thumbprint = await verifySignature(token, jwt, keys.source);
    return thumbprint.ok ? ok({ ...flat(unverified.value), thumbprint: thumbprint.value }) : thumbprint;
  }
  return {
    keys,
    clock,
    async authenticate(token: string) {
      const jwt = jwtOf(token);
      return typeof jwt === 'string' ? jwt : verify(token, jwt);
    },
    async reason(token: string): Promise<string> {
      const result = await this.authenticate(token);
      return typeof result === 'string' ? result : reasonOf(result);
    },
  };
}

test('a good token gives a principal and the thumbprint of its key', async () => {
  const { authenticate, keys } = verifier();
  const result = await authenticate(mint());
  const set = keys.source.usableKeySet();
  expect(result).toMatchObject({
    ok: true,
    value: { issuer: ISSUER, subject: 'alice', client: 'test-client', scopes: ['files:read'], audience: [RESOURCE] },
  });
  expect(result).toMatchObject({ value: { thumbprint: set?.keys[0]?.thumbprint } });
});

describe('typ', () => {
  const both: [string, unknown, string, string][] = [
    ['at+jwt', 'at+jwt', 'ok', 'ok'],
    ['application/at+jwt', 'application/at+jwt', 'ok', 'ok'],
    ['in capitals', 'AT+JWT', 'ok', 'ok'],
    ['JWT', 'JWT', 'token.type', 'ok'],
    ['absent', undefined, 'token.type', 'ok'],
    ['an ID-JAG (A-52)', 'oauth-id-jag+jwt', 'token.type', 'token.type'],
    ['a DPoP proof', 'dpop+jwt', 'token.type', 'token.type'],
    ['a logout token', 'logout+jwt', 'token.type', 'token.type'],
    ['a security event', 'secevent+jwt', 'token.type', 'token.type'],
    ['an identity JWT of the gateway', 'portcullis-identity+jwt', 'token.type', 'token.type'],
    ['empty', '', 'token.type', 'token.type'],
    ['null', null, 'token.type', 'token.type'],
    ['a list', ['at+jwt'], 'token.type', 'token.type'],
  ];
  test.each(both)('%s (C-30)', async (_what, typ, strict, lenient) => {
    expect(await verifier().reason(header({ typ }))).toBe(strict);
    expect(await verifier({ policy: { typ: 'lenient' } }).reason(header({ typ }))).toBe(lenient);
  });
});

describe('the required claims (C-37)', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['with their values', { token_use: 'access', typ: 'Bearer' }, 'ok'],
    ['one missing', { token_use: 'access' }, 'token.type'],
    ['one with another value', { token_use: 'access', typ: 'ID' }, 'token.type'],
  ])('%s', async (_what, changes, reason) => {
    const withClaims = verifier({ policy: { requiredClaims: { token_use: 'access', typ: 'Bearer' } } });
    expect(await withClaims.reason(claims(changes))).toBe(reason);
    expect(withClaims.keys.loads).toBe(reason === 'ok' ? 1 : 0);
    expect(await verifier().reason(claims({ token_use: 'access', typ: 'Bearer' }))).toBe('ok');
  });

  test('one with any value', async () => {
    const present = verifier({ policy: { requiredClaims: { gty: true } } });
    expect(await present.reason(claims({ gty: 'x' }))).toBe('ok');
    expect(await present.reason(claims({}))).toBe('token.type');
  });
});

describe('rejected without a key, and so also while the issuer is down', () => {
  const now = Math.floor(Date.now() / 1000);
  const rows: [string, string, string][] = [
    ['alg none with a signature (C-32)', mint({ header: { alg: 'none' }, signature: Buffer.from('x') }), 'token.algorithm'],
    ['HS256 signed with the public key (C-32)', header({ alg: 'HS256' }), 'token.algorithm'],
    ['RS384 (C-32)', header({ alg: 'RS384' }), 'token.algorithm'],
    ['PS256 (C-32)', header({ alg: 'PS256' }), 'token.algorithm'],
    ['rs256 in lower case (C-32)', header({ alg: 'rs256' }), 'token.algorithm'],
    ['an empty alg (C-32)', header({ alg: '' }), 'token.algorithm'],
    ['an unknown crit (C-40)', header({ crit: ['exp'] }), 'token.malformed'],
    ['an empty crit (C-40)', header({ crit: [] }), 'token.malformed'],
    ['b64: false (C-40)', header({ b64: false }), 'token.malformed'],
    ['b64: false in crit (C-40)', header({ b64: false, crit: ['b64'] }), 'token.malformed'],
    ['a kid that is not a string (C-41)', header({ kid: 5 }), 'token.malformed'],
    ['a kid that is null (C-41)', header({ kid: null }), 'token.malformed'],
    ['a kid of 257 characters (C-41)', header({ kid: 'k'.repeat(257) }), 'token.malformed'],
    ['the issuer with a slash (C-35)', claims({ iss: `${ISSUER}/` }), 'token.claims'],
    ['no issuer (C-31)', claims({ iss: undefined }), 'token.claims'],
    ['the issuer as a list (C-35)', claims({ iss: [ISSUER] }), 'token.claims'],
    ['at_hash: an ID token (C-37)', claims({ at_hash: 'x' }), 'token.type'],
    ['c_hash: an ID token (C-37)', claims({ c_hash: 'x' }), 'token.type'],
    ['events: a logout token (C-37)', claims({ events: {} }), 'token.type'],
    ['token_use id: an ID token (C-37)', claims({ token_use: 'id' }), 'token.type'],
    ['token_use refresh: a refresh token (A-46)', claims({ token_use: 'refresh' }), 'token.type'],
    ['typ Refresh: a refresh token (A-46)', claims({ typ: 'Refresh' }), 'token.type'],
    ['typ Offline: a refresh token (A-46)', claims({ typ: 'Offline' }), 'token.type'],
    ['typ ID: an ID token (C-37)', claims({ typ: 'ID' }), 'token.type'],
    ['no exp (C-31)', claims({ exp: undefined }), 'token.claims'],
    ['exp that is a string (C-31)', claims({ exp: String(now + 300) }), 'token.claims'],
    ['exp long ago (C-38)', claims({ exp: now - 90 }), 'token.expired'],
    ['nbf in the future (C-38)', claims({ nbf: now + 90 }), 'token.not_yet_valid'],
    ['iat in the future (C-39)', claims({ iat: now + 3600, exp: now + 7200 }), 'token.not_yet_valid'],
    ['no sub (C-31)', claims({ sub: undefined }), 'token.claims'],
    ['cnf (C-110)', claims({ cnf: { jkt: 'x' } }), 'token.claims'],
  ];
  test.each(rows)('%s', async (_what, token, reason) => {
    const up = verifier();
    expect(await up.reason(mint())).toBe('ok');
    expect(await up.reason(token)).toBe(reason);
    const down = verifier();
    down.keys.fails = 'status 500';
    expect(await down.reason(token)).toBe(reason);
    expect(down.keys.loads).toBe(0);
    expect(await down.reason(mint())).toBe('keys.unavailable');
  });
});

describe('the clock tolerance', () => {
  test.each([
    [60, -30, 'ok'],
    [60, -90, 'token.expired'],
    [0, -1, 'token.expired'],
  ])('of %d s with exp %d s away: %s (C-38)', async (clockToleranceSeconds, away, reason) => {
    const at = verifier({ policy: { clockToleranceSeconds } });
    expect(await at.reason(claims({ exp: Math.floor(at.clock.wallMs() / 1000) + away }))).toBe(reason);
  });
});

describe('the key', () => {
  const flipped = (token: string, part: number): string => {
    const parts = token.split('.');
    const bytes = Buffer.from(parts[part] as string, 'base64url');
    const at = bytes.indexOf('alice');
    bytes[at < 0 ? bytes.length - 1 : at] = (bytes[at < 0 ? bytes.length - 1 : at] as number) ^ 1;
    parts[part] = bytes.toString('base64url');
    return parts.join('.');
  };
  const selfSigned = { jwk: unpublished.jwk, x5c: ['MII='], jku: 'http://127.0.0.1:9/jwks', x5u: 'http://127.0.0.1:9/x5u' };

  test.each<[string, string, string]>([
    ['a flipped bit in the payload (C-34)', flipped(mint(), 1), 'token.signature'],
    ['a flipped bit in the signature (C-34)', flipped(mint(), 2), 'token.signature'],
    ['a signature of zeros (C-34)', mint({ signature: Buffer.alloc(256) }), 'token.signature'],
    ['a short signature (C-34)', mint({ signature: Buffer.from('x') }), 'token.signature'],
    ['the signature of another key (C-35)', mint({ key: unpublished }), 'token.signature'],
    ['the signature of another published key (C-61)', mint({ key: { ...second, kid: 'rsa' } }), 'token.signature'],
    ['its own key in the header (C-41, A-62)', mint({ key: unpublished, header: selfSigned }), 'token.signature'],
    ['an unpublished kid (C-41)', header({ kid: 'unpublished' }), 'token.key_unknown'],
    ['a kid that is a path (C-41)', header({ kid: '../../etc/passwd' }), 'token.key_unknown'],
    ['a kid in other case (C-41)', header({ kid: 'RSA' }), 'token.key_unknown'],
    ['an empty kid', header({ kid: '' }), 'token.key_unknown'],
    [
      'no kid, and the signature of another key (C-63)',
      mint({ key: unpublished, header: { kid: undefined } }),
      'token.signature',
    ],
  ])('%s', async (_what, token, reason) => {
    const at = verifier();
    expect(await at.reason(mint())).toBe('ok');
    expect(await at.reason(token)).toBe(reason);
  });

  test('is one of at most four with the same kid (C-62)', async () => {
    const decoys = Array.from({ length: 4 }, () => rsaKey({ kid: 'rsa' }));
    expect(await verifier({ published: [...decoys.slice(0, 3), rsa] }).reason(mint())).toBe('ok');
    expect(await verifier({ published: [...decoys, rsa] }).reason(mint())).toBe('token.signature');
  });

  test('with alg is used with this algorithm only (C-33)', async () => {
    const setting: Setting = { policy: { algorithms: ['RS256', 'PS256'] }, published: [rsa, ps] };
    expect(await verifier(setting).reason(mint({ key: ps }))).toBe('ok');
    expect(await verifier(setting).reason(mint({ key: ps, header: { alg: 'RS256' } }))).toBe('token.key_unknown');
    expect(await verifier(setting).reason(mint({ key: rsa, header: { alg: 'PS256' } }))).toBe('token.key_unknown');
  });

  test.each<[string, SigningKey]>([
    ['PS256', ps],
    ['ES256', ec],
    ['EdDSA', ed],
  ])('may be for %s where that is configured (C-32)', async (alg, key) => {
    expect(await verifier({ policy: { algorithms: [alg] }, published: [key] }).reason(mint({ key }))).toBe('ok');
    expect(await verifier({ published: [rsa, key] }).reason(mint({ key }))).toBe('token.algorithm');
  });

  test('does not verify an ECDSA signature in DER form (C-34)', async () => {
    const token = mint({ key: ec });
    const input = token.slice(0, token.lastIndexOf('.'));
    const der = createSign('sha256').update(input).sign(ec.privateKey);
    const setting: Setting = { policy: { algorithms: ['ES256'] }, published: [ec] };
    expect(await verifier(setting).reason(token)).toBe('ok');
    expect(await verifier(setting).reason(`${input}.${der.toString('base64url')}`)).toBe('token.signature');
  });

  test('of one issuer does not verify for another (A-45, C-73)', async () => {
    const other = 'https://other-auth.example.com';
    expect(await verifier({ policy: { issuer: other } }).reason(mint({ issuer: other }))).toBe('ok');
    expect(await verifier({ policy: { issuer: other }, published: [second] }).reason(mint({ issuer: other }))).toBe(
      'token.key_unknown',
    );
  });
});
