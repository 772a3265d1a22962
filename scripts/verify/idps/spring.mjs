// Checks the gateway with Spring Authorization Server: JWT, reference tokens, its ID tokens.
import { createHash, generateKeyPairSync } from 'node:crypto';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codeFlow, tokenRequest } from './browser.mjs';
import { payloadOf } from './checks.mjs';
import {
  documentedIssuer,
  freePort,
  obtain,
  startGateway,
  startProvider,
  startUpstream,
} from './parts.mjs';

const VERSION = '1.5.8';
const SCOPE = 'files:read';
/** Spring wants another secret for each client. */
const secretOf = (client) => `secret-of-${client}`;
const REDIRECT = 'http://127.0.0.1:9/callback';
const SOURCE = fileURLToPath(new URL('spring/', import.meta.url));

/** Its pom.xml pins Spring Boot, which pins the version of the server. */
const FILES = ['pom.xml', 'src/main/java/idps/App.java', 'src/main/resources/application.yml'];

/** Builds the server with Maven and returns its jar. A change of its source builds it again. */
async function install(cwd) {
  const hash = createHash('sha256');
  for (const file of FILES) hash.update(readFileSync(join(SOURCE, file)));
  const jar = join(cwd, `spring-${hash.digest('hex').slice(0, 12)}.jar`);
  if (existsSync(jar)) return jar;
  cpSync(SOURCE, cwd, { recursive: true });
  await obtain('Spring Authorization Server', ['mvn', '-B', '-q', 'package'], { cwd, minutes: 20 });
  await obtain('Spring Authorization Server', ['cp', 'target/spring.jar', jar], { cwd });
  return jar;
}

/** Puts a new key in front of the others: the first key signs. */
function addKey(file) {
  const { keys } = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { keys: [] };
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = { ...privateKey.export({ format: 'jwk' }), kid: `key-${keys.length + 1}` };
  writeFileSync(file, JSON.stringify({ keys: [key, ...keys] }));
}

function tokensOf(base) {
  const tokenUrl = `${base}/oauth2/token`;
  const machine = async (client, scope = SCOPE) => {
    const form = { grant_type: 'client_credentials', ...(scope === '' ? {} : { scope }) };
    return (await tokenRequest(tokenUrl, form, [client, secretOf(client)])).access_token;
  };
  const user = () =>
    codeFlow({
      authorize: `${base}/oauth2/authorize`,
      tokenUrl,
      clientId: 'web',
      redirectUri: REDIRECT,
      more: { scope: `openid ${SCOPE}` },
      fill: { username: 'alice', password: 'password' },
    });
  return { machine, user };
}

async function decides(checks, gateway, tokens, where) {
  const good = await tokens.machine('m2m');
  const user = await tokens.user();
  const accepted = { 'a token of a machine': good, 'a token of a user': user.access_token };
  await checks.decides(where, gateway, accepted, {
    'an ID token': user.id_token,
    'another audience': await tokens.machine('other'),
  });
  await checks.rejectsForgeries(gateway, good, where);
}

/** Without scopes at the endpoint nothing but the kind of token rejects an ID token. */
async function withoutScopes(checks, gateway, tokens, where) {
  const user = await tokens.user();
  const accepted = { 'a token of a user': user.access_token };
  await checks.decides(where, gateway, accepted, { 'an ID token': user.id_token });
}

/**
 * Spring names the client that exchanges as the audience of the result, and exchanges tokens of
 * users only. `startWith` starts a gateway.
 */
async function exchanges(checks, { startWith, tokens, opened }) {
  const upstream = await startUpstream();
  opened.push(upstream.stop);
  const exchange = {
    kind: 'exchange',
    audience: 'exchanger',
    clientId: 'exchanger',
    clientSecret: '${env:EXCHANGE_SECRET}',
    // Without a scope, Spring wants every scope of the user's token, also openid.
    scopes: [SCOPE],
  };
  const wrong = { clientSecret: '${env:INTROSPECTION_SECRET}' };
  const gateway = await startWith('exchange', {
    verify: 'jwt',
    upstreamUrl: upstream.url,
    credentials: {
      '/good': exchange,
      '/no-scope': { ...exchange, scopes: [] },
      '/other-audience': { ...exchange, audience: 'files-backend' },
      '/other-scope': { ...exchange, scopes: ['files:write'] },
      '/wrong-secret': { ...exchange, ...wrong },
    },
  });
  const user = (await tokens.user()).access_token;
  const machine = await tokens.machine('m2m');
  const good = await gateway.call(user, '/good');
  const got = good.status === 200 ? payloadOf(upstream.seen.at(-1).slice('Bearer '.length)) : {};
  const isRight = got.sub === 'alice' && [got.aud].flat().includes('exchanger');
  checks.report('exchange: a token of a user', isRight, `${good.status} ${JSON.stringify(got)}`);
  const before = upstream.seen.length;
  for (const [label, token, path, status, reason] of [
    ['a token of a machine', machine, '/good', 403, 'exchange.refused'],
    ['a scope that the client does not have', user, '/other-scope', 403, 'exchange.refused'],
    ['no scope, and openid in the token', user, '/no-scope', 403, 'exchange.refused'],
    ['another audience', user, '/other-audience', 503, 'exchange.unavailable'],
    ['a wrong secret', user, '/wrong-secret', 503, 'exchange.gateway_rejected'],
  ]) {
    const result = await gateway.call(token, path);
    const isAsExpected = result.status === status && result.reason === reason;
    const seen = `${result.status} ${result.reason} ${result.detail}`;
    checks.report(`exchange: ${label}`, isAsExpected && upstream.seen.length === before, seen);
  }
}

