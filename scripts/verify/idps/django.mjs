// Checks the gateway with django-oauth-toolkit: opaque tokens, asked about in both usual ways.
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runToEnd } from '../../../test/fixtures/child.js';
import { codeFlow, tokenRequest } from './browser.mjs';
import { documentedIssuer, freePort, obtain, startGateway, startProvider } from './parts.mjs';

const VERSION = '3.4.1';
const SCOPE = 'files:read';
const OTHER = 'http://127.0.0.1:9/other/mcp';
const REDIRECT = 'http://127.0.0.1:9/callback';
/** Its characters have to be encoded in HTTP Basic (RFC 6749 section 2.3.1). */
const SECRET = 'a/b+c=d:e%f';
const AT_ONCE = 8;
const PROJECT = fileURLToPath(new URL('django/project.py', import.meta.url));

/** Installs the package from PyPI into a virtual environment and returns its Python. */
async function install(cwd) {
  const python = join(cwd, 'venv', 'bin', 'python');
  const isDone = existsSync(join(cwd, 'venv', 'bin', 'django-admin'));
  if (isDone) return python;
  await obtain('django-oauth-toolkit', ['python3', '-m', 'venv', 'venv'], { cwd });
  const pip = [python, '-m', 'pip', 'install', '-q', `django-oauth-toolkit==${VERSION}`];
  await obtain('django-oauth-toolkit', pip, { cwd });
  return python;
}

async function startDjango({ installed, folder }, port) {
  const key = join(folder, 'key.pem');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const database = join(folder, 'db.sqlite3');
  rmSync(database, { force: true });
  const env = { IDPS_KEY: key, IDPS_DATABASE: database, IDPS_SECRET: SECRET };
  const logFile = join(folder, 'seed.log');
  const options = { env: { ...process.env, ...env }, logFile };
  const code = await runToEnd(120_000, installed, [PROJECT, 'seed'], options);
  if (code !== 0) throw new Error(`the set-up ended with ${code}; see ${logFile}`);
  return startProvider({
    command: [installed, PROJECT, 'runserver', '--noreload', `127.0.0.1:${port}`],
    cwd: folder,
    env,
    logFile: join(folder, 'django.log'),
    url: `http://127.0.0.1:${port}/o/.well-known/openid-configuration`,
  });
}

function tokensOf(issuer) {
  const tokenUrl = `${issuer}/token/`;
  const machine = async (resource, { client = 'm2m', scope = SCOPE } = {}) => {
    const form = { grant_type: 'client_credentials', scope };
    const named = resource === undefined ? form : { ...form, resource };
    return (await tokenRequest(tokenUrl, named, [client, SECRET])).access_token;
  };
  const user = (resource) =>
    codeFlow({
      authorize: `${issuer}/authorize/`,
      tokenUrl,
      clientId: 'web',
      secret: SECRET,
      redirectUri: REDIRECT,
      more: { scope: `openid ${SCOPE}`, resource },
      fill: {},
    });
  return { machine, user };
}

async function decides(checks, gateway, tokens, resource, where) {
  const good = await tokens.machine(resource);
  const user = await tokens.user(resource);
  const accepted = { 'a token of a machine': good, 'a token of a user': user.access_token };
  await checks.decides(where, gateway, accepted, {
    'an ID token': user.id_token,
    'a refresh token': user.refresh_token,
    'another audience': await tokens.machine(OTHER),
    'a token without audience': await tokens.machine(),
  });
  await checks.rejectsForgeries(gateway, good, where);
  // The answer has a `username` and no `sub`. Two users of one client must not be one caller.
  const { entry } = await gateway.call(user.access_token);
  const subject = JSON.stringify(entry.subject ?? null);
  checks.report(`${where}: the log names the user`, subject.includes('alice'), subject);
  return good;
}

async function manyAtOnce(checks, gateway, tokens, resource, where) {
  const list = [];
  for (let count = 0; count < AT_ONCE; count += 1) list.push(await tokens.machine(resource));
  await Promise.all(
    list.map((token, at) =>
      checks.accepts(`${where}: new token ${at + 1} of ${AT_ONCE}`, gateway, token),
    ),
  );
}

async function outage(checks, { gateway, server, tokens, resource, known }) {
  const unseen = await tokens.machine(resource);
  // The gateway knows it for 30 s from now.
  await gateway.call(known);
  await server.stop();
  await checks.accepts('Django stopped: a known token', gateway, known);
  await checks.unavailable('Django stopped: a new token', gateway, unseen);
  await server.start();
  await checks.recovers('Django started: the new token', gateway, unseen);
}

async function run(context) {
  const { folder, upstream, checks, opened } = context;
  const [djangoPort, port] = [await freePort(), await freePort()];
  const issuer = `http://127.0.0.1:${djangoPort}/o`;
  const resource = `http://127.0.0.1:${port}/mcp`;
  const server = await startDjango(context, djangoPort);
  opened.push(server.stop);
  const tokens = tokensOf(issuer);

  const startWith = async (introspection, secret, name, listen) => {
    const gateway = await startGateway({
      port: listen,
      resource,
      upstream,
      scopes: [SCOPE],
      issuer: documentedIssuer(checks, 'Django', {
        issuer,
        introspection: { url: `${issuer}/introspect/`, ...introspection },
      }),
      env: { INTROSPECTION_SECRET: secret },
      logFile: join(folder, `gateway-${name}.log`),
    });
    opened.push(gateway.stop);
    return gateway;
  };
  const clientSecret = '${env:INTROSPECTION_SECRET}';
  const asker = await tokens.machine(undefined, { client: 'portcullis', scope: 'introspection' });
  const bearer = { auth: 'bearer', clientSecret };
  const byBearer = await startWith(bearer, asker, 'bearer', port);
  const basic = { auth: 'basic', clientId: 'portcullis', clientSecret, timeoutMs: 20_000 };
  const byBasic = await startWith(basic, SECRET, 'basic', await freePort());

  const known = await decides(checks, byBearer, tokens, resource, 'auth: bearer');
  await decides(checks, byBasic, tokens, resource, 'auth: basic');
  await manyAtOnce(checks, byBearer, tokens, resource, 'auth: bearer');
  await manyAtOnce(checks, byBasic, tokens, resource, 'auth: basic');
  await outage(checks, { gateway: byBearer, server, tokens, resource, known });
}

export const django = { name: 'django-oauth-toolkit', version: VERSION, install, run };
