// Which JWTs are access tokens for this endpoint: each case has a valid value, one flaw, and the
// reason in the log.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { modern } from '../fixtures/messages.js';
import { type Mint, rsaKey } from '../fixtures/mint.js';
import type { RawResponse } from '../fixtures/raw-client.js';
import { ENV_SECRET, type Scene, startScene } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';

let lenient: Scene;
let strict: Scene;
let other: JwksIssuer;

const introspection = { clientId: 'gateway', clientSecret: ENV_SECRET };
const env = { SECRET: 'introspection-secret' };

beforeAll(async () => {
  other = await startJwksIssuer();
  [lenient, strict] = await Promise.all([
    startScene({ issuer: { introspection }, more: [{ path: '/b/mcp' }], env }),
    startScene({ issuer: { introspection, typ: 'at+jwt' }, env }),
  ]);
});
afterAll(() => Promise.all([lenient.stop(), strict.stop(), other.stop()]));
beforeEach(() => {
  lenient.upstream.reset();
  strict.upstream.reset();
});

type Flaw = [name: string, mint: (scene: Scene) => Partial<Mint>, reason: string];

/** The expected reasons in the log. Compared at the end, because lines are written in blocks. */
const told: { scene: Scene; response: RawResponse; reason: string }[] = [];

/**
 * The token without the flaw passes. With the flaw: 401, nothing to the upstream, no introspection
 * (C-47), and no fetch of a URL in the token.
 */
async function refuses(scene: Scene, mint: Partial<Mint>, reason: string): Promise<void> {
  await scene.passes();
  scene.upstream.reset();
  const response = await scene.send(modern('tools/list', { token: scene.token(mint) }));
  told.push({ scene, response, reason });
  expect(response.status).toBe(401);
  const texts: Record<string, string> = { 'token.expired': 'expired', 'audience.mismatch': 'is not for this server' };
  expect(response.header('www-authenticate')).toContain(`error_description="The access token ${texts[reason] ?? 'is invalid'}"`);
  expect([scene.upstream.hits, scene.issuer.hits.introspection, other.hits]).toEqual([
    0,
    0,
    { metadata: 0, jwks: 0, introspection: 0 },
  ]);
}

async function accepts(scene: Scene, mint: Partial<Mint>): Promise<void> {
  const response = await scene.send(modern('tools/list', { token: scene.token(mint) }));
  expect([response.status, scene.upstream.hits]).toEqual([200, 1]);
}

const claims = (values: Record<string, unknown>) => (): Partial<Mint> => ({ claims: values });
const header = (values: Record<string, unknown>) => (): Partial<Mint> => ({ header: values });
const now = (): number => Math.floor(Date.now() / 1000);

describe('A-40, A-41, A-18, C-36: the audience is one of the list, code point for code point', () => {
  const flaws: Flaw[] = [
    ['another server', () => ({ audience: 'https://other.example.com/mcp' }), 'audience.mismatch'],
    ['another endpoint of this gateway', (scene) => ({ audience: `${scene.gateway.url}/b/mcp` }), 'audience.mismatch'],
    ['the issuer itself', (scene) => ({ audience: scene.issuer.issuer }), 'audience.mismatch'],
    ['the upstream', (scene) => ({ audience: `${scene.upstream.url}/up` }), 'audience.mismatch'],
    ['a slash at the end', (scene) => ({ audience: `${scene.resource}/` }), 'audience.mismatch'],
    ['a suffix', (scene) => ({ audience: `${scene.resource}.evil` }), 'audience.mismatch'],
    ['the origin only', (scene) => ({ audience: scene.gateway.url }), 'audience.mismatch'],
    ['another case', (scene) => ({ audience: scene.resource.toUpperCase() }), 'audience.mismatch'],
    ['a list of others', (scene) => ({ audience: [`${scene.resource}/`, scene.gateway.url] }), 'audience.mismatch'],
    ['an empty list', () => ({ audience: [] }), 'audience.mismatch'],
    ['an empty string', () => ({ audience: '' }), 'audience.mismatch'],
    ['both in one string', (scene) => ({ audience: `${scene.resource} https://other.example.com` }), 'audience.mismatch'],
    ['a number', claims({ aud: 7 }), 'token.claims'],
    ['a list with a number', (scene) => ({ claims: { aud: [scene.resource, 7] } }), 'token.claims'],
  ];
  test.each(flaws)('%s', (_name, mint, reason) => refuses(lenient, mint(lenient), reason));
  test('C-27: a list that names it passes', () =>
    accepts(lenient, { audience: ['https://other.example.com', lenient.resource] }));
  test('A-18: a token of the other endpoint passes there', async () => {
    const token = lenient.token({ audience: `${lenient.gateway.url}/b/mcp` });
    expect((await lenient.send(modern('tools/list', { path: '/b/mcp', token }))).status).toBe(200);
  });
});

