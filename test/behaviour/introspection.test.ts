// Introspection responses: active, inactive, or without information. Only the first gives access.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { IssuerMode } from '../fixtures/jwks-issuer.js';
import { modern } from '../fixtures/messages.js';
import type { RawResponse } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { ENV_SECRET, type Scene, startScene } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';

const SECRET = 'p:ss%w+rd/ü';
let scene: Scene;
let seen: { form: URLSearchParams; authorization: string | undefined }[];
/** The facts that the issuer returns about a token. */
let known: Map<string, { answer: unknown }>;
let count = 0;

const active = (): Record<string, unknown> => ({
  active: true,
  iss: scene.issuer.issuer,
  aud: scene.resource,
  sub: 'alice',
  client_id: 'test-client',
  scope: 'files:read',
  exp: Math.floor(Date.now() / 1000) + 300,
});

beforeAll(async () => {
  const introspection = { clientId: 'gate:way', clientSecret: ENV_SECRET };
  scene = await startScene({ issuer: { introspection }, env: { SECRET } });
  known = new Map();
  scene.issuer.introspect = (form, authorization) => {
    seen.push({ form, authorization });
    const found = known.get(form.get('token') ?? '');
    return found === undefined ? { active: false } : found.answer;
  };
});
afterAll(() => scene.stop());

/** A token that was never used before, and the facts that the issuer returns. */
const issue = (answer: unknown): string => {
  count += 1;
  known.set(`opaque-${count}`, { answer });
  return `opaque-${count}`;
};
const call = (token: string): Promise<RawResponse> =>
  scene.send(modern('tools/list', { token }), { label: `call with ${token}` });

beforeEach(async () => {
  seen = [];
  expect((await call(issue(active()))).status).toBe(200);
  scene.upstream.reset();
});

test('C-80, C-81: the request is a form with the token, and client credentials are encoded first', async () => {
  seen = [];
  const token = issue(active());
  expect((await call(token)).status).toBe(200);
  expect(seen).toHaveLength(1);
  expect(Object.fromEntries(seen[0]?.form ?? [])).toEqual({ token, token_type_hint: 'access_token' });
  const [scheme, pair = ''] = seen[0]?.authorization?.split(' ') ?? [];
  expect(scheme).toBe('Basic');
  const encode = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);
  expect(Buffer.from(pair, 'base64').toString()).toBe(`${encode('gate:way')}:${encode(SECRET)}`);
});

describe('C-82, C-84: a response that rejects the token gives 401', () => {
  const now = Math.floor(Date.now() / 1000);
  test.each<[string, Record<string, unknown>, string]>([
    ['active false', { active: false }, 'token.inactive'],
    ['another audience', { aud: 'https://other.example.com/mcp' }, 'audience.mismatch'],
    ['no audience', { aud: undefined }, 'audience.mismatch'],
    ['an audience with a slash at the end', { aud: ['x/'] }, 'audience.mismatch'],
    ['another issuer', { iss: 'https://other.example.com' }, 'token.claims'],
    ['expired', { exp: now - 120 }, 'token.expired'],
    ['exp as text', { exp: String(now + 300) }, 'token.claims'],
    ['not valid yet', { nbf: now + 120 }, 'token.not_yet_valid'],
    ['a refresh token', { token_type: 'refresh_token' }, 'token.claims'],
    ['bound to a key', { cnf: { jkt: 'x' } }, 'token.claims'],
    ['no subject', { sub: undefined, client_id: undefined }, 'token.claims'],
  ])('%s', async (_name, flaw, reason) => {
    const response = await call(issue({ ...active(), ...flaw }));
    expect([response.status, (await scene.logOf(response)).reason]).toEqual([401, reason]);
    expect(response.header('www-authenticate')).toContain('error="invalid_token"');
    expect(scene.upstream.hits).toBe(0);
  });

  test('C-92: a missing scope gives 403, as for a JWT', async () => {
    const response = await call(issue({ ...active(), scope: 'other' }));
    expect([response.status, response.header('www-authenticate')]).toEqual([403, expect.stringContaining('insufficient_scope')]);
  });
});

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);

function expectUnavailable(response: RawResponse): void {
  expect([response.status, response.headers('www-authenticate'), scene.upstream.hits]).toEqual([503, [], 0]);
  expect(response.header('retry-after')).toMatch(/^([1-9]|[12]\d|30)$/);
  expect(JSON.parse(response.body)).toMatchObject({ error: { code: -31503, message: 'Cannot check tokens right now' } });
}

