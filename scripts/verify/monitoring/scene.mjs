// Starts a real gateway with an identity provider, a token endpoint and MCP servers, so that each
// metric has a series.
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startIdp } from '../../../compiled/commands/demo/idp.js';
import { startIntoFile } from '../../../test/fixtures/child.js';
import {
  cleanEnvironment,
  gatewayMain,
  leasePort,
  startLoopback,
  untilServing,
} from '../../../test/fixtures/launch.js';
import { startIssuer } from '../../../test/fixtures/signing-issuer.js';
import { until } from '../../../test/fixtures/wait.js';
import { newKey } from '../upstream/keys.mjs';

const SCOPE = 'files:read';
const SLOW_MS = 5_500;
const WAIT_MS = 20_000;
const DAY_MS = 86_400_000;
const dayIn = (days) => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);
const secret = () => randomBytes(24).toString('base64url');

export const PATHS = [
  'files',
  'keys',
  'opaque',
  'exchange',
  'wrong',
  'small',
  'slow',
  'gone',
  'forged',
  'limited',
];

async function bodyOf(req) {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** An MCP server whose tools are slow, hold a stream, cut it, or fail. */
function startServer() {
  const streamHead = { 'content-type': 'text/event-stream' };
  return startLoopback(async (req, res) => {
    if (req.method === 'GET') return void res.writeHead(200, streamHead).flushHeaders();
    const { id, params } = JSON.parse(await bodyOf(req));
    const answer = () => {
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ jsonrpc: '2.0', id, result: { content: [] } }));
    };
    const tools = {
      slow: () => setTimeout(answer, SLOW_MS),
      hold: () => res.writeHead(200, streamHead).flushHeaders(),
      fail: () => res.writeHead(500).end(),
      cut() {
        res.writeHead(200, streamHead).write(': a comment\n\n');
        setTimeout(() => res.destroy(), 20);
      },
    };
    return void (tools[params?.name] ?? answer)();
  });
}

/** A token endpoint. It refuses the tokens in `refused`, and fails for those in `failing`. */
async function startTokenEndpoint() {
  const refused = new Set();
  const failing = new Set();
  const json = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  const server = await startLoopback(async (req, res) => {
    const token = new URLSearchParams(await bodyOf(req)).get('subject_token');
    if (failing.has(token)) return void res.writeHead(500).end();
    if (refused.has(token))
      return void res.writeHead(400, json).end(JSON.stringify({ error: 'invalid_target' }));
    const issued_token_type = 'urn:ietf:params:oauth:token-type:access_token';
    const answer = { access_token: secret(), token_type: 'Bearer', expires_in: 600 };
    return void res.writeHead(200, json).end(JSON.stringify({ ...answer, issued_token_type }));
  });
  return { ...server, refused, failing };
}

/** `audit`: the file of the records; null: no audit. */
function configuration({ port, adminPort, idp, partner, server, tokens, gone, keys, audit }) {
  const endpoint = (name, more) => ({
    path: `/${name}/mcp`,
    issuers: ['main'],
    scopes: [SCOPE],
    upstream: `${server.url}/mcp`,
    ...more,
  });
  const credential = {
    kind: 'exchange',
    audience: 'files-backend',
    clientId: 'gateway',
    clientSecret: '${env:MONITORING_SECRET}',
    tokenUrl: `${tokens.url}/token`,
  };
  const introspection = {
    clientId: idp.clients.introspection.id,
    clientSecret: '${env:MONITORING_INTROSPECTION_SECRET}',
  };
  const hashed = Object.entries(keys).map(([name, { key, sunset }]) => {
    const sha256 = createHash('sha256').update(key).digest('hex');
    return [name, { sha256, scopes: [SCOPE], ...(sunset === undefined ? {} : { sunset }) }];
  });
  const byKey = { issuers: undefined, apiKeys: [{ header: 'X-Api-Key' }] };
  return {
    publicUrl: `http://127.0.0.1:${port}`,
    listen: { host: '127.0.0.1', port },
    admin: { host: '127.0.0.1', port: adminPort },
    logLevel: 'info',
    workers: 2,
    sessionKeys: ['${env:MONITORING_SESSION_KEY}'],
    issuers: {
      main: { issuer: idp.issuer, introspection },
      partner: { issuer: partner.issuer },
    },
    bridge: { keys: ['${env:MONITORING_BRIDGE_KEY}'] },
    // Nothing listens there.
    limits: { store: `redis://127.0.0.1:${gone}` },
    metrics: {},
    ...(audit === null ? {} : { audit: { file: audit } }),
    apiKeys: Object.fromEntries(hashed),
    endpoints: [
      endpoint('files'),
      endpoint('keys', byKey),
      endpoint('opaque'),
      endpoint('exchange', { upstream: { url: `${server.url}/mcp`, credential } }),
      endpoint('wrong'),
      endpoint('small', {
        upstream: { url: `${server.url}/mcp`, maxConcurrentRequests: 2, maxStreams: 2 },
      }),
      endpoint('slow'),
      endpoint('gone', { upstream: `http://127.0.0.1:${gone}/mcp` }),
      endpoint('forged', { issuers: ['partner'], scopes: ['mcp'] }),
      endpoint('limited', { limits: { perPrincipal: { ratePerMinute: 60, burst: 1 } } }),
    ],
  };
}