describe('C-31, A-40: required claims that are absent or invalid', () => {
  const flaws: Flaw[] = [
    ['exp', claims({ exp: undefined }), 'token.claims'],
    ['aud', claims({ aud: undefined }), 'audience.mismatch'],
    ['iss', claims({ iss: undefined }), 'token.issuer'],
    ['sub', claims({ sub: undefined }), 'token.claims'],
    ['exp as text', claims({ exp: '9999999999' }), 'token.claims'],
    ['null as exp', claims({ exp: null }), 'token.claims'],
    ['exp in milliseconds', claims({ exp: Date.now() + 3_600_000 }), 'token.claims'],
    ['an empty sub', claims({ sub: '' }), 'token.claims'],
    ['a list as sub', claims({ sub: ['alice'] }), 'token.claims'],
  ];
  test.each(flaws)('%s', (_name, mint, reason) => refuses(lenient, mint(lenient), reason));
  test.each(flaws)('%s, strict', (_name, mint, reason) => refuses(strict, mint(strict), reason));
});

describe('C-38, C-39: dates, with 30 s of tolerance', () => {
  test.each([['exp 10 s ago', { ttl: -10 }] as const])('%s passes', (_name, mint) => accepts(lenient, mint));
  test('nbf and iat 10 s ahead pass', () => accepts(lenient, { claims: { nbf: now() + 10, iat: now() + 10 } }));
  const flaws: Flaw[] = [
    ['exp 40 s ago', () => ({ ttl: -40 }), 'token.expired'],
    ['nbf in 60 s', () => ({ claims: { nbf: now() + 60 } }), 'token.not_yet_valid'],
    ['iat in 60 s', () => ({ claims: { iat: now() + 60 } }), 'token.not_yet_valid'],
    ['nbf as text', claims({ nbf: '0' }), 'token.claims'],
  ];
  test.each(flaws)('%s', (_name, mint, reason) => refuses(lenient, mint(lenient), reason));
});

test('C-38, E-03: a valid token is not cached beyond its exp and the tolerance', async () => {
  const token = lenient.token({ ttl: -27 });
  const call = () => lenient.send(modern('tools/list', { token }));
  expect((await call()).status).toBe(200);
  await until('the token and the tolerance have expired', async () => (await call()).status === 401, 6_000);
});

describe('C-30: typ', () => {
  const foreign = ['oauth-id-jag+jwt', 'dpop+jwt', 'logout+jwt', 'secevent+jwt', 'token-introspection+jwt', 7, ''];
  test.each(['at+jwt', 'application/at+jwt', 'AT+JWT'])('%s passes where typ is strict', (typ) =>
    accepts(strict, { header: { typ } }),
  );
  test.each([...foreign, 'JWT', undefined])('%s is rejected where typ is strict', (typ) =>
    refuses(strict, { header: { typ } }, 'token.type'),
  );
  test.each(['JWT', 'jwt', undefined])('%s passes where typ is lenient', (typ) => accepts(lenient, { header: { typ } }));
  test.each(foreign)('%s is rejected where typ is lenient', (typ) => refuses(lenient, { header: { typ } }, 'token.type'));
});