describe('C-82, C-83: a response without information gives 503, and is not cached', () => {
  test.each<[string, unknown]>([
    ['active "true"', { active: 'true', sub: 'alice' }],
    ['active 1', { active: 1 }],
    ['no active', { sub: 'alice' }],
    ['null', null],
    ['a list', [{ active: true }]],
  ])('%s', async (_name, answer) => {
    const flawed = isObject(answer) ? { ...active(), active: undefined, ...answer } : answer;
    const token = issue(flawed);
    expectUnavailable(await call(token));
    known.set(token, { answer: active() });
    expect((await call(token)).status).toBe(200);
  });

  const modes: IssuerMode[] = ['500', 'html', 'redirect', 'empty', 'huge', 'reset', 'hang', 'closed'];
  test.each(modes)('the endpoint returns: %s', async (mode) => {
    const token = issue(active());
    await scene.issuer.setMode(mode, mode === 'closed' ? undefined : 'introspection');
    const response = await call(token);
    await scene.issuer.setMode('ok');
    expectUnavailable(response);
    expect((await scene.logOf(response)).reason).toBe('introspection.unavailable');
    await until(`${mode}: the token passes once the endpoint answers`, async () => (await call(token)).status === 200, 10_000);
  });

  test('a JWT needs no introspection, and passes in the meantime', async () => {
    await scene.passes();
    await scene.issuer.setMode('500', 'introspection');
    seen = [];
    await scene.passes();
    await scene.issuer.setMode('ok');
    expect(seen).toEqual([]);
  });
});

test('C-85: a response is not cached beyond the exp of its token', async () => {
  // Three seconds of the 30 s of tolerance remain: it passes now, but not in four seconds.
  const token = issue({ ...active(), exp: Math.floor(Date.now() / 1000) - 27 });
  expect((await call(token)).status).toBe(200);
  await until('the token is rejected', async () => (await call(token)).status === 401, 6_000);
});

test('C-47, C-88: a credential that is not an opaque token is not introspected', async () => {
  seen = [];
  const shapes: [token: string, status: number][] = [
    [scene.token({ ttl: -60 }), 401],
    [scene.token({ signature: Buffer.alloc(256) }), 401],
    ['x'.repeat(40_000), 431],
    ['a b', 400],
  ];
  for (const [token, status] of shapes) expect((await call(token)).status).toBe(status);
  expect(seen).toEqual([]);
  expect(scene.upstream.hits).toBe(0);
});

describe('C-83: the endpoint rejects the gateway itself', () => {
  let endpoint: RawUpstream;
  let refused: Scene;
  beforeAll(async () => {
    endpoint = await startRawUpstream(undefined, 'issuer');
    const introspection = { url: `${endpoint.url}/introspect`, clientId: 'gateway', clientSecret: ENV_SECRET };
    refused = await startScene({ issuer: { introspection }, env: { SECRET } });
  });
  afterAll(() => Promise.all([refused.stop(), endpoint.stop()]));

  test.each<[number, unknown, number, string]>([
    [401, { error: 'invalid_client' }, 503, 'introspection.gateway_rejected'],
    [403, {}, 503, 'introspection.gateway_rejected'],
    [400, { error: 'invalid_client' }, 503, 'introspection.gateway_rejected'],
    [400, { error: 'unauthorized_client' }, 503, 'introspection.gateway_rejected'],
    [400, { error: 'invalid_request' }, 401, 'token.inactive'],
    [401, { error: 'invalid_token' }, 401, 'token.inactive'],
    [429, {}, 503, 'introspection.unavailable'],
    [307, {}, 503, 'introspection.unavailable'],
  ])('%s %j is %s', async (code, body, status, reason) => {
    const send = (token: string): Promise<RawResponse> => refused.send(modern('tools/list', { token }));
    endpoint.answer(answers.json({ ...active(), aud: refused.resource, iss: refused.issuer.issuer }));
    expect((await send(`good for ${code}`.replaceAll(' ', '-'))).status).toBe(200);
    refused.upstream.reset();
    count += 1;
    endpoint.answer(answers.json(body, code, [['location', `${endpoint.url}/elsewhere`]]));
    const response = await send(`asked-${count}`);
    expect([response.status, (await refused.logOf(response)).reason]).toEqual([status, reason]);
    expect(response.header('www-authenticate') === undefined).toBe(status === 503);
    expect([refused.upstream.hits, endpoint.requests.filter(({ target }) => target === '/elsewhere')]).toEqual([0, []]);
    const alarms = refused.gateway.logs().filter(({ event }) => event === 'introspection.client_rejected');
    if (reason === 'introspection.gateway_rejected') expect(alarms.at(-1)).toMatchObject({ level: 'error' });
  });
});
