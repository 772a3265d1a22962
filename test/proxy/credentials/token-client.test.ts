// Requests to a token endpoint over real sockets: authentication, slots, breakers, notices.
import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { secret } from '../../../src/core/secret.js';
import { createMetadataSource } from '../../../src/idp/metadata.js';
import type { TokenClient } from '../../../src/proxy/credentials/token-client.js';
import { fetchJson } from '../../fixtures/fetch-json.js';
import { type Answer, answers, type RawUpstream, startRawUpstream } from '../../fixtures/raw-upstream.js';
import { until } from '../../fixtures/wait.js';
import { testClock } from '../../support/clock.js';
import { ISSUER } from '../../support/endpoint.js';
import { exchangeConfig, formOf, issuedAnswer, tokenClient } from '../../support/exchanging.js';
import { reasonOf } from '../../support/kinds.js';

const { json, status } = answers;
const UNAVAILABLE = 'exchange.unavailable';
let server: RawUpstream;
beforeAll(async () => {
  server = await startRawUpstream(json(issuedAnswer({ access_token: 'opaque' })), 'issuer');
});
beforeEach(() => server.reset());
afterAll(() => server.stop());

const url = () => `${server.url}/token`;
const setting = (changes: Parameters<typeof exchangeConfig>[1] = {}) => tokenClient(exchangeConfig(url(), changes));
const form = () => new URLSearchParams({ grant_type: 'x', subject_token: 'secret-of-the-caller' });
const reason = async (client: TokenClient, isKnown = false): Promise<string> => reasonOf(await client.request(form(), isKnown));
const many = async (client: TokenClient, times: number, isKnown: boolean): Promise<Set<string>> => {
  const found = new Set<string>();
  for (let i = 0; i < times; i++) found.add(await reason(client, isKnown));
  return found;
};

describe('the client authentication', () => {
  test('basic is form-encoded (C-81)', async () => {
    const client = { auth: 'basic', clientId: 'gate:way', clientSecret: secret('s ü') } as const;
    expect(await reason(setting({ client }).client)).toBe('ok');
    const pair = Buffer.from(String(server.last?.header('authorization')?.slice('Basic '.length)), 'base64').toString();
    expect(pair).toBe('gate%3Away:s%20%C3%BC');
    expect(server.last?.header('accept-encoding')).toBe('identity');
    expect(formOf({ body: server.last?.body ?? Buffer.alloc(0) })).toEqual([...form()]);
  });
  test('post is in the form', async () => {
    const client = { auth: 'post', clientId: 'gateway', clientSecret: secret('s3cret') } as const;
    expect(await reason(setting({ client }).client)).toBe('ok');
    expect(formOf({ body: server.last?.body ?? Buffer.alloc(0) }).slice(2)).toEqual([
      ['client_id', 'gateway'],
      ['client_secret', 's3cret'],
    ]);
  });
  test('an assertion is for the audience of the client, and each is new', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = secret(String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
    const { client } = setting({ client: { auth: 'private_key_jwt', clientId: 'gateway', privateKey: pem, algorithm: 'ES256' } });
    expect([await reason(client), await reason(client)]).toEqual(['ok', 'ok']);
    const claims = server.requests.map((request) => decodeJwt(String(new Map(formOf(request)).get('client_assertion'))));
    expect(claims).toMatchObject([ISSUER, ISSUER].map((aud) => ({ aud, iss: 'gateway', sub: 'gateway' })));
    expect(claims[0]?.jti).not.toBe(claims[1]?.jti);
  });
});

describe('the location', () => {
  const source = (clock = testClock()) =>
    createMetadataSource({
      issuer: server.url,
      timeoutMs: 2_000,
      fetchJson,
      clock,
      schedule: () => () => {},
      notify: () => {},
      random: () => 1,
    });
  const located = () => tokenClient({ ...exchangeConfig(url()), tokenUrl: null }, { metadata: source() });
  test('is token_endpoint of the metadata', async () => {
    server.next(json({ issuer: server.url, token_endpoint: `${server.url}/of-metadata` }));
    expect(await reason(located().client)).toBe('ok');
    expect(server.last?.target).toBe('/of-metadata');
  });
  test.each<[string, Record<string, unknown>]>([
    ['none', {}],
    ['plain http elsewhere', { token_endpoint: 'http://auth.example.com/token' }],
  ])('is unknown where the metadata has %s, and the detail names the setting', async (_what, members) => {
    server.next(json({ issuer: server.url, ...members }));
    expect(await located().client.request(form(), false)).toMatchObject({
      definition: { reason: UNAVAILABLE },
      detail: 'metadata has no token_endpoint; set upstream.credential.tokenUrl of this endpoint',
    });
    expect(server.requests.map(({ method }) => method)).toEqual(['GET']);
  });
});