async function rotation(checks, gateway, tokens, keys) {
  const before = await tokens.machine('m2m');
  await checks.accepts('a token before the rotation', gateway, before);
  addKey(keys);
  await checks.accepts('a token of a new key', gateway, await tokens.machine('m2m'));
  await checks.accepts('a token of the key before it', gateway, before);
}

/** Spring keeps reference tokens in memory: after a start it does not know the old ones. */
async function outage(checks, { gateway, server, tokens, keys }) {
  const [known, unseen] = [await tokens.machine('m2m'), await tokens.machine('m2m')];
  const opaque = await tokens.machine('opaque');
  await checks.accepts('a token before the stop', gateway, known);
  await server.stop();
  await checks.accepts('Spring stopped: a known token', gateway, known);
  await checks.accepts('Spring stopped: a new token of a known key', gateway, unseen);
  await checks.unavailable('Spring stopped: a new opaque token', gateway, opaque);
  addKey(keys);
  await server.start();
  const next = await tokens.machine('opaque');
  await checks.recovers('Spring started: a new opaque token', gateway, next);
  await checks.recovers('Spring started: a new key', gateway, await tokens.machine('m2m'));
}

async function run(context) {
  const { installed, folder, upstream, checks, opened, say } = context;
  const [springPort, port] = [await freePort(), await freePort()];
  const base = `http://127.0.0.1:${springPort}`;
  const keys = join(folder, 'keys.json');
  addKey(keys);
  const server = await startProvider({
    command: [
      'java',
      '-Xmx400m',
      `-Didps.port=${springPort}`,
      `-Didps.keys=${keys}`,
      '-jar',
      installed,
    ],
    cwd: folder,
    logFile: join(folder, 'spring.log'),
    url: `${base}/.well-known/openid-configuration`,
  });
  opened.push(server.stop);
  const tokens = tokensOf(base);
  say(`  aud ${JSON.stringify(payloadOf(await tokens.machine('m2m')).aud)}`);

  const startWith = async (name, options) => {
    const { listen, scopes = [SCOPE], verify, credentials, upstreamUrl = upstream } = options;
    const gateway = await startGateway({
      port: listen ?? (await freePort()),
      resource: `http://127.0.0.1:${port}/mcp`,
      upstream: upstreamUrl,
      scopes,
      credentials,
      issuer: documentedIssuer(checks, 'Spring', {
        issuer: base,
        verify,
        sharedAudience: credentials !== undefined,
        audience: ['m2m', 'web', 'opaque'],
        introspection: { clientId: 'm2m', clientSecret: '${env:INTROSPECTION_SECRET}' },
      }),
      env: { INTROSPECTION_SECRET: secretOf('m2m'), EXCHANGE_SECRET: secretOf('exchanger') },
      logFile: join(folder, `gateway-${name}.log`),
    });
    opened.push(gateway.stop);
    return gateway;
  };
  const gateway = await startWith('jwt', { listen: port, verify: 'jwt' });
  await decides(checks, gateway, tokens, 'JWT');
  const opaque = await tokens.machine('opaque');
  await checks.accepts('opaque: a token of a machine', gateway, opaque);
  await checks.rejectsForgeries(gateway, opaque, 'opaque');

  const asking = await startWith('introspection', { verify: 'introspection' });
  await decides(checks, asking, tokens, 'introspection');
  const open = await startWith('open', { scopes: [], verify: 'jwt' });
  await withoutScopes(checks, open, tokens, 'JWT, no scopes');
  const askingOpen = await startWith('asking-open', { scopes: [], verify: 'introspection' });
  await withoutScopes(checks, askingOpen, tokens, 'introspection, no scopes');

  await exchanges(checks, { startWith, tokens, opened });
  await rotation(checks, gateway, tokens, keys);
  await outage(checks, { gateway, server, tokens, keys });
}

export const spring = { name: 'spring', version: VERSION, install, run };
