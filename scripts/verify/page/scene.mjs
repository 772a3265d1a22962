// Starts a gateway with some trouble, so that each part of its page has something to show: an
// issuer that is down, an upstream without a free connection, refusals and a failed reload.
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

const PUBLIC = 'https://mcp.example.com';
const ACME = 'https://login.acme.example';
const BETA = 'https://login.beta.example';
const DAY_MS = 86_400_000;
const WAIT_MS = 20_000;
/** Calls that hold all connections of one upstream. */
const HELD = 2;

/** Names that would change a page which does not escape them. */
export const HOSTILE = [
  '<script>document.title = "taken"</script>',
  '"><img src=x onerror="document.title=1">',
  "</table><style>*{display:none}</style>'",
];

const HOUR_SECONDS = 3600;

/** An MCP server. It never answers a call of the tool `report`. */
const startServer = () =>
  startLoopback(async (req, res) => {
    const chunks = [];
    for await (const chunk of req) chunks.push(chunk);
    const { id, params } = JSON.parse(Buffer.concat(chunks).toString());
    if (params?.name === 'report') return;
    res.writeHead(200, { 'content-type': 'application/json' });
    res.end(JSON.stringify({ jsonrpc: '2.0', id, result: { content: [] } }));
  });

function configuration({ port, adminPort, jwks, gone, server }) {
  const issuer = (name, jwksUri) => ({
    issuer: name,
    jwksUri,
    metadataMirror: { enabled: false },
  });
  const endpoint = (path, issuers, more) => ({
    path,
    issuers,
    scopes: ['files:read'],
    upstream: `${server}/mcp`,
    ...more,
  });
  const sunset = new Date(Date.now() + 9 * DAY_MS).toISOString().slice(0, 10);
  const sha256 = createHash('sha256').update(randomBytes(32)).digest('hex');
  return {
    publicUrl: PUBLIC,
    listen: { host: '127.0.0.1', port },
    admin: { host: '127.0.0.1', port: adminPort },
    sessionKeys: ['${env:PAGE_SESSION_KEY}'],
    issuers: {
      acme: issuer(ACME, `${jwks}/jwks`),
      beta: issuer(BETA, `http://127.0.0.1:${gone}/`),
    },
    apiKeys: { 'partner-a': { sha256, scopes: ['files:read'], sunset } },
    endpoints: [
      endpoint('/files/mcp', ['acme'], {
        apiKeys: [{ header: 'X-Api-Key' }],
        tools: { default: 'allow', rules: [{ tool: 'delete_*', deny: true }] },
      }),
      endpoint('/reports/mcp', ['acme'], {
        upstream: { url: `${server}/mcp`, maxConcurrentRequests: HELD },
      }),
      endpoint('/search/mcp', ['acme', 'beta']),
      endpoint('/calendar/mcp', ['acme'], { upstream: `http://127.0.0.1:${gone}/mcp` }),
    ],
  };
}

/** Starts all. `opened` gets the functions that stop it. */
export async function startScene(folder, opened) {
  const leases = await Promise.all([leasePort(), leasePort(), leasePort()]);
  for (const { release } of leases) opened.push(release);
  const [port, adminPort, gone] = leases.map((lease) => lease.port);
  const [signer, server] = [await startIssuer(), await startServer()];
  opened.push(signer.close, server.close);
  const file = join(folder, 'gateway.yaml');
  const logFile = join(folder, 'gateway.log');
  const config = configuration({ port, adminPort, jwks: signer.issuer, gone, server: server.url });
  writeFileSync(file, JSON.stringify(config));
  const env = { ...cleanEnvironment(), PAGE_SESSION_KEY: randomBytes(32).toString('base64') };
  const args = [gatewayMain, 'serve', '--config', file];
  const child = startIntoFile(process.execPath, args, { env, logFile });
  opened.push(() => child.end());
  const origin = `http://127.0.0.1:${port}`;
  await untilServing(child, origin, '/readyz', WAIT_MS);

  /** `life`: seconds from now to the end of the token. */
  function token(issuer, path, life = HOUR_SECONDS) {
    const now = Math.floor(Date.now() / 1000);
    const dates = { iat: now - 2 * HOUR_SECONDS, exp: now + life };
    const client = { client_id: 'agent', scope: 'files:read' };
    return signer.mint(PUBLIC + path, 'alice', { iss: issuer, ...client, ...dates });
  }

  async function call(path, { bearer, tool = 'read_file', issuer = ACME, life, ended } = {}) {
    const authorization = bearer ?? `Bearer ${await token(issuer, path, life)}`;
    const params = { name: tool, arguments: {} };
    const limit = AbortSignal.timeout(WAIT_MS);
    const response = await fetch(origin + path, {
      method: 'POST',
      signal: ended === undefined ? limit : AbortSignal.any([limit, ended]),
      headers: {
        authorization,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2025-06-18',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
    });
    await response.text();
    return response.status;
  }

  const admin = `http://127.0.0.1:${adminPort}`;
  const ended = new AbortController();
  opened.push(() => ended.abort());
  return {
    admin,
    call,
    async makeTrouble() {
      for (let i = 0; i < 40; i += 1) await call('/files/mcp');
      for (let i = 0; i < 7; i += 1) await call('/search/mcp');
      await call('/files/mcp', { tool: 'delete_file' });
      for (let i = 0; i < 3; i += 1) await call('/files/mcp', { life: -HOUR_SECONDS });
      await call('/files/mcp', { bearer: 'Basic YWxpY2U6c2VjcmV0LXNlY3JldA==' });
      await call('/search/mcp', { issuer: BETA });
      await call('/calendar/mcp');
      await call('/files', {});
      for (let i = 0; i < HELD; i += 1)
        call('/reports/mcp', { tool: 'report', ended: ended.signal }).catch(() => {});
      const isFull = async () => {
        const status = await (await fetch(`${admin}/status`)).json();
        return status.endpoints.some(({ inUse, limit }) => inUse === limit);
      };
      await until('the upstream is full', isFull, WAIT_MS);
      const bad = { ...config, endpoints: [{ ...config.endpoints[0], issuers: ['acmee'] }] };
      writeFileSync(file, JSON.stringify(bad));
      process.kill(child.pid, 'SIGHUP');
      const failed = () => readFileSync(logFile, 'utf8').includes('"config.reload_failed"');
      await until('the reload fails', failed, WAIT_MS);
    },
    /** Calls with names that are HTML. The gateway rejects them, so the page shows them. */
    async sendHostile() {
      for (const name of HOSTILE) await call('/files/mcp', { tool: `delete_${name}` });
    },
  };
}
