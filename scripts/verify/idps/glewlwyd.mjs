// Checks the gateway with Glewlwyd: its access tokens are JWT. It has no opaque ones.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeFlow, tokenRequest } from './browser.mjs';
import { payloadOf } from './checks.mjs';
import { libraryPath, unpack } from './debian.mjs';
import { sessionOf, setUp } from './glewlwyd-admin.mjs';
import { documentedIssuer, freePort, obtain, startGateway, startProvider } from './parts.mjs';

const PLUGIN = 'oidc';
const SCOPE = 'files:read';
const SECRET = 'a-secret-of-a-client';
const OTHER = 'http://127.0.0.1:9/other/mcp';
const REDIRECT = 'http://127.0.0.1:9/callback';
const SCHEMA = 'usr/share/dbconfig-common/data/glewlwyd/install/sqlite3';

const install = (cwd) =>
  unpack(cwd, ['glewlwyd'], /^(?:mariadb-client|default-mysql|dbconfig|fonts|libjs)-/);

const configuration = (home, folder, port) => `
port=${port}
bind_address="127.0.0.1"
external_url="http://127.0.0.1:${port}/"
login_url="login.html"
api_prefix="api"
log_mode="console"
log_level="INFO"
cookie_secure=0
session_expiration=2419200
session_key="GLEWLWYD2_SESSION_ID"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="${home}/usr/lib/glewlwyd/user"
client_module_path="${home}/usr/lib/glewlwyd/client"
user_auth_scheme_module_path="${home}/usr/lib/glewlwyd/scheme"
plugin_module_path="${home}/usr/lib/glewlwyd/plugin"
use_secure_connection=false
secure_connection_key_file="/none"
secure_connection_pem_file="/none"
secure_connection_ca_file="/none"
hash_algorithm="SHA512"
database = { type="sqlite3" path="${folder}/glewlwyd.db" };
`;

async function startGlewlwyd({ installed: home, folder }, port) {
  rmSync(join(folder, 'glewlwyd.db'), { force: true });
  mkdirSync(folder, { recursive: true });
  const create = [
    'import sqlite3, sys',
    'sqlite3.connect(sys.argv[1]).executescript(open(sys.argv[2]).read())',
  ].join('\n');
  const database = [join(folder, 'glewlwyd.db'), join(home, SCHEMA)];
  await obtain('its database', ['python3', '-c', create, ...database], { cwd: folder });
  const file = join(folder, 'glewlwyd.conf');
  writeFileSync(file, configuration(home, folder, port));
  return startProvider({
    command: [join(home, 'usr/bin/glewlwyd'), `--config-file=${file}`],
    cwd: folder,
    env: libraryPath(home),
    logFile: join(folder, 'glewlwyd.log'),
    url: `http://127.0.0.1:${port}/config`,
  });
}

function tokensOf(issuer, cookie) {
  const tokenUrl = `${issuer}/token`;
  const machine = async (resource) => {
    const form = { grant_type: 'client_credentials', scope: SCOPE };
    const named = resource === undefined ? form : { ...form, resource };
    return (await tokenRequest(tokenUrl, named, ['m2m', SECRET])).access_token;
  };
  const user = (resource) =>
    codeFlow({
      authorize: `${issuer}/auth`,
      tokenUrl,
      clientId: 'web',
      secret: SECRET,
      redirectUri: REDIRECT,
      // Glewlwyd wants a nonce with `openid`. The last field stands for its login page.
      more: { scope: `openid ${SCOPE}`, nonce: 'a-nonce', resource, g_continue: '' },
      fill: {},
      cookie,
    });
  return { machine, user };
}

async function decides(checks, gateway, tokens, resource) {
  const good = await tokens.machine(resource);
  const user = await tokens.user(resource);
  const accepted = { 'a token of a machine': good, 'a token of a user': user.access_token };
  await checks.decides('JWT', gateway, accepted, {
    'an ID token': user.id_token,
    'a refresh token': user.refresh_token,
    'another audience': await tokens.machine(OTHER),
    'a token without resource': await tokens.machine(),
  });
  await checks.rejectsForgeries(gateway, good, 'JWT');
  return good;
}

/** Glewlwyd answers only the client of the token. All other good tokens are inactive for it. */
async function introspection(checks, asking, tokens, resource) {
  const own = await tokens.machine(resource);
  const user = await tokens.user(resource);
  const accepted = { 'a token of the client that asks': own };
  await checks.decides('introspection', asking, accepted, {
    'an ID token': user.id_token,
    'a token of another client': user.access_token,
    'another audience': await tokens.machine(OTHER),
  });
  await checks.rejectsForgeries(asking, own, 'introspection');
}

async function rotation(checks, gateway, { tokens, resource, keys, known }) {
  await keys.rotate();
  await checks.accepts('a token of a new key', gateway, await tokens.machine(resource));
  await checks.accepts('a token of the key before it', gateway, known);
}

async function outage(checks, gateway, { server, tokens, resource, keys, known, login }) {
  const unseen = await tokens.machine(resource);
  await server.stop();
  await checks.accepts('Glewlwyd stopped: a known token', gateway, known);
  await checks.accepts('Glewlwyd stopped: a new token of a known key', gateway, unseen);
  await server.start();
  await login();
  await keys.rotate();
  const next = await tokens.machine(resource);
  await checks.recovers('Glewlwyd started: a token of a new key', gateway, next);
}

async function run(context) {
  const { folder, upstream, checks, opened, say } = context;
  const [glewlwydPort, port] = [await freePort(), await freePort()];
  const base = `http://127.0.0.1:${glewlwydPort}`;
  const issuer = `${base}/api/${PLUGIN}`;
  const resource = `http://127.0.0.1:${port}/mcp`;
  const server = await startGlewlwyd(context, glewlwydPort);
  opened.push(server.stop);
  const admin = await sessionOf(base, 'admin', 'password');
  const resources = [resource, OTHER];
  const details = { plugin: PLUGIN, issuer, scope: SCOPE, resources, secret: SECRET };
  const keys = await setUp(admin, { ...details, redirectUri: REDIRECT });
  const alice = await sessionOf(base, 'alice', 'a-password');
  await alice.send('PUT', '/auth/grant/web', { scope: `openid ${SCOPE}` });
  const tokens = tokensOf(issuer, alice.cookie);
  say(`  aud ${JSON.stringify(payloadOf(await tokens.machine(resource)).aud)}`);

  const shared = { resource, upstream, scopes: [SCOPE] };
  const documented = documentedIssuer(checks, 'Glewlwyd', { issuer });
  const logFile = join(folder, 'gateway.log');
  const gateway = await startGateway({ ...shared, port, issuer: documented, logFile });
  opened.push(gateway.stop);
  const asking = await startGateway({
    ...shared,
    port: await freePort(),
    issuer: {
      ...documented,
      verify: 'introspection',
      introspection: {
        url: `${issuer}/introspect`,
        clientId: 'm2m',
        clientSecret: '${env:INTROSPECTION_SECRET}',
      },
    },
    env: { INTROSPECTION_SECRET: SECRET },
    logFile: join(folder, 'gateway-introspection.log'),
  });
  opened.push(asking.stop);
  const known = await decides(checks, gateway, tokens, resource);
  await introspection(checks, asking, tokens, resource);
  await rotation(checks, gateway, { tokens, resource, keys, known });
  const login = async () => Object.assign(admin, await sessionOf(base, 'admin', 'password'));
  await outage(checks, gateway, { server, tokens, resource, keys, known, login });
}

export const glewlwyd = { name: 'glewlwyd', version: 'from Debian', install, run };
