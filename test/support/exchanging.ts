// A token endpoint and its answers, and a credential by exchange on a clock that the test moves.
import { secret } from '../../src/core/secret.js';
import type { ClientCredentialsCredential, ExchangeCredential } from '../../src/core/upstream-credential.js';
import { clientCredentials } from '../../src/proxy/credentials/client-credentials.js';
import { createExchange, exchangeCredential } from '../../src/proxy/credentials/exchange.js';
import { createTokenClient, type TokenClientParts } from '../../src/proxy/credentials/token-client.js';
import { fetchJson } from '../fixtures/fetch-json.js';
import { secret as recorded } from '../fixtures/ledger.js';
import type { RawUpstream } from '../fixtures/raw-upstream.js';
import { type TestClock, testClock } from './clock.js';
import { ISSUER } from './endpoint.js';
import { recorder } from './keys.js';

export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
export const BACKEND = 'files-backend';

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

let count = 0;

/** A JWT as a server issues it, with a made-up signature. The upstream may see it. */
export function issuedJwt(claims: Record<string, unknown> = {}, header: Record<string, unknown> = { alg: 'RS256' }): string {
  count += 1;
  const token = `${part(header)}.${part({ aud: BACKEND, jti: `issued-${count}`, ...claims })}.c2lnbmF0dXJl`;
  recorded('passed', token);
  return token;
}

/** The answer of RFC 8693 section 2.2.1. A value of undefined removes a member. */
export const issuedAnswer = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  access_token: issuedJwt(),
  issued_token_type: ACCESS_TOKEN,
  token_type: 'Bearer',
  expires_in: 300,
  ...changes,
});

export const exchangeConfig = (tokenUrl: string, changes: Partial<ExchangeCredential> = {}): ExchangeCredential => ({
  kind: 'exchange',
  issuer: ISSUER,
  tokenUrl,
  client: { auth: 'basic', clientId: 'portcullis', clientSecret: secret('exchange-secret') },
  timeoutMs: 15_000,
  maxConcurrentRequests: 64,
  audience: [BACKEND],
  resource: [],
  scopes: [],
  parameters: {},
  grant: 'token-exchange',
  idJag: null,
  ...changes,
});

export const ownConfig = (tokenUrl: string, changes: Partial<ClientCredentialsCredential> = {}): ClientCredentialsCredential => {
  const { client, timeoutMs, maxConcurrentRequests, audience, resource, scopes, parameters } = exchangeConfig(tokenUrl);
  const requested = { audience, resource, scopes, parameters };
  return { kind: 'client-credentials', tokenUrl, client, timeoutMs, maxConcurrentRequests, ...requested, ...changes };
};

/** A token client with its clock and its notices. */
export function tokenClient(server: TokenClientParts['server'], changes: Partial<TokenClientParts> = {}, clock = testClock()) {
  const { notices, notify } = recorder();
  const about = { endpoint: '/mcp', issuer: ISSUER };
  const parts = { server, metadata: null, assertionAudience: ISSUER, asker: 'caller', about, fetchJson, clock, notify } as const;
  return { clock, notices, client: createTokenClient({ ...parts, ...changes }) };
}

const parts = (clock: TestClock) => ({ clock, random: () => 1 });

export function exchanging(server: RawUpstream, changes: Partial<ExchangeCredential> = {}) {
  const config = exchangeConfig(`${server.url}/token`, changes);
  const { client, clock, notices } = tokenClient(config);
  const credential = exchangeCredential(config, { ...parts(clock), exchange: createExchange(config, client, clock) });
  return { clock, notices, credential };
}

export function ownToken(server: RawUpstream, changes: Partial<ClientCredentialsCredential> = {}) {
  const config = ownConfig(`${server.url}/token`, changes);
  const { client, clock, notices } = tokenClient(config, { asker: 'gateway', assertionAudience: config.tokenUrl });
  return { clock, notices, credential: clientCredentials(config, { ...parts(clock), client }) };
}

/** The form of a recorded request. */
export const formOf = ({ body }: { readonly body: Buffer }): [string, string][] => [...new URLSearchParams(body.toString())];
