// The facade with a clock and an identity provider of the test: ends of sealed texts, limits, and
// an identity provider that fails.
import { generateKeyPairSync } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ResolvedFacade } from '../../../src/config/resolved-config.js';
import type { FacadeAnswer } from '../../../src/core/facade-server.js';
import { secret } from '../../../src/core/secret.js';
import type { Fetch, Fetched } from '../../../src/idp/fetch-json.js';
import type { MetadataResult, MetadataSource } from '../../../src/idp/metadata.js';
import { createFacade } from '../../../src/oauth/facade/facade.js';
import { testClock } from '../../support/clock.js';
import { head, type Lines } from '../../support/exchange.js';
import { pkce, REDIRECT } from '../../support/facade-login.js';
import { files } from '../../support/grants.js';

const ISSUER = 'https://mcp.example.com/oauth/main';
const IDP = 'https://login.example.org';
const facadeConfig: ResolvedFacade = {
  name: 'main',
  issuer: ISSUER,
  callback: `${ISSUER}/callback`,
  client: { auth: 'post', clientId: 'gateway', clientSecret: secret('secret-of-the-gateway') },
  keys: [secret(JSON.stringify(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })))],
  redirectUris: ['http://127.0.0.1'],
  scopes: ['openid'],
  parameters: { audience: 'api', client_id: 'another' },
  sendResource: true,
  timeoutMs: 1_000,
  maxConcurrentRequests: 8,
};

const good: MetadataResult = {
  ok: true,
  metadata: {
    jwksUri: null,
    introspectionEndpoint: null,
    tokenEndpoint: `${IDP}/token`,
    authorizationEndpoint: `${IDP}/authorize?tenant=a`,
    revocationEndpoint: null,
  },
  document: { body: Buffer.alloc(0), json: { issuer: IDP } },
};
const bad: MetadataResult = { ok: false, detail: 'no metadata', isMisplaced: false, retryAfterSeconds: 1 };

let clock: ReturnType<typeof testClock>;
let metadata: MetadataResult;
let answerOfIdp: Fetched;
let requests: Fetch[];
let notices: Record<string, unknown>[];
let metadataOf: () => Record<string, unknown>;
let call: (page: string, method: 'GET' | 'POST', text?: string, lines?: Lines, address?: string) => Promise<FacadeAnswer>;

const tokens = (fields: Record<string, unknown>, status = 200): Fetched =>
  ({ kind: 'answer', status, headers: {}, json: fields, body: Buffer.alloc(0) }) as Fetched;

beforeEach(() => {
  clock = testClock();
  [metadata, answerOfIdp, requests, notices] = [
    good,
    tokens({ access_token: 'at', refresh_token: 'rt', expires_in: 60 }),
    [],
    [],
  ];
  const source: MetadataSource = { get: async () => metadata, last: () => null, start() {}, stop() {} };
  const server = createFacade({
    facade: facadeConfig,
    behind: IDP,
    endpoints: [files],
    metadata: source,
    fetchJson: async (fetch) => {
      requests.push(fetch);
      return answerOfIdp;
    },
    clock,
    notify: (notice) => notices.push(notice),
  });
  metadataOf = () => JSON.parse(String(server.metadata)) as Record<string, unknown>;
  call = async (page, method, text = '', lines = [], address = '192.0.2.1') => {
    const target = `/oauth/main/${page}${method === 'GET' ? `?${text}` : ''}`;
    const route = server.routes.get(`/oauth/main/${page}`);
    if (route?.method !== method) throw new Error(`no ${method} ${page}`);
    return route.answer(head({ method, target, lines }), Buffer.from(method === 'GET' ? '' : text), address);
  };
});

const header = ({ headers }: FacadeAnswer, name: string): string | undefined => headers[headers.indexOf(name) + 1];
const jsonOf = ({ body }: FacadeAnswer): Record<string, unknown> => JSON.parse(String(body)) as Record<string, unknown>;
const FORM: Lines = [['Content-Type', 'application/x-www-form-urlencoded']];
const query = (fields: Record<string, string>): string => new URLSearchParams(fields).toString();