describe('C-37, A-46, C-110: a token of another kind, whatever its typ says', () => {
  const flaws: Flaw[] = [
    ['token_use', claims({ token_use: 'refresh' }), 'token.type'],
    ['typ in the claims', claims({ typ: 'Offline' }), 'token.type'],
    ['at_hash', claims({ at_hash: 'h' }), 'token.type'],
    ['c_hash', claims({ c_hash: 'h' }), 'token.type'],
    ['events', claims({ events: {} }), 'token.type'],
    ['cnf', claims({ cnf: { jkt: 'x' } }), 'token.claims'],
  ];
  test.each(flaws)('%s', (_name, mint, reason) => refuses(lenient, mint(lenient), reason));
  test.each(flaws)('%s, with typ JWT', (_name, mint, reason) =>
    refuses(lenient, { ...mint(lenient), header: { typ: 'JWT' } }, reason),
  );
  test('aud = client_id passes only with evidence of an access token', async () => {
    const own = { client_id: lenient.resource };
    await accepts(lenient, { header: { typ: 'JWT' }, claims: own });
    await refuses(lenient, { header: { typ: 'JWT' }, claims: { ...own, scope: undefined } }, 'audience.mismatch');
  });
});

describe('C-32, C-34, C-35, C-40, C-41, A-45, A-55, A-62: algorithm, signature and issuer', () => {
  const stranger = rsaKey();
  const flaws: Flaw[] = [
    ['none', () => ({ header: { alg: 'none' }, signature: Buffer.from('x') }), 'token.algorithm'],
    ['None', () => ({ header: { alg: 'None' } }), 'token.algorithm'],
    ['HS256 with the public key', header({ alg: 'HS256' }), 'token.algorithm'],
    ['RS384', header({ alg: 'RS384' }), 'token.algorithm'],
    ['PS256', header({ alg: 'PS256' }), 'token.algorithm'],
    ['rs256', header({ alg: 'rs256' }), 'token.algorithm'],
    ['crit', header({ crit: ['b64'], b64: false }), 'token.malformed'],
    [
      'another key with the same kid',
      (scene) => ({ key: { ...stranger, kid: scene.issuer.keys[0]?.kid ?? '' } }),
      'token.signature',
    ],
    ['its own jwk', () => ({ key: stranger, header: { jwk: stranger.jwk } }), 'token.key_unknown'],
    ['jku', () => ({ key: stranger, header: { jku: other.jwksUri, x5u: other.jwksUri } }), 'token.key_unknown'],
    ['an issuer with a slash at the end', (scene) => ({ issuer: `${scene.issuer.issuer}/` }), 'token.issuer'],
    ['an issuer that is not configured', () => ({ issuer: other.issuer, key: other.keys[0] as never }), 'token.issuer'],
    ['a list as issuer', (scene) => ({ claims: { iss: [scene.issuer.issuer] } }), 'token.issuer'],
    ['claims that are not JSON', () => ({ claimsText: '{"iss":' }), 'token.malformed'],
  ];
  test.each(flaws)('%s', (_name, mint, reason) => refuses(lenient, mint(lenient), reason));
  test('one bit of the payload', async () => {
    const token = lenient.token();
    expect((await lenient.send(modern('tools/list', { token }))).status).toBe(200);
    const [head, body = '', signature] = token.split('.');
    const flipped = Buffer.from(body, 'base64url').toString().replace('"alice"', '"alicf"');
    const forged = [head, Buffer.from(flipped).toString('base64url'), signature].join('.');
    const response = await lenient.send(modern('tools/list', { token: forged }));
    expect(response.status).toBe(401);
    told.push({ scene: lenient, response, reason: 'token.signature' });
  });
});

test('A-66: the log has the reason of each rejection, and no caller, because none is proven', async () => {
  expect(told.length).toBeGreaterThan(60);
  const lines = await Promise.all(told.map(({ scene, response }) => scene.logOf(response)));
  expect(lines.map(({ reason }) => reason)).toEqual(told.map(({ reason }) => reason));
  for (const line of lines)
    expect([line['http.response.status_code'], line.subject, line['mcp.method.name']]).toEqual([401, undefined, undefined]);
});
