// Checks the gateway with Keycloak as the server of token exchanges and of client credentials: the
// upstream gets another token for each user, and each refusal of Keycloak is its own reason.
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { tokenRequest } from './browser.mjs';
import { payloadOf } from './checks.mjs';
import { machine, noTokens } from './keycloak-admin.mjs';
import { freePort, sleep, startGateway, startUpstream } from './parts.mjs';

/** Seconds of a token that ends before the token that Keycloak gives for it. */
const BRIEF_SECONDS = 20;
/** The clock tolerance of the gateway is longer than this. */
const PAST_END_MS = 2_000;

const exchanger = { 'standard.token.exchange.enabled': 'true' };
const narrow = { defaultClientScopes: ['basic', 'narrow'] };

/** The clients of these checks, and a second user. Returns the private key of `signer`. */
export async function setUpExchange(admin, realm, scope) {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = { ...publicKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'signer' };
  const audience = (client) => ({
    name: `audience-${client}`,
    protocol: 'openid-connect',
    protocolMapper: 'oidc-audience-mapper',
    config: { 'included.client.audience': client, 'access.token.claim': 'true' },
  });
  const login = { publicClient: true, directAccessGrantsEnabled: true };
  const clients = [
    // It may exchange, but no token names it as an audience.
    { clientId: 'stranger', ...noTokens, ...narrow, attributes: exchanger },
    { clientId: 'switched-off', ...noTokens, ...narrow },
    {
      clientId: 'signer',
      ...machine,
      ...narrow,
      clientAuthenticatorType: 'client-jwt',
      attributes: {
        ...exchanger,
        'use.jwks.string': 'true',
        'jwks.string': JSON.stringify({ keys: [jwk] }),
        'token.endpoint.auth.signing.alg': 'RS256',
      },
    },
    {
      clientId: 'login',
      ...login,
      protocolMappers: [audience('signer'), audience('switched-off')],
    },
    {
      clientId: 'brief',
      ...login,
      attributes: { 'access.token.lifespan': String(BRIEF_SECONDS) },
    },
    { clientId: 'backend', ...machine, defaultClientScopes: ['basic', 'narrow'] },
  ];
  for (const client of clients)
    await admin('POST', `/${realm}/clients`, { protocol: 'openid-connect', ...client });
  await admin('POST', `/${realm}/users`, {
    username: 'bob',
    enabled: true,
    email: 'bob@example.com',
    emailVerified: true,
    firstName: 'Bob',
    lastName: 'B',
    credentials: [{ type: 'password', value: 'password', temporary: false }],
  });
  return { privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }), scope };
}

/** `upstream.credential` of each endpoint, by its path. */
function credentialsOf(resource, tokenUrl) {
  const secret = { clientSecret: '${env:KC_SECRET}' };
  const wrong = { clientSecret: '${env:KC_WRONG}' };
  const signed = { auth: 'private_key_jwt', privateKey: '${env:KC_KEY}' };
  const exchange = { kind: 'exchange', audience: 'narrow', clientId: resource, ...secret };
  const own = { kind: 'client-credentials', tokenUrl, clientId: 'backend', ...secret };
  return {
    '/good': exchange,
    '/post': { ...exchange, auth: 'post' },
    '/unknown-audience': { ...exchange, audience: 'nobody' },
    '/unavailable-audience': { ...exchange, audience: 'lenient' },
    '/stranger': { ...exchange, clientId: 'stranger' },
    '/switched-off': { ...exchange, clientId: 'switched-off' },
    '/wrong-secret': { ...exchange, ...wrong },
    '/unknown-client': { ...exchange, clientId: 'no-such-client' },
    '/signed': { kind: 'exchange', audience: 'narrow', clientId: 'signer', ...signed },
    '/own': own,
    '/own-signed': {
      kind: 'client-credentials',
      tokenUrl,
      clientId: 'signer',
      // The operator writes the URL of the token endpoint and no issuer.
      ...signed,
    },
    '/own-wrong': { ...own, ...wrong },
  };
}

const claimsOf = (authorization) => payloadOf(authorization?.replace(/^Bearer /, '') ?? '.e30.');

