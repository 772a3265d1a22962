// Checks the gateway with Ory Hydra: opaque tokens and JWT, with its own login app.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { runToEnd } from '../../../test/fixtures/child.js';
import { codeFlow, tokenRequest } from './browser.mjs';
import { payloadOf } from './checks.mjs';
import {
  documentedIssuer,
  freePort,
  obtain,
  requestJson,
  startGateway,
  startProvider,
} from './parts.mjs';

const VERSION = '2.3.0';
const SCOPE = 'files:read';
const OTHER = 'http://127.0.0.1:9/other/mcp';
const REDIRECT = 'http://127.0.0.1:9/callback';
const SECRET = 'a-secret-of-a-client';

// The last line: Hydra builds only with this fork, and a module does not pass it on.
const MODULE = `module idps

go 1.24

tool github.com/ory/hydra/v2

require github.com/ory/hydra/v2 v${VERSION}

replace github.com/gobuffalo/pop/v6 => github.com/ory/pop/v6 v6.2.1-0.20241121111754-e5dfc0f3344b
`;

/** Builds Hydra from its Go module and returns the program. The build takes some minutes. */
async function install(cwd) {
  const program = join(cwd, 'hydra');
  if (existsSync(program)) return program;
  writeFileSync(join(cwd, 'go.mod'), MODULE);
  const env = { GOFLAGS: '-mod=mod' };
  await obtain('Hydra', ['go', 'mod', 'tidy', '-e'], { cwd, env });
  const tags = ['-tags', 'sqlite,sqlite_omit_load_extension,json1'];
  const build = ['go', 'build', '-p', '2', ...tags, '-o', 'building', 'github.com/ory/hydra/v2'];
  await obtain('Hydra', build, { cwd, env, minutes: 40 });
  await obtain('Hydra', ['mv', 'building', program], { cwd });
  return program;
}

