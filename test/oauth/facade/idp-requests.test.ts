// How often one login, one refresh token and one network reach the identity provider, which knows
// all of them as the gateway.
import { generateKeyPairSync } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import type { ResolvedFacade } from '../../../src/config/resolved-config.js';
import { ok } from '../../../src/core/result.js';
import { secret } from '../../../src/core/secret.js';
import { refusal } from '../../../src/oauth/answers.js';
import { createClients } from '../../../src/oauth/facade/clients.js';
import { createFacadeLimits } from '../../../src/oauth/facade/limits.js';
import { createFacadeTexts, hashOf } from '../../../src/oauth/facade/texts.js';
import { createTokenPages, type TokenPages } from '../../../src/oauth/facade/token.js';
import { testClock } from '../../support/clock.js';
import { head } from '../../support/exchange.js';
import { pkce, REDIRECT } from '../../support/facade-login.js';

const issuer = 'https://mcp.example.com/oauth/main';
const resource = 'https://mcp.example.com/mcp';
const keys = [secret(JSON.stringify(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })))];
const clock = testClock();
const texts = createFacadeTexts(keys, issuer, clock, { behind: 'https://idp.example.com', issues: false });
const newClient = () => texts.client.seal({ name: null, redirectUris: [REDIRECT], method: 'none', issuedAt: 0 }, null);

let requests: URLSearchParams[];
let pages: TokenPages;
beforeEach(() => {
  requests = [];
  const asked = (form: URLSearchParams) => void requests.push(form);
  pages = createTokenPages({
    facade: { issuer, callback: `${issuer}/callback`, sendResource: true, scopes: [] as readonly string[] } as ResolvedFacade,
    texts,
    clients: createClients(texts, ['http://127.0.0.1'], null),
    findResource: () => null,
    endpoints: {
      token: async (form) => ok(asked(form) ?? refusal('invalid_grant', 'No')),
      revoke: async (form) => ok(asked(form) ?? true),
    },
    limits: createFacadeLimits(clock),
    notify() {},
    issuance: null,
  });
});

const changedEnd = (text: string): string => `${text.slice(0, -4)}AAAA`;

const post = async (page: 'token' | 'revoke', fields: Record<string, string>, address = '192.0.2.1') => {
  const lines: [string, string][] = [['Content-Type', 'application/x-www-form-urlencoded']];
  const answer = await pages[page](head({ method: 'POST', lines }), Buffer.from(String(new URLSearchParams(fields))), address);
  return 'error' in answer ? answer.error : answer.status;
};
const repeated = async (times: number, one: (i: number) => Promise<unknown>) => {
  const answers: unknown[] = [];
  for (let i = 0; i < times; i += 1) answers.push(await one(i));
  return answers;
};

test('ten requests a minute for all codes of one login', async () => {
  const client_id = newClient();
  const { verifier, challenge } = pkce();
  const facts = { client: hashOf(client_id), redirectUri: REDIRECT, resource, challenge, scopes: [] };
  const grant = { grant_type: 'authorization_code', client_id, redirect_uri: REDIRECT, code_verifier: verifier };
  const exchange = (i: number) => post('token', { ...grant, code: texts.code.seal({ ...facts, code: `bogus ${i}` }, 60) });
  expect(await repeated(30, exchange)).toEqual([...Array(10).fill('invalid_grant'), ...Array(20).fill(429)]);
  expect(requests).toHaveLength(10);
});

test('ten requests a minute for one refresh token, and those of others go on', async () => {
  const client_id = newClient();
  const refresh = (token: string) => {
    const refresh_token = refreshTokenOf(client_id, token);
    return post('token', { grant_type: 'refresh_token', client_id, refresh_token });
  };
  expect((await repeated(11, () => refresh('a'))).at(-1)).toBe(429);
  expect(await refresh('b')).toBe('invalid_grant');
  expect(requests).toHaveLength(11);
  clock.advance(60_000);
  expect(await refresh('a')).toBe('invalid_grant');
});

const refreshTokenOf = (client_id: string, token: string) =>
  texts.refresh.seal({ token, client: hashOf(client_id), resource, scopes: [] }, null);

test('sixty revocations of one network a minute', async () => {
  const client_id = newClient();
  const revoke = (i: number, address?: string) =>
    post('revoke', { client_id, token: refreshTokenOf(client_id, `token ${i}`) }, address);
  expect(new Set(await repeated(60, revoke))).toEqual(new Set([200]));
  expect(await revoke(60)).toBe(429);
  expect(await revoke(61, '192.0.2.2')).toBe(200);
  expect(requests).toHaveLength(61);
});

test('only a client that got a refresh token can revoke it', async () => {
  const [client_id, stranger] = [newClient(), newClient()];
  const token = refreshTokenOf(client_id, 'of the client');
  expect(await post('revoke', { client_id: stranger, token })).toBe(200);
  for (const foreign of ['an access token', newClient(), changedEnd(token)])
    expect(await post('revoke', { client_id, token: foreign })).toBe('unsupported_token_type');
  expect(requests).toHaveLength(0);
  expect(await post('revoke', { client_id, token })).toBe(200);
  expect(requests.map((form) => Object.fromEntries(form))).toEqual([
    { token: 'of the client', token_type_hint: 'refresh_token' },
  ]);
});
