// Checks the gateway with Keycloak: JWT, introspection, an SDK's registration, token exchange.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { codeFlow, tokenRequest } from './browser.mjs';
import { payloadOf } from './checks.mjs';
import { addKey, adminOf, setUpRealm, trustLoopback } from './keycloak-admin.mjs';
import { exchangeOutage, exchanges, setUpExchange, startExchanging } from './keycloak-exchange.mjs';
import { documentedIssuer, freePort, obtain, startGateway, startProvider } from './parts.mjs';

const VERSION = '26.7.3';
const REALM = 'acme';
const SCOPE = 'files:read';
const REDIRECT = 'http://127.0.0.1:9/callback';
const GET_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1';

/** Brings the distribution from Maven Central and returns its start script. */
async function install(cwd) {
  const home = join(cwd, `keycloak-${VERSION}`);
  const script = join(home, 'bin', 'kc.sh');
  if (existsSync(script)) return script;
  const artifact = `org.keycloak:keycloak-quarkus-dist:${VERSION}:zip`;
  const get = ['-B', '-q', `${GET_PLUGIN}:get`, `-Dartifact=${artifact}`, '-Dtransitive=false'];
  await obtain('Keycloak', ['mvn', ...get], { cwd });
  const copy = [`-Dartifact=${artifact}`, `-DoutputDirectory=${cwd}`];
  await obtain('Keycloak', ['mvn', '-B', '-q', `${GET_PLUGIN}:copy`, ...copy], { cwd });
  await obtain('Keycloak', ['unzip', '-q', '-o', `keycloak-quarkus-dist-${VERSION}.zip`], { cwd });
  return script;
}

async function startKeycloak({ installed, folder }, port) {
  const management = await freePort();
  const args = ['start-dev', '--http-host=127.0.0.1', `--http-port=${port}`];
  const database = [`--db-url=jdbc:h2:file:${folder}/h2/keycloak;NON_KEYWORDS=VALUE`];
  const rest = [`--http-management-port=${management}`, '--cache=local', '--health-enabled=false'];
  return startProvider({
    command: [installed, ...args, ...database, ...rest],
    cwd: folder,
    env: {
      JAVA_OPTS_KC_HEAP: '-Xms256m -Xmx900m',
      KC_BOOTSTRAP_ADMIN_USERNAME: 'admin',
      KC_BOOTSTRAP_ADMIN_PASSWORD: 'admin',
    },
    logFile: join(folder, 'keycloak.log'),
    url: `http://127.0.0.1:${port}/realms/master`,
    seconds: 240,
  });
}

/** Registers a client with the body of an SDK, which names the scope of the endpoint. */
async function registeredLogin(issuer) {
  const response = await fetch(`${issuer}/clients-registrations/openid-connect`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'an MCP client',
      redirect_uris: [REDIRECT],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      scope: SCOPE,
    }),
    signal: AbortSignal.timeout(20_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`the registration fails: ${response.status} ${text}`);
  return codeFlow({
    authorize: `${issuer}/protocol/openid-connect/auth`,
    tokenUrl: `${issuer}/protocol/openid-connect/token`,
    clientId: JSON.parse(text).client_id,
    redirectUri: REDIRECT,
    more: { scope: SCOPE },
    fill: { username: 'alice', password: 'password', accept: 'Yes' },
  });
}

const exchanged = (tokenUrl, resource, token) =>
  tokenRequest(
    tokenUrl,
    {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: 'narrow',
      scope: SCOPE,
    },
    [resource, 's3cret'],
  );

async function tokensOf(issuer, resource) {
  const url = `${issuer}/protocol/openid-connect/token`;
  const machine = async (client, scope) =>
    (
      await tokenRequest(
        url,
        { grant_type: 'client_credentials', ...(scope === '' ? {} : { scope }) },
        [client, 's3cret'],
      )
    ).access_token;
  const user = await tokenRequest(url, {
    grant_type: 'password',
    client_id: 'password',
    username: 'alice',
    password: 'password',
    scope: `openid ${SCOPE}`,
  });
  const good = await machine('m2m', SCOPE);
  const narrowed = (await exchanged(url, resource, good)).access_token;
  return { url, machine, good, user, narrowed };
}

