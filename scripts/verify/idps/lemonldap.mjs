// Checks the gateway with LemonLDAP::NG, by JWT and by introspection. Its answers about opaque
// tokens lack `aud`, so the configuration lists the client that may call.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeFlow, tokenRequest } from './browser.mjs';
import { payloadOf } from './checks.mjs';
import { libraryPath, unpack } from './debian.mjs';
import { CAPTCHA, CAPTCHA_FILE, CONFIGURATION, newKey, settings } from './lemonldap-settings.mjs';
import { cacheFolder, documentedIssuer, freePort, startGateway, startProvider } from './parts.mjs';

const SCOPE = 'files:read';
const OTHER = 'http://127.0.0.1:9/other/mcp';
const REDIRECT = 'http://127.0.0.1:9/callback';
const SECRET = 'a-secret-of-a-client';

/** The Perl of the system is used: its own packages are left out. */
const LEFT_OUT = /^(?:perl|perl-base|perl-modules-.*|libperl5.*|fonts-.*|libjs-.*)$/;

/** OpenID Connect needs the last packages, which are only recommended. */
const RECOMMENDED = ['libstring-random-perl', 'libio-string-perl'];
const PACKAGES = ['liblemonldap-ng-portal-perl', ...RECOMMENDED];

const install = (cwd) => unpack(cwd, PACKAGES, LEFT_OUT);

/** Where Perl finds the unpacked modules. */
function perlPath(home, own) {
  const print = ['-e', 'printf "%vd", $^V'];
  const version = execFileSync('perl', print, { encoding: 'utf8', timeout: 10_000 });
  const { LD_LIBRARY_PATH: libraries } = libraryPath(home);
  const native = join(libraries, 'perl5', version.split('.').slice(0, 2).join('.'));
  return {
    LD_LIBRARY_PATH: libraries,
    PERL5LIB: [own, join(home, 'usr/share/perl5'), native].join(':'),
  };
}

async function startPortal({ installed: home, folder }, port) {
  const ini = join(folder, 'lemonldap-ng.ini');
  const templates = join(home, 'usr/share/lemonldap-ng/portal/templates');
  writeFileSync(ini, CONFIGURATION(folder, templates));
  const own = cacheFolder('runs', 'lemonldap-ng', 'lib');
  cacheFolder('runs', 'lemonldap-ng', 'lib', dirname(CAPTCHA_FILE));
  writeFileSync(join(own, CAPTCHA_FILE), CAPTCHA);
  const script = join(home, 'usr/share/lemonldap-ng/portal/htdocs/index.psgi');
  const listen = ['--host', '127.0.0.1', '--port', String(port)];
  return startProvider({
    command: ['perl', join(home, 'usr/bin/plackup'), '-s', 'HTTP::Server::PSGI', ...listen, script],
    cwd: folder,
    env: { ...perlPath(home, own), LLNG_DEFAULTCONFFILE: ini },
    logFile: join(folder, 'portal.log'),
    url: `http://127.0.0.1:${port}/.well-known/openid-configuration`,
    seconds: 20,
  });
}

function tokensOf(base) {
  const tokenUrl = `${base}/oauth2/token`;
  const form = { grant_type: 'client_credentials', scope: `openid ${SCOPE}` };
  const machine = async (client) =>
    (await tokenRequest(tokenUrl, form, [client, SECRET])).access_token;
  const user = (client) =>
    codeFlow({
      authorize: `${base}/oauth2/authorize`,
      tokenUrl,
      clientId: client,
      secret: SECRET,
      redirectUri: REDIRECT,
      more: { scope: `openid ${SCOPE}` },
      fill: { user: 'dwho', password: 'dwho' },
    });
  return { machine, user };
}

async function decides(checks, gateway, tokens) {
  const good = await tokens.machine('m2m');
  const user = await tokens.user('web');
  const accepted = { 'a token of a machine': good, 'a token of a user': user.access_token };
  await checks.decides('JWT', gateway, accepted, {
    'an ID token': user.id_token,
    'another audience': await tokens.machine('other'),
  });
  await checks.rejectsForgeries(gateway, good, 'JWT');
  return good;
}

/** LemonLDAP::NG calls the tokens of all its clients active, and names no audience. */
async function opaque(checks, gateway, tokens) {
  const token = await tokens.machine('opaque');
  await checks.accepts('opaque: a token of the listed client', gateway, token);
  const other = await tokens.machine('opaque-other');
  await checks.rejects('opaque: a token of a client that is not listed', gateway, other);
  await checks.rejectsForgeries(gateway, token, 'opaque');
}

async function rotationAndOutage(checks, gateway, { server, tokens, known, rotate }) {
  const unseen = await tokens.machine('m2m');
  const asked = await tokens.machine('opaque');
  await server.stop();
  await checks.accepts('LemonLDAP::NG stopped: a known token', gateway, known);
  await checks.accepts('LemonLDAP::NG stopped: a new token of a known key', gateway, unseen);
  await checks.unavailable('LemonLDAP::NG stopped: a new opaque token', gateway, asked);
  await server.start();
  await checks.accepts('LemonLDAP::NG started: a known token', gateway, known);
  // It publishes one key: a rotation replaces it, and needs a start.
  await server.stop();
  rotate();
  await server.start();
  const next = await tokens.machine('m2m');
  await checks.recovers('LemonLDAP::NG started: a token of a new key', gateway, next);
}

async function run(context) {
  const { folder, installed, upstream, checks, opened, say } = context;
  const [portalPort, port] = [await freePort(), await freePort()];
  const base = `http://127.0.0.1:${portalPort}`;
  const resource = `http://127.0.0.1:${port}/mcp`;
  for (const name of ['conf', 'sessions', 'cache']) cacheFolder('runs', 'lemonldap-ng', name);
  cacheFolder('runs', 'lemonldap-ng', 'sessions', 'lock');
  const shipped = readFileSync(join(installed, 'var/lib/lemonldap-ng/conf/lmConf-1.json'), 'utf8');
  const details = { base, folder, secret: SECRET, redirectUri: REDIRECT, scope: SCOPE };
  const clients = [
    { id: 'm2m', audience: resource },
    { id: 'web', audience: resource },
    { id: 'other', audience: OTHER },
    { id: 'opaque' },
    { id: 'opaque-other' },
  ];
  const rotate = () => {
    const all = { ...JSON.parse(shipped), ...settings({ ...details, clients, key: newKey() }) };
    writeFileSync(join(folder, 'conf', 'lmConf-1.json'), JSON.stringify(all, null, 2));
  };
  rotate();
  const server = await startPortal(context, portalPort);
  opened.push(server.stop);
  const tokens = tokensOf(base);
  say(`  aud ${JSON.stringify(payloadOf(await tokens.machine('m2m')).aud)}`);

  const gateway = await startGateway({
    port,
    resource,
    upstream,
    scopes: [SCOPE],
    issuer: documentedIssuer(checks, 'LemonLDAP', {
      issuer: base,
      introspection: {
        clientId: 'm2m',
        clientSecret: '${env:INTROSPECTION_SECRET}',
        audienceClients: ['opaque'],
      },
    }),
    env: { INTROSPECTION_SECRET: SECRET },
    logFile: join(folder, 'gateway.log'),
  });
  opened.push(gateway.stop);
  const known = await decides(checks, gateway, tokens);
  await opaque(checks, gateway, tokens);
  await rotationAndOutage(checks, gateway, { server, tokens, known, rotate });
}

export const lemonldap = { name: 'lemonldap-ng', version: 'from Debian', install, run };
