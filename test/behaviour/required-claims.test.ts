// `requiredClaims` of an issuer whose audience is a client id, and `claims.tenant: []`.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { modern } from '../fixtures/messages.js';
import type { RawResponse } from '../fixtures/raw-client.js';
import { type Scene, startScene } from '../fixtures/scene.js';

const GOOD = { token_use: 'access', 'https://acme.example/kind': 7, client_id: 'web' };
let scene: Scene;
beforeAll(async () => {
  const requiredClaims = { token_use: 'access', 'https://acme.example/kind': true };
  scene = await startScene({
    issuer: { audience: ['web'], requiredClaims, claims: { tenant: [] } },
    endpoint: { scopes: [] },
  });
});
afterAll(() => scene.stop());
beforeEach(() => scene.upstream.reset());

function call(claims: Record<string, unknown>): Promise<RawResponse> {
  const token = scene.token({ audience: 'web', claims: { scope: undefined, ...GOOD, ...claims } });
  return scene.send(modern('tools/list', { token }), { label: 'a call' });
}

describe('a token for a client id', () => {
  test.each<[string, Record<string, unknown>]>([
    ['without scopes', {}],
    ['with a claim that is false', { 'https://acme.example/kind': false }],
    ['with a claim that is empty', { 'https://acme.example/kind': '' }],
    ['with a tid that is not a string', { tid: 5, org_id: ['a'] }],
  ])('%s passes with its marks', async (_what, claims) => {
    expect([(await call(claims)).status, scene.upstream.hits]).toEqual([200, 1]);
  });

  test.each<[string, Record<string, unknown>]>([
    ['no token_use', { token_use: undefined }],
    ['token_use id', { token_use: 'id' }],
    ['token_use in capitals', { token_use: 'ACCESS' }],
    ['token_use in a list', { token_use: ['access'] }],
    ['token_use true', { token_use: true }],
    ['no second mark', { 'https://acme.example/kind': undefined }],
    ['null as second mark', { 'https://acme.example/kind': null }],
    ['the name of the mark as a path', { 'https://acme.example/kind': undefined, kind: 7 }],
    ['no mark but scopes', { token_use: undefined, scope: 'files:read' }],
  ])('with %s is rejected', async (_what, claims) => {
    expect((await call({})).status).toBe(200);
    const response = await call(claims);
    expect([response.status, scene.upstream.hits]).toEqual([401, 1]);
    expect((await scene.logOf(response)).reason).toBe('token.type');
  });
});

test('a claim with the name of a member of every object must be in the token', async () => {
  const other = await startScene({ issuer: { requiredClaims: { constructor: true, toString: true } } });
  try {
    const passes = { claims: { constructor: 'x', toString: 'y' } };
    const send = (mint: object) => other.send(modern('tools/list', { token: other.token(mint) }), { label: 'a call' });
    expect((await send(passes)).status).toBe(200);
    expect((await send({})).status).toBe(401);
  } finally {
    await other.stop();
  }
});

describe('the tenant', () => {
  test.each<[string, Record<string, unknown>, number]>([
    ['is read by default, so a wrong type is rejected', {}, 401],
    ['is read where the operator names its claim', { claims: { tenant: ['tid'] } }, 401],
    ['is not read with an empty list, as mock-oauth2-server needs', { claims: { tenant: [] } }, 200],
  ])('%s', async (_what, issuer, status) => {
    const other = await startScene({ issuer });
    try {
      await other.passes();
      const token = other.token({ claims: { tid: 5 } });
      expect((await other.send(modern('tools/list', { token }), { label: 'a call' })).status).toBe(status);
    } finally {
      await other.stop();
    }
  });
});
