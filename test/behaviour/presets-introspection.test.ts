// Presets of providers whose tokens the gateway introspects. Each provider answers as it does in
// truth, and the near misses differ in one point.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { presetNames } from '../../src/config/presets.js';
import type { Gateway } from '../fixtures/gateway.js';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { modern } from '../fixtures/messages.js';
import { type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { ENV_SECRET, logOf, startConfigured } from '../fixtures/scene.js';
import { INTROSPECTED_PRESETS } from '../support/idp-case.js';

type Fields = Record<string, unknown>;
const RESOURCE = '{resource}';
const CLIENT = { clientId: 'portcullis', clientSecret: ENV_SECRET };

interface Case {
  readonly preset: string;
  /** The end of the issuer, after the base URL. */
  readonly suffix: string;
  readonly issuer: Fields;
  readonly answer: Fields;
  readonly isBasic: boolean;
  readonly rejected: readonly (readonly [name: string, change: Fields, reason: string])[];
}

const CASES: readonly Case[] = [
  {
    preset: 'django-oauth-toolkit',
    suffix: '/o',
    issuer: { introspection: CLIENT },
    answer: { username: 'alice', client_id: 'app', scope: 'files:read', aud: [RESOURCE] },
    isBasic: true,
    rejected: [
      ['no audience, for a client without resource', { aud: undefined }, 'audience.mismatch'],
      ['another audience', { aud: ['https://other.example.com/mcp'] }, 'audience.mismatch'],
      ['an inactive token', { active: false }, 'token.inactive'],
      ['another scope', { scope: 'openid' }, 'scope.insufficient'],
    ],
  },
  {
    preset: 'hydra',
    suffix: '',
    issuer: {},
    answer: {
      sub: 'u1',
      client_id: 'app',
      scope: 'files:read',
      aud: [RESOURCE],
      token_use: 'access_token',
      token_type: 'Bearer',
    },
    isBasic: false,
    rejected: [
      ['no audience, since no consent granted the resource', { aud: [] }, 'audience.mismatch'],
      ['a refresh token', { token_use: 'refresh_token' }, 'token.type'],
      ['an inactive token', { active: false }, 'token.inactive'],
    ],
  },
  {
    preset: 'canaille',
    suffix: '/',
    issuer: { audience: ['client-1'], introspection: CLIENT },
    answer: { sub: 'u1', client_id: 'client-1', scope: 'openid files:read', aud: ['client-1'], token_type: 'access_token' },
    isBasic: true,
    rejected: [
      ['another client', { aud: ['client-2'] }, 'audience.mismatch'],
      ['a scope that was not granted', { scope: 'openid' }, 'scope.insufficient'],
      ['a refresh token', { token_type: 'refresh_token' }, 'token.claims'],
      ['an answer without scope, as for an ID token', { scope: undefined }, 'audience.mismatch'],
      ['an inactive token', { active: false }, 'token.inactive'],
    ],
  },
];

let providers: Map<string, JwksIssuer>;
let upstream: RawUpstream;
let gateway: Gateway;
let answer: Fields;
let seen: { path: string; authorization: string | undefined }[];
const providerOf = (preset: string): JwksIssuer => providers.get(preset) as JwksIssuer;

beforeAll(async () => {
  upstream = await startRawUpstream(answers.rpc());
  providers = new Map();
  for (const { preset, suffix } of CASES) {
    const provider = await startJwksIssuer();
    provider.metadata = { issuer: provider.issuer + suffix };
    provider.introspect = (_form, authorization) => {
      seen.push({ path: preset, authorization });
      return answer;
    };
    providers.set(preset, provider);
  }
  const issuers = Object.fromEntries(
    CASES.map(({ preset, suffix, issuer }) => {
      const { issuer: base } = providerOf(preset);
      // The fixture has one path for introspection, and the preset of Django has another.
      const url = `${base}/introspect`;
      const introspection = { url, ...(issuer.introspection as Fields | undefined) };
      return [preset, { preset, ...issuer, issuer: base + suffix, introspection }];
    }),
  );
  const endpoints = CASES.map(({ preset }) => ({
    path: `/${preset}`,
    issuers: [preset],
    scopes: ['files:read'],
    upstream: upstream.url,
  }));
  gateway = await startConfigured({ issuers, endpoints }, { env: { SECRET: 's3cret' } });
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all([upstream.stop(), ...[...providers.values()].map((provider) => provider.stop())]);
});
beforeEach(() => {
  upstream.reset();
  seen = [];
});

let count = 0;
function call({ preset, suffix, answer: good }: Case, change: Fields = {}): Promise<RawResponse> {
  count += 1;
  const resource = `${gateway.url}/${preset}`;
  const fields: Fields = { active: true, iss: providerOf(preset).issuer + suffix, ...good, ...change };
  answer = JSON.parse(JSON.stringify(fields).replaceAll(RESOURCE, resource));
  return rawRequest(gateway.port, modern('tools/list', { path: `/${preset}`, token: `opaque-${count}` }));
}

test('these presets are introspected', () => {
  expect(CASES.map(({ preset }) => preset)).toEqual(expect.arrayContaining([...INTROSPECTED_PRESETS]));
  expect(presetNames).toEqual(expect.arrayContaining([...INTROSPECTED_PRESETS]));
});

describe.each(CASES.map((one) => [one.preset, one] as const))('%s (A-55)', (_name, one) => {
  test('a valid token passes, and the gateway authenticates as the preset says', async () => {
    expect([(await call(one)).status, upstream.hits]).toEqual([200, 1]);
    expect(seen.map(({ path, authorization }) => [path, authorization?.startsWith('Basic ') ?? false])).toEqual([
      [one.preset, one.isBasic],
    ]);
  });

  test.each(one.rejected)('%s is rejected', async (_what, change, reason) => {
    expect((await call(one)).status).toBe(200);
    const response = await call(one, change);
    expect([response.status, upstream.hits]).toEqual([reason === 'scope.insufficient' ? 403 : 401, 1]);
    expect((await logOf(gateway, response)).reason).toBe(reason);
  });
});