/** Both ways of verifying decide about these tokens in the same way. */
async function sameForBoth(checks, gateway, { tokens, label }) {
  const { good, user, narrowed, machine } = tokens;
  const decided = {
    'an ID token': user.id_token,
    'a refresh token': user.refresh_token,
    'another audience': await machine('other', 'other'),
    'a token without our audience': await machine('m2m', ''),
    'a token narrowed to another server': narrowed,
  };
  const accepted = { 'a token of a machine': good, 'a token of a user': user.access_token };
  await checks.decides(label, gateway, accepted, decided);
  await checks.rejectsForgeries(gateway, good, label);
}

async function rotation(checks, gateway, { admin, tokens }) {
  await addKey(admin, REALM);
  const next = await tokens.machine('m2m', SCOPE);
  await checks.accepts('a token of a new key', gateway, next);
  await checks.accepts('a token of the key before it', gateway, tokens.good);
}

/** While Keycloak is stopped, known keys serve. After its start all tokens pass. */
async function outage(checks, { gateway, asking, server, tokens, base, exchanging }) {
  const unseen = await tokens.machine('m2m', SCOPE);
  await server.stop();
  await checks.accepts('Keycloak stopped: a known token', gateway, tokens.good);
  await checks.accepts('Keycloak stopped: a new token of a known key', gateway, unseen);
  await checks.unavailable('Keycloak stopped, introspection: a new token', asking, unseen);
  await exchanging.stopped();
  await server.start();
  await checks.recovers('Keycloak started: a new token, by introspection', asking, unseen);
  const exchange = 'Keycloak started: a new token, by exchange';
  await checks.recovers(exchange, exchanging.gateway, exchanging.unseen);
  await addKey(await adminOf(base), REALM);
  const next = await tokens.machine('m2m', SCOPE);
  await checks.recovers('Keycloak started: a token of a new key', gateway, next);
}

async function run(context) {
  const { folder, upstream, checks, opened, say } = context;
  const [port, gatewayPort] = [await freePort(), await freePort()];
  const base = `http://127.0.0.1:${port}`;
  const issuer = `${base}/realms/${REALM}`;
  const resource = `http://127.0.0.1:${gatewayPort}/mcp`;
  const server = await startKeycloak(context, port);
  opened.push(server.stop);
  const admin = await adminOf(base);
  await setUpRealm(admin, REALM, resource, SCOPE);
  await trustLoopback(admin, REALM);
  const realm = await setUpExchange(admin, REALM, SCOPE);
  const tokens = await tokensOf(issuer, resource);
  say(`  aud ${JSON.stringify(payloadOf(tokens.good).aud)}`);

  const shared = { upstream, scopes: [SCOPE], resource };
  const gateway = await startGateway({
    ...shared,
    port: gatewayPort,
    issuer: documentedIssuer(checks, 'Keycloak', { issuer }),
    logFile: join(folder, 'gateway.log'),
  });
  opened.push(gateway.stop);
  const askingAs = async (clientId, name) => {
    const introspection = { clientId, clientSecret: '${env:KC_SECRET}' };
    const started = await startGateway({
      ...shared,
      port: await freePort(),
      issuer: documentedIssuer(checks, 'Keycloak', {
        issuer,
        verify: 'introspection',
        introspection,
      }),
      env: { KC_SECRET: 's3cret' },
      logFile: join(folder, `gateway-${name}.log`),
    });
    opened.push(started.stop);
    return started;
  };
  const asking = await askingAs(resource, 'introspection');
  // Keycloak answers this client about tokens of all audiences, and adds audiences to the answer.
  const lenient = await askingAs('lenient', 'lenient');

  await sameForBoth(checks, gateway, { tokens, label: 'JWT' });
  await sameForBoth(checks, asking, { tokens, label: 'introspection' });
  await checks.accepts('a client without audience check: a good token', lenient, tokens.good);
  const label = 'a client without audience check: a token narrowed to another server';
  await checks.rejects(label, lenient, tokens.narrowed);
  const login = await registeredLogin(issuer);
  await checks.accepts('a login of a client that registered itself', gateway, login.access_token);
  await rotation(checks, gateway, { admin: await adminOf(base), tokens });
  const scene = await startExchanging({ folder, checks, opened, issuer, resource, realm });
  const exchanging = exchangeOutage(scene, await exchanges(checks, scene, resource));
  await outage(checks, { gateway, asking, server, tokens, base, exchanging });
}

export const keycloak = { name: 'keycloak', version: VERSION, install, run };