describe('the server', () => {
  test.each<[string, Answer, string]>([
    ['rejects the token', json({ error: 'invalid_grant' }, 400), 'exchange.refused'],
    ['rejects the gateway', json({ error: 'unauthorized_client' }, 401), 'exchange.gateway_rejected'],
    ['redirects, and nothing follows', status(307, [['location', '/elsewhere']]), UNAVAILABLE],
    ['compresses its answer', json(issuedAnswer(), 200, [['content-encoding', 'gzip']]), UNAVAILABLE],
    ['answers more than 64 KiB', json(issuedAnswer({ padding: 'x'.repeat(64 * 1024) })), UNAVAILABLE],
    ['answers HTML', status(200, [['content-type', 'text/html']], '<html>'), UNAVAILABLE],
    ['cuts the connection', ({ socket }) => void socket.destroy(), UNAVAILABLE],
    ['answers in part', answers.cut(), UNAVAILABLE],
  ])('%s', async (_what, answer, expected) => {
    server.next(answer);
    const { client } = setting();
    expect([await reason(client), await reason(client), server.hits]).toEqual([expected, 'ok', 2]);
  });
  test('is too slow', async () => {
    server.next(answers.stall());
    const failure = await setting({ timeoutMs: 100 }).client.request(form(), false);
    expect(failure).toMatchObject({ definition: { reason: UNAVAILABLE }, detail: 'no answer within 100 ms' });
  });
});

describe('an alarm', () => {
  const alarm = async (clientSecret: string) => {
    server.next(json({ error: 'invalid_client' }, 401));
    const { client, notices } = setting({ client: { auth: 'basic', clientId: 'gateway', clientSecret: secret(clientSecret) } });
    expect(await reason(client)).toBe('exchange.gateway_rejected');
    return notices;
  };
  test('names the endpoint, the issuer and the settings', async () => {
    expect(await alarm('s3cret')).toEqual([
      {
        event: 'exchange.client_rejected',
        level: 'error',
        endpoint: '/mcp',
        issuer: ISSUER,
        detail:
          'status 401 invalid_client; the token endpoint rejects the gateway: check auth, clientId and the secret or key of upstream.credential',
      },
    ]);
  });
  test('suggests auth: post where Basic encodes the secret', async () => {
    expect((await alarm('s3/cret'))[0]?.detail).toContain('try auth: post');
  });
});

describe('the breakers', () => {
  test.each([true, false])('open after five failures, and close when the endpoint works again (known: %s)', async (isKnown) => {
    const { client, clock, notices } = setting();
    server.answer(status(503, [['retry-after', '9']]));
    expect(await many(client, 5, isKnown)).toEqual(new Set([UNAVAILABLE]));
    expect(notices).toEqual([{ event: 'exchange.down', level: 'error', endpoint: '/mcp', issuer: ISSUER }]);
    server.reset();
    clock.advance(8_999);
    expect([await reason(client, isKnown), server.hits]).toEqual([UNAVAILABLE, 0]);
    clock.advance(1);
    expect([await reason(client, isKnown), server.hits]).toEqual(['ok', 1]);
    expect(notices[1]).toEqual({ event: 'exchange.recovered', level: 'info', endpoint: '/mcp', issuer: ISSUER });
  });
  test('failures of unknown callers do not stop known ones', async () => {
    const { client } = setting();
    server.answer(status(500));
    await many(client, 5, false);
    server.reset();
    expect([await reason(client, false), await reason(client, true)]).toEqual([UNAVAILABLE, 'ok']);
  });
  test('after an outage, known callers do not wait longer than unknown ones', async () => {
    const { client, notices } = setting();
    server.answer(status(500));
    await many(client, 5, true);
    server.reset();
    expect([await reason(client, true), server.hits]).toEqual([UNAVAILABLE, 0]);
    expect([await reason(client, false), await reason(client, true), server.hits]).toEqual(['ok', 'ok', 2]);
    expect(notices.map(({ event }) => event)).toEqual(['exchange.down', 'exchange.recovered']);
  });
  test('never count rejected tokens', async () => {
    const { client, notices } = setting();
    server.answer(json({ error: 'invalid_grant' }, 400));
    expect(await many(client, 12, false)).toEqual(new Set(['exchange.refused']));
    expect([server.hits, notices]).toEqual([12, []]);
  });
});

test('a flood of unknown callers leaves slots for known ones (C-91)', async () => {
  const { client } = setting({ maxConcurrentRequests: 4 });
  server.next(answers.stall(), answers.stall());
  const flood = Array.from({ length: 20 }, () => client.request(form(), false));
  await until('two requests', () => server.hits === 2);
  expect([await reason(client, true), server.hits]).toEqual(['ok', 3]);
  void Promise.all(flood);
});
