// Each flawed token of the bridge beside a good one, and tokens that are not of the bridge.
import { createSign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { rsaKey } from '../../fixtures/mint.js';
import { BRIDGE, bridge, FILES, FINGERPRINT, foreign, mintBridge, newest, older } from '../../support/bridge.js';
import { ISSUER, KEY, RESOURCE } from '../../support/endpoint.js';
import { withFlaw } from '../../support/jws-flaws.js';
import { reasonOf } from '../../support/kinds.js';
import { groupsOf } from '../../support/vectors.js';

describe('rejected', () => {
  const now = Math.floor(Date.now() / 1000);
  const header = (changes: Record<string, unknown>): string => mintBridge({ header: changes });
  const claims = (changes: Record<string, unknown>): string => mintBridge({ claims: changes });
  const rsa = rsaKey();
  const idp = { issuer: ISSUER, key: rsa };
  const flipped = (token: string, part: number): string => {
    const parts = token.split('.');
    const text = parts[part] as string;
    parts[part] = (text.startsWith('A') ? 'B' : 'A') + text.slice(1);
    return parts.join('.');
  };
  const der = (): string => {
    const input = mintBridge().split('.').slice(0, 2).join('.');
    return `${input}.${createSign('sha256').update(input).sign(newest.privateKey).toString('base64url')}`;
  };
  const rows: [string, string, string][] = [
    ['a token of an IdP', mintBridge(idp), 'token.issuer'],
    ['a token of an IdP, signed by the ring', mintBridge({ issuer: ISSUER }), 'token.issuer'],
    [
      'an identity JWT of the gateway',
      mintBridge({ issuer: 'https://mcp.example.com', header: { typ: 'portcullis-identity+jwt' } }),
      'token.issuer',
    ],
    ['an identity JWT in the name of the bridge', header({ typ: 'portcullis-identity+jwt' }), 'token.type'],
    ['an ID token', header({ typ: 'JWT' }), 'token.type'],
    ['typ in other case', header({ typ: 'AT+JWT' }), 'token.type'],
    ['typ with its tree', header({ typ: 'application/at+jwt' }), 'token.type'],
    ['no typ', header({ typ: undefined }), 'token.type'],
    ['the issuer with a slash', claims({ iss: `${BRIDGE}/` }), 'token.issuer'],
    ['the issuer in a list', claims({ iss: [BRIDGE] }), 'token.issuer'],
    ['no issuer', claims({ iss: undefined }), 'token.issuer'],
    ['an opaque text', 'opaque-0123456789', 'token.malformed'],
    ['an API key as a token', KEY, 'token.malformed'],
    ['a session id of the gateway', `s1.${'Q2'.repeat(60)}`, 'token.malformed'],
    ['an encrypted token', 'eyJhbGciOiJkaXIifQ.a.b.c.d', 'token.malformed'],
    ['claims that are a list', mintBridge({ claimsText: '[]' }), 'token.malformed'],
    ['crit', header({ crit: ['exp'] }), 'token.malformed'],
    ['an empty crit', header({ crit: [] }), 'token.malformed'],
    ['b64: false', header({ b64: false }), 'token.malformed'],
    ['its own key in the header', mintBridge({ key: foreign, header: { kid: newest.kid, jwk: foreign.jwk } }), 'token.malformed'],
    ['any other member of the header', header({ x5t: 'x' }), 'token.malformed'],
    ['a kid that is not in the ring', mintBridge({ key: foreign }), 'token.key_unknown'],
    ['no kid', header({ kid: undefined }), 'token.key_unknown'],
    ['a kid that is a list', header({ kid: [newest.kid] }), 'token.key_unknown'],
    ['alg none', mintBridge({ header: { alg: 'none' }, signature: Buffer.from('x') }), 'token.algorithm'],
    ['alg none without a signature', mintBridge({ header: { alg: 'none' }, signature: Buffer.alloc(0) }), 'token.algorithm'],
    ['HS256 over the public key', header({ alg: 'HS256' }), 'token.algorithm'],
    ['the algorithm of another key of the ring', header({ alg: 'EdDSA' }), 'token.algorithm'],
    ['alg in other case', header({ alg: 'es256' }), 'token.algorithm'],
    ['the signature of another key of the ring', mintBridge({ key: { ...older, kid: newest.kid } }), 'token.signature'],
    ['the signature of a foreign key', mintBridge({ key: { ...foreign, kid: newest.kid } }), 'token.signature'],
    ['a signature of zeros', mintBridge({ signature: Buffer.alloc(64) }), 'token.signature'],
    ['a signature in DER form', der(), 'token.signature'],
    ['a changed signature', flipped(mintBridge(), 2), 'token.signature'],
    ['no exp', claims({ exp: undefined }), 'token.claims'],
    ['exp that is a string', claims({ exp: String(now + 300) }), 'token.claims'],
    ['exp long ago', claims({ iat: now - 600, exp: now - 60 }), 'token.expired'],
    ['exp more than an hour after iat', claims({ iat: now, exp: now + 3601 }), 'token.claims'],
    ['no iat', claims({ iat: undefined }), 'token.claims'],
    ['iat in the future', claims({ iat: now + 90, exp: now + 300 }), 'token.not_yet_valid'],
    ['nbf in the future', claims({ nbf: now + 90 }), 'token.not_yet_valid'],
    ...['sub', 'client_id', 'key', 'jti'].flatMap((name): [string, string, string][] => [
      [`no ${name}`, claims({ [name]: undefined }), 'token.claims'],
      [`an empty ${name}`, claims({ [name]: '' }), 'token.claims'],
      [`${name} that is a list`, claims({ [name]: ['partner-a'] }), 'token.claims'],
    ]),
    ['no aud', claims({ aud: undefined }), 'token.claims'],
    ['an empty aud', claims({ aud: [] }), 'token.claims'],
    ['aud that is a string, as the bridge never writes it', claims({ aud: RESOURCE }), 'token.claims'],
    ['aud with a number', claims({ aud: [RESOURCE, 1] }), 'token.claims'],
    ['aud of another endpoint', claims({ aud: [FILES] }), 'audience.mismatch'],
    ['a key that the registry does not have', claims({ sub: 'partner-z' }), 'token.inactive'],
    ['the fingerprint of another key', claims({ key: '00000000' }), 'token.inactive'],
    [
      'a fingerprint in other case',
      claims({ key: FINGERPRINT.toUpperCase().concat(/[a-f]/.test(FINGERPRINT) ? '' : 'X') }),
      'token.inactive',
    ],
  ];
  test.each(rows)('%s', async (_what, token, reason) => {
    const at = bridge();
    expect(await at.reason(mintBridge())).toBe('ok');
    const rejected = await at.present(token);
    expect(reasonOf(rejected)).toBe(reason);
    expect(rejected).toMatchObject({ definition: { status: 401, challenge: 'invalid_token' } });
    expect(JSON.stringify(rejected)).not.toContain(token);
    // And again, where the cache could have it.
    expect(await at.reason(token)).toBe(reason);
  });

  const vectors = groupsOf('signature').flatMap(({ vectors: all }) => all.filter(({ result }) => result === 'invalid'));
  const good = (): Parameters<typeof withFlaw>[1] => {
    const [head, payload, signature] = mintBridge().split('.') as [string, string, string];
    const sign = (input: string): string =>
      createSign('sha256').update(input).sign({ key: newest.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url');
    return { head, payload, signature, sign, publicKey: newest.publicKey, privateKey: newest.privateKey };
  };

  test('every flaw of the Wycheproof vectors that an ES256 token can have', async () => {
    const at = bridge();
    const passed: string[] = [];
    let tried = 0;
    for (const vector of vectors) {
      const flawed = withFlaw(vector, good());
      if (flawed === null) continue;
      tried += 1;
      if ((await at.reason(flawed)) === 'ok') passed.push(`${vector.tcId} ${vector.comment}`);
    }
    expect(tried).toBeGreaterThan(40);
    expect(passed).toEqual([]);
    expect(await at.reason(mintBridge())).toBe('ok');
  });
});