/** The app that Hydra asks who the user is and what the user grants. It grants the resource. */
async function startConsentApp(port, admin, resource) {
  const accept = async (kind, challenge, body) => {
    const url = `${admin}/admin/oauth2/auth/requests/${kind}/accept?${kind}_challenge=${challenge}`;
    return (await requestJson('PUT', url, body)).redirect_to;
  };
  async function next(url) {
    const login = url.searchParams.get('login_challenge');
    if (login !== null) return accept('login', login, { subject: 'alice' });
    const challenge = url.searchParams.get('consent_challenge');
    const grants = { grant_access_token_audience: [resource] };
    return accept('consent', challenge, { ...grants, grant_scope: ['openid', 'offline', SCOPE] });
  }
  const server = createServer(async (req, res) => {
    try {
      res.writeHead(302, { location: await next(new URL(req.url, 'http://127.0.0.1')) }).end();
    } catch (error) {
      res.writeHead(500).end(String(error));
    }
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { stop: () => server.close() };
}

async function startHydra({ installed, folder }, [port, adminPort, appPort]) {
  const config = {
    dsn: `sqlite://${join(folder, 'hydra.sqlite')}?_fk=true`,
    serve: {
      public: { host: '127.0.0.1', port },
      admin: { host: '127.0.0.1', port: adminPort },
    },
    urls: {
      self: { issuer: `http://127.0.0.1:${port}` },
      login: `http://127.0.0.1:${appPort}/login`,
      consent: `http://127.0.0.1:${appPort}/consent`,
    },
    secrets: { system: ['a secret of at least sixteen characters'] },
    sqa: { opt_out: true },
  };
  const file = join(folder, 'hydra.json');
  writeFileSync(file, JSON.stringify(config, null, 2));
  const migration = ['migrate', 'sql', '-e', '--yes', '-c', file];
  const logFile = join(folder, 'migration.log');
  const code = await runToEnd(120_000, installed, migration, { logFile });
  if (code !== 0) throw new Error(`hydra migrate ended with ${code}; see ${logFile}`);
  return startProvider({
    command: [installed, 'serve', 'all', '--dev', '-c', file],
    cwd: folder,
    logFile: join(folder, 'hydra.log'),
    // Not /health/ready: Hydra makes its keys at the first request for them.
    url: `http://127.0.0.1:${port}/.well-known/openid-configuration`,
  });
}

async function setUpClients(admin, resource) {
  for (const strategy of ['jwt', 'opaque'])
    await requestJson('POST', `${admin}/admin/clients`, {
      client_id: strategy,
      client_secret: SECRET,
      grant_types: ['client_credentials', 'authorization_code', 'refresh_token'],
      response_types: ['code'],
      redirect_uris: [REDIRECT],
      scope: `openid offline ${SCOPE}`,
      audience: [resource, OTHER],
      access_token_strategy: strategy,
    });
}

function tokensOf(base, resource) {
  const tokenUrl = `${base}/oauth2/token`;
  const machine = async (client, audience) => {
    const form = { grant_type: 'client_credentials', scope: SCOPE };
    const named = audience === undefined ? form : { ...form, audience };
    return (await tokenRequest(tokenUrl, named, [client, SECRET])).access_token;
  };
  const user = (client) =>
    codeFlow({
      authorize: `${base}/oauth2/auth`,
      tokenUrl,
      clientId: client,
      secret: SECRET,
      redirectUri: REDIRECT,
      // MCP clients send `resource`. Hydra ignores it; the consent app grants the audience.
      more: { scope: `openid offline ${SCOPE}`, resource },
      fill: {},
    });
  return { machine, user, good: (client) => machine(client, resource) };
}

async function sameForBoth(checks, gateway, tokens, client, where) {
  const user = await tokens.user(client);
  const good = await tokens.good(client);
  const accepted = { 'a token of a machine': good, 'a token of a user': user.access_token };
  await checks.decides(where, gateway, accepted, {
    'an ID token': user.id_token,
    'a refresh token': user.refresh_token,
    'another audience': await tokens.machine(client, OTHER),
    'a token without audience': await tokens.machine(client),
  });
  await checks.rejectsForgeries(gateway, good, where);
  return good;
}

async function rotation(checks, gateway, tokens, admin) {
  const before = await tokens.good('jwt');
  await checks.accepts('a token before the rotation', gateway, before);
  const key = { alg: 'RS256', use: 'sig' };
  await requestJson('POST', `${admin}/admin/keys/hydra.jwt.access-token`, key);
  const next = await tokens.good('jwt');
  const keyOf = (token) => token.split('.', 1)[0];
  checks.report('Hydra signs with the new key', keyOf(next) !== keyOf(before), 'another kid');
  await checks.accepts('a token of a new key', gateway, next);
  await checks.accepts('a token of the key before it', gateway, before);
  return next;
}

async function outage(checks, { gateway, server, tokens, known }) {
  const unseen = { jwt: await tokens.good('jwt'), opaque: await tokens.good('opaque') };
  await server.stop();
  await checks.accepts('Hydra stopped: a known token', gateway, known);
  await checks.accepts('Hydra stopped: a new JWT of a known key', gateway, unseen.jwt);
  await checks.unavailable('Hydra stopped: a new opaque token', gateway, unseen.opaque);
  await server.start();
  await checks.recovers('Hydra started: the opaque token', gateway, unseen.opaque);
  await checks.recovers('Hydra started: a new JWT', gateway, await tokens.good('jwt'));
}

async function run(context) {
  const { folder, upstream, checks, opened, say } = context;
  const ports = [await freePort(), await freePort(), await freePort()];
  const [base, admin] = ports.map((port) => `http://127.0.0.1:${port}`);
  const port = await freePort();
  const resource = `http://127.0.0.1:${port}/mcp`;
  rmSync(join(folder, 'hydra.sqlite'), { force: true });
  const app = await startConsentApp(ports[2], admin, resource);
  opened.push(app.stop);
  const server = await startHydra(context, ports);
  opened.push(server.stop);
  await setUpClients(admin, resource);
  const tokens = tokensOf(base, resource);
  say(`  aud ${JSON.stringify(payloadOf(await tokens.good('jwt')).aud)}`);

  const url = `${admin}/admin/oauth2/introspect`;
  const issuer = documentedIssuer(checks, 'Hydra', { issuer: base, introspection: { url } });
  const shared = { upstream, scopes: [SCOPE], resource };
  const logFile = join(folder, 'gateway.log');
  const gateway = await startGateway({ ...shared, port, issuer, logFile });
  opened.push(gateway.stop);
  const asking = await startGateway({
    ...shared,
    port: await freePort(),
    issuer: { ...issuer, verify: 'introspection' },
    logFile: join(folder, 'gateway-introspection.log'),
  });
  opened.push(asking.stop);

  await sameForBoth(checks, gateway, tokens, 'jwt', 'JWT');
  await sameForBoth(checks, gateway, tokens, 'opaque', 'opaque');
  await sameForBoth(checks, asking, tokens, 'jwt', 'JWT by introspection');
  const known = await rotation(checks, gateway, tokens, admin);
  await outage(checks, { gateway, server, tokens, known });
}

export const hydra = { name: 'hydra', version: VERSION, install, run };