async function register(address?: string): Promise<FacadeAnswer> {
  const body = JSON.stringify({ redirect_uris: [REDIRECT], token_endpoint_auth_method: 'none' });
  return call('register', 'POST', body, [['Content-Type', 'application/json']], address);
}
const cookieOf = (answer: FacadeAnswer): Lines => [['Cookie', (header(answer, 'set-cookie') ?? '').split(';')[0] as string]];

async function begin() {
  const clientId = String(jsonOf(await register()).client_id);
  const { verifier, challenge } = pkce();
  const fields = { response_type: 'code', client_id: clientId, redirect_uri: REDIRECT, state: 's', scope: 'files:read' };
  const text = query({ ...fields, code_challenge: challenge, code_challenge_method: 'S256', resource: files.resource });
  const shown = await call('authorize', 'GET', text);
  const asked = Buffer.isBuffer(shown.body) || shown.body.kind !== 'consent' ? '' : shown.body.asked;
  const allow = (lines: Lines = []) =>
    call('consent', 'POST', query({ asked, answer: 'allow' }), [...FORM, ...cookieOf(shown), ...lines]);
  return { clientId, verifier, shown, allow };
}

async function toCallback() {
  const begun = await begin();
  const sent = await begun.allow();
  const toIdp = new URL(header(sent, 'location') ?? '');
  const state = toIdp.searchParams.get('state') ?? '';
  const back = (fields: Record<string, string> = {}) =>
    call('callback', 'GET', query({ code: 'c', state, ...fields }), cookieOf(begun.shown));
  return { ...begun, toIdp, back };
}

async function toCode() {
  const begun = await toCallback();
  const code = new URL(header(await begun.back(), 'location') ?? '').searchParams.get('code') ?? '';
  const grant = { grant_type: 'authorization_code', client_id: begun.clientId, code, redirect_uri: REDIRECT };
  const exchange = () => call('token', 'POST', query({ ...grant, code_verifier: begun.verifier }), FORM);
  return { ...begun, exchange };
}

test('the identity provider gets the client of the gateway, the callback and the challenge', async () => {
  const { toIdp } = await toCallback();
  expect(toIdp.origin + toIdp.pathname).toBe(`${IDP}/authorize`);
  expect(Object.fromEntries(toIdp.searchParams)).toMatchObject({
    tenant: 'a',
    audience: 'api',
    client_id: 'gateway',
    redirect_uri: `${ISSUER}/callback`,
    code_challenge_method: 'S256',
    resource: files.resource,
    scope: 'files:read openid',
  });
});

test('the token request has the secret of the gateway, and the answer no ID token', async () => {
  answerOfIdp = tokens({ access_token: 'at', refresh_token: 'rt', id_token: 'it', token_type: 'bearer' });
  const { exchange, verifier } = await toCode();
  const answer = await exchange();
  expect([answer.status, Object.keys(jsonOf(answer))]).toEqual([200, ['access_token', 'token_type', 'refresh_token']]);
  expect(Object.fromEntries(requests[0]?.form ?? [])).toEqual({
    grant_type: 'authorization_code',
    code: 'c',
    redirect_uri: `${ISSUER}/callback`,
    code_verifier: verifier,
    resource: files.resource,
    client_id: 'gateway',
    client_secret: 'secret-of-the-gateway',
  });
  expect(JSON.stringify(notices)).not.toContain('"at"');
});

test('without a store of documents a client id is never a URL, and the metadata says so', async () => {
  expect(metadataOf()).not.toHaveProperty('client_id_metadata_document_supported');
  const answer = await call('authorize', 'GET', query({ client_id: 'https://app.example.com/client.json' }));
  expect([answer.status, answer.failure?.detail]).toEqual([400, 'the client id is not one of this server']);
});