export async function startExchanging({ folder, checks, opened, issuer, resource, realm }) {
  const upstream = await startUpstream();
  opened.push(upstream.stop);
  const tokenUrl = `${issuer}/protocol/openid-connect/token`;
  const gateway = await startGateway({
    port: await freePort(),
    resource,
    issuer: { preset: 'keycloak', issuer, sharedAudience: true },
    upstream: upstream.url,
    scopes: [realm.scope],
    credentials: credentialsOf(resource, tokenUrl),
    env: { KC_SECRET: 's3cret', KC_WRONG: 'wrong', KC_KEY: realm.privateKey },
    logFile: join(folder, 'gateway-exchange.log'),
  });
  opened.push(gateway.stop);

  const login = async (username, client_id = 'login') =>
    (
      await tokenRequest(tokenUrl, {
        grant_type: 'password',
        client_id,
        username,
        password: 'password',
        scope: realm.scope,
      })
    ).access_token;

  /** The claims of the token that the upstream got, and the number of its requests. */
  async function call(token, path) {
    const before = upstream.seen.length;
    const result = await gateway.call(token, path);
    const hits = upstream.seen.length - before;
    return { ...result, hits, got: hits === 0 ? null : claimsOf(upstream.seen.at(-1)) };
  }

  function forwarded(label, { status, reason, got }, isRight) {
    const seen = `${status} ${reason ?? ''} aud ${JSON.stringify(got?.aud)} azp ${got?.azp}`;
    checks.report(`exchange: ${label}`, status === 200 && isRight(got), seen);
  }

  function rejected(label, result, status, reason) {
    const isRight = result.status === status && result.reason === reason && result.hits === 0;
    const { detail } = result;
    const text = `${result.status} ${result.reason} (${detail}), ${result.hits} at the upstream`;
    checks.report(`exchange: ${label}`, isRight, text);
  }

  return { call, login, forwarded, rejected, upstream };
}

const isNarrow = (aud) => [aud].flat().includes('narrow');

/** Two users, each kind of refusal, and both ways to authenticate. */
export async function exchanges(checks, scene, resource) {
  const { call, login, forwarded, rejected, upstream } = scene;
  const [alice, bob] = [await login('alice'), await login('bob')];
  const brief = await login('alice', 'brief');
  const briefEnd = payloadOf(brief).exp * 1000;

  for (const [name, token] of Object.entries({ alice, bob })) {
    const result = await call(token, '/good');
    const { sub } = payloadOf(token);
    const isRight = (got) => isNarrow(got.aud) && got.azp === resource && got.sub === sub;
    forwarded(`${name} is ${name} at the upstream`, result, isRight);
  }
  const before = upstream.seen.length;
  await Promise.all([alice, bob, alice, bob].map((token) => call(token, '/good')));
  const subjects = upstream.seen.slice(before).map((header) => claimsOf(header).sub);
  const counts = [alice, bob].map(
    (token) => subjects.filter((sub) => sub === payloadOf(token).sub).length,
  );
  checks.report('exchange: two users at once stay two', counts.join() === '2,2', counts.join());
  const unchanged = upstream.seen.filter((header) =>
    [alice, bob].some((token) => header?.includes(token)),
  );
  const isOk = unchanged.length === 0 && upstream.seen.length >= 6;
  const counted = `${unchanged.length} of ${upstream.seen.length} requests`;
  checks.report('exchange: no token of a caller reached the upstream', isOk, counted);

  forwarded('a secret in the form', await call(alice, '/post'), ({ aud }) => isNarrow(aud));
  forwarded('private_key_jwt', await call(alice, '/signed'), ({ azp }) => azp === 'signer');
  for (const [path, label] of [
    ['/unknown-audience', 'an audience that no client has'],
    ['/unavailable-audience', 'an audience that is not available to the gateway'],
    ['/stranger', 'a gateway that is not in the audience of the token'],
    ['/switched-off', 'a client without the switch'],
  ])
    rejected(label, await call(alice, path), 403, 'exchange.refused');
  for (const [path, label] of [
    ['/wrong-secret', 'a wrong secret'],
    ['/unknown-client', 'an unknown client'],
    ['/own-wrong', 'client credentials with a wrong secret'],
  ])
    rejected(label, await call(alice, path), 503, 'exchange.gateway_rejected');
  const isBackend = ({ azp, aud }) => azp === 'backend' && isNarrow(aud);
  forwarded('client credentials', await call(alice, '/own'), isBackend);
  const isSigner = ({ azp }) => azp === 'signer';
  forwarded('client credentials, private_key_jwt', await call(alice, '/own-signed'), isSigner);

  const first = await call(brief, '/good');
  const outlives = (got) => got.exp * 1000 > briefEnd;
  forwarded('the result of a brief token outlives it', first, outlives);
  await sleep(Math.max(0, briefEnd + PAST_END_MS - Date.now()));
  // The clock tolerance still accepts the token itself.
  const late = await call(brief, '/good');
  const text = `${late.status} ${late.reason} (${late.detail}), ${late.hits} at the upstream`;
  const isRefused = late.hits === 0 && late.reason === 'token.expired';
  checks.report('exchange: no cached token after the end of the brief one', isRefused, text);
  return { alice, bob, unseen: await login('bob') };
}

/** While Keycloak is stopped, cached tokens serve, and no call goes out without one. */
export const exchangeOutage = (scene, { alice, unseen }) => ({
  async stopped() {
    const isAnyone = () => true;
    scene.forwarded('Keycloak stopped: a cached token', await scene.call(alice, '/good'), isAnyone);
    const result = await scene.call(unseen, '/good');
    scene.rejected('Keycloak stopped: a new token', result, 503, 'exchange.unavailable');
  },
  /** For `checks.recovers`. */
  gateway: { call: (token) => scene.call(token, '/good') },
  unseen,
});
