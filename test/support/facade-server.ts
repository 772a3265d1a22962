// A facade with a clock, metadata and an identity provider of the test, and the steps of a login at
// it.
import { generateKeyPairSync } from 'node:crypto';
import type { ResolvedFacade } from '../../src/config/resolved-config.js';
import type { FacadeAnswer } from '../../src/core/facade-server.js';
import type { Person } from '../../src/core/issued-token.js';
import { ok, type Result } from '../../src/core/result.js';
import { secret } from '../../src/core/secret.js';
import type { Fetch, Fetched } from '../../src/idp/fetch-json.js';
import type { MetadataResult, MetadataSource } from '../../src/idp/metadata.js';
import { createFacade } from '../../src/oauth/facade/facade.js';
import { testClock } from './clock.js';
import { head, type Lines } from './exchange.js';
import { pkce, REDIRECT } from './facade-login.js';
import { files } from './grants.js';

export const ISSUER = 'https://mcp.example.com/oauth/main';
export const IDP = 'https://login.example.org';
const KEY = secret(JSON.stringify(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })));
const facadeConfig: ResolvedFacade = {
  name: 'main',
  issuer: ISSUER,
  callback: `${ISSUER}/callback`,
  client: { auth: 'post', clientId: 'gateway', clientSecret: secret('secret-of-the-gateway') },
  keys: [KEY],
  redirectUris: ['http://127.0.0.1'],
  scopes: ['openid'],
  parameters: { audience: 'api', client_id: 'another' },
  sendResource: true,
  timeoutMs: 1_000,
  maxConcurrentRequests: 8,
  endpoints: null,
  issued: null,
};

export const goodMetadata: MetadataResult = {
  ok: true,
  metadata: {
    jwksUri: null,
    introspectionEndpoint: null,
    tokenEndpoint: `${IDP}/token`,
    authorizationEndpoint: `${IDP}/authorize?tenant=a`,
    revocationEndpoint: `${IDP}/revoke`,
  },
  document: { body: Buffer.alloc(0), json: { issuer: IDP } },
};
export const badMetadata: MetadataResult = { ok: false, detail: 'no metadata', isMisplaced: false, retryAfterSeconds: 1 };

/** An answer of the identity provider. */
export const tokens = (fields: Record<string, unknown>, status = 200): Fetched =>
  ({ kind: 'answer', status, headers: {}, json: fields, body: Buffer.alloc(0) }) as Fetched;

export const header = ({ headers }: FacadeAnswer, name: string): string | undefined => headers[headers.indexOf(name) + 1];
export const jsonOf = ({ body }: FacadeAnswer): Record<string, unknown> => JSON.parse(String(body)) as Record<string, unknown>;
export const FORM: Lines = [['Content-Type', 'application/x-www-form-urlencoded']];
export const query = (fields: Record<string, string>): string => new URLSearchParams(fields).toString();
const cookieOf = (answer: FacadeAnswer): Lines => [['Cookie', (header(answer, 'set-cookie') ?? '').split(';')[0] as string]];

/** `changes`: merged over the configuration of the facade. Two of these have one key. */
export function facadeScene(changes: Partial<ResolvedFacade> = {}) {
  const clock = testClock();
  const state = {
    metadata: goodMetadata,
    answerOfIdp: tokens({ access_token: 'at', refresh_token: 'rt', expires_in: 60 }),
    canRecord: true,
    /** The result of verifying the ID token. */
    person: ok({ subject: 'u1', claims: {} }) as Result<Person>,
  };
  const requests: Fetch[] = [];
  const notices: Record<string, unknown>[] = [];
  const idTokens: Record<string, unknown>[] = [];
  const source: MetadataSource = { get: async () => state.metadata, last: () => null, start() {}, stop() {} };
  const server = createFacade({
    facade: { ...facadeConfig, ...changes },
    behind: IDP,
    endpoints: [files],
    metadata: source,
    fetchJson: async (fetch) => {
      requests.push(fetch);
      return state.answerOfIdp;
    },
    verifyIdToken: async (token, expected) => {
      idTokens.push({ token, ...expected });
      return state.person;
    },
    clock,
    notify: (notice) => notices.push(notice),
    canRecord: () => state.canRecord,
  });

  async function call(page: string, method: 'GET' | 'POST', text = '', lines: Lines = [], address = '192.0.2.1') {
    const target = `/oauth/main/${page}${method === 'GET' ? `?${text}` : ''}`;
    const route = server.routes.get(`/oauth/main/${page}`);
    if (route?.method !== method) throw new Error(`no ${method} ${page}`);
    return route.answer(head({ method, target, lines }), Buffer.from(method === 'GET' ? '' : text), address);
  }

  async function register(address?: string): Promise<FacadeAnswer> {
    const body = JSON.stringify({ redirect_uris: [REDIRECT], token_endpoint_auth_method: 'none', client_name: 'An app' });
    return call('register', 'POST', body, [['Content-Type', 'application/json']], address);
  }

  /** Up to the consent page. `lines`: more headers of the browser. */
  async function begin(known?: string, lines: Lines = [], scope = 'files:read') {
    const clientId = known ?? String(jsonOf(await register()).client_id);
    const { verifier, challenge } = pkce();
    const fields = { response_type: 'code', client_id: clientId, redirect_uri: REDIRECT, state: 's', scope };
    const text = query({ ...fields, code_challenge: challenge, code_challenge_method: 'S256', resource: files.resource });
    const shown = await call('authorize', 'GET', text, lines);
    const asked = Buffer.isBuffer(shown.body) || shown.body.kind !== 'consent' ? '' : shown.body.asked;
    const decide = (answer: string, more: Lines = []) =>
      call('consent', 'POST', query({ asked, answer }), [...FORM, ...cookieOf(shown), ...more]);
    const allow = (more: Lines = []) => decide('allow', more);
    return { clientId, verifier, shown, allow, decide };
  }

  async function toCallback(scope?: string) {
    const begun = await begin(undefined, [], scope);
    const sent = await begun.allow();
    const toIdp = new URL(header(sent, 'location') ?? '');
    const state_ = toIdp.searchParams.get('state') ?? '';
    const back = (fields: Record<string, string> = {}, lines: Lines = []) =>
      call('callback', 'GET', query({ code: 'c', state: state_, ...fields }), [...cookieOf(begun.shown), ...lines]);
    return { ...begun, sent, toIdp, back };
  }

  async function toCode() {
    const begun = await toCallback();
    const ended = await begun.back();
    const code = new URL(header(ended, 'location') ?? '').searchParams.get('code') ?? '';
    const grant = { grant_type: 'authorization_code', client_id: begun.clientId, code, redirect_uri: REDIRECT };
    const exchange = (fields: Record<string, string> = {}) =>
      call('token', 'POST', query({ ...grant, code_verifier: begun.verifier, ...fields }), FORM);
    return { ...begun, ended, exchange };
  }

  const metadata = () => JSON.parse(String(server.metadata)) as Record<string, unknown>;
  return { state, clock, requests, notices, idTokens, server, metadata, call, register, begin, toCallback, toCode };
}