describe('an end', () => {
  test('a code after 60 s', async () => {
    const inTime = await toCode();
    clock.advance(59_000);
    expect((await inTime.exchange()).status).toBe(200);
    const late = await toCode();
    clock.advance(60_000);
    const answer = await late.exchange();
    expect([answer.status, answer.failure?.detail]).toEqual([400, 'invalid_grant: a code that is expired']);
  });
  test.each([
    ['a consent page', async () => begin().then(({ allow }) => allow), 'consent: a request that is expired'],
    [
      'a login',
      async () =>
        toCallback().then(
          ({ back }) =>
            () =>
              back(),
        ),
      'callback: a state that is expired',
    ],
  ])('%s after 10 minutes', async (_name, prepare, detail) => {
    const inTime = await prepare();
    clock.advance(595_000);
    expect((await inTime()).status).toBe(303);
    const late = await prepare();
    clock.advance(600_000);
    const answer = await late();
    expect([answer.status, answer.failure?.detail]).toEqual([400, detail]);
  });
});

describe('an identity provider that fails', () => {
  test('without metadata a person gets a page', async () => {
    const { allow } = await begin();
    metadata = bad;
    const answer = await allow();
    expect([answer.status, answer.body]).toMatchObject([503, { kind: 'error' }]);
    expect(answer.failure?.detail).toContain('no metadata');
  });
  test('without metadata its answer waits for another attempt', async () => {
    const { back } = await toCallback();
    metadata = bad;
    expect(await back()).toMatchObject({ status: 503, body: { kind: 'error' } });
    metadata = good;
    expect((await back()).status).toBe(303);
  });
  test.each<[string, () => Fetched, number, string]>([
    ['no answer', () => ({ kind: 'transport', detail: 'ECONNREFUSED' }), 503, 'temporarily_unavailable'],
    ['500', () => tokens({}, 500), 503, 'temporarily_unavailable'],
    ['429', () => tokens({}, 429), 503, 'temporarily_unavailable'],
    ['401', () => tokens({ error: 'invalid_client' }, 401), 503, 'temporarily_unavailable'],
    ['400 about the gateway', () => tokens({ error: 'unauthorized_client' }, 400), 503, 'temporarily_unavailable'],
    ['200 without a token', () => tokens({ token_type: 'Bearer' }), 503, 'temporarily_unavailable'],
    ['200 without JSON', () => tokens(undefined as never), 503, 'temporarily_unavailable'],
    ['a used code', () => tokens({ error: 'invalid_grant', error_description: 'raw' }, 400), 400, 'invalid_grant'],
    ['a scope', () => tokens({ error: 'invalid_scope' }, 400), 400, 'invalid_scope'],
    ['a refusal with 200', () => tokens({ error: 'bad_verification_code' }), 400, 'invalid_grant'],
    ['a fault with 200', () => tokens({ error: 'server_error' }), 503, 'temporarily_unavailable'],
    ['an error of its own', () => tokens({ error: 'interaction_required' }, 400), 400, 'invalid_grant'],
  ])('%s', async (_name, idp, status, error) => {
    const { exchange } = await toCode();
    answerOfIdp = idp();
    const answer = await exchange();
    expect([answer.status, jsonOf(answer).error]).toEqual([status, error]);
    expect(String(answer.body)).not.toContain('raw');
  });
});

describe('limits', () => {
  test('60 registrations of one network a minute', async () => {
    for (let i = 0; i < 60; i += 1) expect((await register('192.0.2.7')).status).toBe(201);
    expect((await register('192.0.2.7')).status).toBe(429);
    expect((await register('192.0.2.8')).status).toBe(201);
    clock.advance(60_000);
    expect((await register('192.0.2.7')).status).toBe(201);
  });
  test('120 pages of one network a minute, then a page with 429', async () => {
    for (let i = 0; i < 120; i += 1) expect((await call('authorize', 'GET')).status).toBe(400);
    const answer = await call('authorize', 'GET');
    expect([answer.status, answer.body, header(answer, 'retry-after')]).toMatchObject([429, { kind: 'error' }, '60']);
  });
  test('60 failed token requests of one network a minute', async () => {
    const guess = () => call('token', 'POST', query({ grant_type: 'refresh_token', client_id: 'x' }), FORM);
    for (let i = 0; i < 60; i += 1) expect((await guess()).status).toBe(401);
    expect((await guess()).status).toBe(429);
  });
});
