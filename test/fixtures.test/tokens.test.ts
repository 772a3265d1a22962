// Minted tokens verify or fail as they should, and the fault issuer fails in every named way.
import { createLocalJWKSet, createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type IssuerMode, type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { ecKey, ed25519Key, mintToken, rsaKey, type SigningKey } from '../fixtures/mint.js';
import { withDeadline } from '../fixtures/wait.js';

const issuer = 'http://127.0.0.1:9';
const audience = 'http://127.0.0.1:9/mcp';
const local = (key: SigningKey) => createLocalJWKSet({ keys: [key.jwk as never] });

describe('mintToken', () => {
  test.each([
    ['RS256', rsaKey()],
    ['PS256', rsaKey({ alg: 'PS256' })],
    ['ES256', ecKey()],
    ['EdDSA', ed25519Key()],
  ])('signs %s tokens that verify', async (alg, key) => {
    const token = mintToken({ issuer, audience, key, claims: { sub: 'alice' } });
    const { payload, protectedHeader } = await jwtVerify(token, local(key), { issuer, audience, typ: 'at+jwt' });
    expect(protectedHeader).toEqual({ alg, typ: 'at+jwt', kid: key.kid });
    expect(payload).toMatchObject({ sub: 'alice', scope: 'files:read' });
  });

  test('lets every part be wrong', async () => {
    const key = rsaKey();
    const base = { issuer, audience, key };
    const bare = mintToken({ ...base, header: { typ: undefined, kid: undefined }, claims: { exp: undefined } });
    expect(decodeProtectedHeader(bare)).toEqual({ alg: 'RS256' });
    expect((await jwtVerify(bare, local(key))).payload.exp).toBeUndefined();
    expect(mintToken({ ...base, header: { alg: 'none' } }).endsWith('.')).toBe(true);
    const confused = mintToken({ ...base, header: { alg: 'HS256' } });
    const secret = Buffer.from(key.publicKey.export({ type: 'spki', format: 'pem' }) as string);
    await jwtVerify(confused, secret);
    await expect(jwtVerify(confused, local(key))).rejects.toThrow();
    await expect(jwtVerify(mintToken({ ...base, signature: Buffer.alloc(256) }), local(key))).rejects.toThrow('signature');
    const broken = mintToken({ ...base, claimsText: '{"iss":' });
    await expect(jwtVerify(broken, local(key))).rejects.toThrow();
  });
});

describe('startJwksIssuer', () => {
  let issuing: JwksIssuer;
  beforeEach(async () => {
    issuing = await startJwksIssuer();
  });
  afterEach(() => issuing.stop());
  const jwks = (init: RequestInit = {}) => fetch(issuing.jwksUri, { signal: AbortSignal.timeout(3000), ...init });

  test('publishes metadata and keys that verify its tokens, through rotation', async () => {
    const metadata = (await (await fetch(`${issuing.issuer}/.well-known/openid-configuration`)).json()) as Record<
      string,
      unknown
    >;
    expect(metadata).toMatchObject({ issuer: issuing.issuer, jwks_uri: issuing.jwksUri });
    const verify = (token: string) => jwtVerify(token, createRemoteJWKSet(new URL(issuing.jwksUri)), { issuer: issuing.issuer });
    const first = issuing.token({ audience });
    await verify(first);
    issuing.rotate({ keepOld: true });
    await verify(first);
    await verify(issuing.token({ audience }));
    issuing.rotate();
    await expect(verify(first)).rejects.toThrow('no applicable key');
    await verify(issuing.token({ audience }));
    expect(issuing.hits).toEqual({ metadata: 1, jwks: 5, introspection: 0 });
  });

  test('answers introspection as configured', async () => {
    issuing.introspect = (form, authorization) => ({ active: form.get('token') === 'good', authorization });
    const body = new URLSearchParams({ token: 'good' });
    const response = await fetch(`${issuing.issuer}/introspect`, {
      method: 'POST',
      headers: { authorization: 'Basic eA==' },
      body,
    });
    expect(await response.json()).toEqual({ active: true, authorization: 'Basic eA==' });
  });

  test('fails in every named way, for one part or for all, and recovers', async () => {
    const outcome = async (mode: IssuerMode): Promise<unknown> => {
      await issuing.setMode(mode);
      try {
        const response = await jwks({ redirect: 'manual' });
        return [response.status, (await response.text()).length];
      } catch (error) {
        return (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).name;
      }
    };
    expect(await outcome('500')).toEqual([500, 14]);
    expect(await outcome('html')).toEqual([200, 37]);
    expect(await outcome('redirect')).toEqual([302, 0]);
    expect(await outcome('empty')).toEqual([200, 11]);
    expect(((await outcome('huge')) as number[])[1]).toBeGreaterThan(32 << 20);
    expect(await outcome('reset')).toBe('ECONNRESET');
    expect(await outcome('closed')).toBe('ECONNREFUSED');
    await issuing.setMode('hang', 'jwks');
    await expect(withDeadline('hanging key set', jwks(), 200)).rejects.toThrow('hanging key set');
    expect((await fetch(`${issuing.issuer}/.well-known/openid-configuration`)).status).toBe(200);
    await issuing.setMode('redirect');
    expect(((await (await jwks()).json()) as { keys: unknown[] }).keys).toHaveLength(1);
    await issuing.setMode('ok');
    expect((await jwks()).status).toBe(200);
  });
});