/** The API keys before and after a reload that loses most of them. */
const apiKeys = () => ({
  good: { key: `sk_${secret()}` },
  soon: { key: `sk_${secret()}`, sunset: dayIn(7) },
  retired: { key: `sk_${secret()}`, sunset: dayIn(-7) },
  ...Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((name) => [name, { key: `sk_${secret()}` }])),
});

/** Starts all. `opened` gets the functions that stop it. */
export async function startScene(folder, opened) {
  const leases = await Promise.all([leasePort(), leasePort(), leasePort()]);
  for (const { release } of leases) opened.push(release);
  const [{ port }, { port: adminPort }, { port: gone }] = leases;
  const idp = await startIdp({ scopes: [SCOPE], tokenTtl: 3600 });
  const partner = await startIssuer();
  const server = await startServer();
  const tokens = await startTokenEndpoint();
  opened.push(idp.stop, partner.close, server.close, tokens.close);
  const origin = `http://127.0.0.1:${port}`;
  for (const name of PATHS)
    idp.addResource(`${origin}/${name}/mcp`, name === 'opaque' ? 'opaque' : 'jwt');
  const token = (name) => idp.token({ resource: `${origin}/${name}/mcp`, scope: SCOPE });
  const keys = apiKeys();
  const parts = { port, adminPort, idp, partner, server, tokens, gone };
  const file = join(folder, 'gateway.yaml');
  const logFile = join(folder, 'gateway.log');
  const write = (config) => writeFileSync(file, JSON.stringify(config, null, 2));
  // A device that is always full.
  write(configuration({ ...parts, keys, audit: '/dev/full' }));
  const env = {
    ...cleanEnvironment(),
    MONITORING_SECRET: secret(),
    MONITORING_INTROSPECTION_SECRET: idp.clients.introspection.secret,
    MONITORING_BRIDGE_KEY: newKey('P-256').pem,
    MONITORING_SESSION_KEY: randomBytes(32).toString('base64'),
  };
  let child;
  async function start() {
    child = startIntoFile(process.execPath, [gatewayMain, 'serve', '--config', file], {
      env,
      logFile,
    });
    await untilServing(child, origin, '/readyz', WAIT_MS);
  }
  opened.push(() => child.end());
  await start();

  async function reload(config, event) {
    write(config);
    const count = () => readFileSync(logFile, 'utf8').split(`"${event}"`).length;
    const before = count();
    process.kill(child.pid, 'SIGHUP');
    await until(event, () => count() > before, WAIT_MS);
  }
  return {
    ...parts,
    origin,
    keys,
    token,
    admin: `127.0.0.1:${adminPort}`,
    async metrics() {
      const signal = AbortSignal.timeout(WAIT_MS);
      return (await fetch(`http://127.0.0.1:${adminPort}/metrics`, { signal })).text();
    },
    reloadBad: () => reload({ publicUrl: 'not a URL' }, 'config.reload_failed'),
    /** Most keys are gone. The records that waited are lost, because their audit is gone. */
    async reloadWithFewKeys() {
      const { good, soon, retired } = keys;
      const few = { ...parts, keys: { good, soon, retired } };
      await reload(configuration({ ...few, audit: null }), 'config.reloaded');
      const audit = join(folder, 'audit.jsonl');
      await reload(configuration({ ...few, audit }), 'config.reloaded');
    },
    async restart() {
      await child.stop('SIGTERM', 60_000);
      await start();
    },
    kill: () => child.stop('SIGKILL'),
  };
}
