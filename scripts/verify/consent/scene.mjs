// Starts all that a login in a real browser needs: a gateway with a facade at an https URL, an
// identity provider with a login form, and an app that waits for its code.
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { answerInteraction } from '../../../compiled/commands/demo/idp-config.js';
import { leasePort, startConfigured, startLoopback } from '../../../test/fixtures/launch.js';
import { passOn } from '../../../test/fixtures/pass-on.js';
import { facadeEndpoints, startBehindFacade } from '../sdks/facade.mjs';

const HOST = 'mcp.example.com';
const ORIGIN = `https://${HOST}`;
const PATH = '/mcp';
export const SCOPES = ['files:read', 'files:write'];
const COMMAND_MS = 30_000;
const REQUEST_MS = 10_000;

const LOGIN = `<!doctype html><title>Log in</title><form method="post">
<input name="user" autofocus><button>Log in</button></form>`;

/** Shows a form for the login. The other pages answer by themselves. */
async function withForm(provider, req, res) {
  const { prompt } = await provider.interactionDetails(req, res);
  if (prompt.name !== 'login' || req.method === 'POST')
    return answerInteraction(provider, req, res);
  return res.writeHead(200, { 'content-type': 'text/html' }).end(LOGIN);
}

function certificate(folder) {
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(folder, name));
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  args.push('-keyout', key, '-out', cert, '-days', '2', '-subj', `/CN=${HOST}`);
  execFileSync('openssl', args, { stdio: 'pipe', timeout: COMMAND_MS });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

/** Terminates TLS for the gateway, as a load balancer does. Resolves to its port. */
async function startTls(folder, port, opened) {
  const agent = new Agent({ keepAlive: true });
  const server = createServer(certificate(folder), (req, res) => {
    const { method, url: path, rawHeaders: headers } = req;
    passOn(req, res, { agent, hostname: '127.0.0.1', port, method, path, headers });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push(() => {
    server.close();
    server.closeAllConnections();
    agent.destroy();
  });
  return server.address().port;
}

/** An MCP server that answers every call. */
const startServer = () =>
  startLoopback((req, res) => {
    req.resume();
    res.writeHead(200, { 'content-type': 'application/json' });
    res.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: { tools: [] } }));
  });

/** An app on this computer. `pages`: HTML for further paths, of another site. */
const startApp = (pages) =>
  startLoopback((req, res) => {
    const page = pages.get(new URL(req.url, 'http://app').pathname);
    res.writeHead(200, { 'content-type': 'text/html' }).end(page ?? '<p>You can close this page.');
  });

/** `opened` gets the functions that stop it. */
export async function startScene(folder, opened) {
  const lease = await leasePort();
  const paths = [PATH];
  const facade = await startBehindFacade(ORIGIN, SCOPES, { paths, interact: withForm });
  const [server, pages] = [await startServer(), new Map()];
  const app = await startApp(pages);
  opened.push(facade.stop, server.close, app.close);
  const endpoint = { upstream: `${server.url}/mcp`, scopes: SCOPES };
  const logFile = join(folder, 'gateway.log');
  const gateway = await startConfigured({
    config: {
      publicUrl: ORIGIN,
      issuers: facade.issuers,
      endpoints: facadeEndpoints(endpoint, paths),
    },
    env: facade.env,
    logFile,
    lease,
  });
  opened.push(gateway.stop);
  const tls = await startTls(folder, lease.port, opened);
  const redirect = `${app.url}/callback`;

  /** Sends a request to the gateway, as from beyond the load balancer. */
  async function send(path, { headers, ...more }) {
    const url = `http://127.0.0.1:${lease.port}${path}`;
    const response = await fetch(url, {
      method: 'POST',
      headers,
      signal: AbortSignal.timeout(REQUEST_MS),
      ...more,
    });
    return { status: response.status, json: await response.json() };
  }

  const base = new URL(facade.issuer).pathname;
  return {
    redirect,
    app: app.url,
    pages,
    logs: () => readFileSync(logFile, 'utf8'),
    /** The browser finds the host here. */
    browserArguments: [
      `--host-resolver-rules=MAP ${HOST}:443 127.0.0.1:${tls}`,
      '--ignore-certificate-errors',
    ],
    async newLogin(name) {
      const { json } = await send(`${base}/register`, {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          client_name: name,
          redirect_uris: [redirect],
          token_endpoint_auth_method: 'none',
        }),
      });
      return json.client_id;
    },
    /** A new authorization request of the client. */
    request(clientId) {
      const verifier = randomBytes(32).toString('base64url');
      const query = new URLSearchParams({
        response_type: 'code',
        client_id: clientId,
        redirect_uri: redirect,
        state: 'x',
        scope: SCOPES.join(' '),
        resource: ORIGIN + PATH,
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
      });
      return { verifier, url: `${facade.issuer}/authorize?${query}` };
    },
    /** Gets a token for a code and calls the endpoint. Resolves to the status of the call. */
    async call(clientId, code, verifier) {
      const grant = { grant_type: 'authorization_code', code, redirect_uri: redirect };
      const body = new URLSearchParams({ ...grant, client_id: clientId, code_verifier: verifier });
      const { json } = await send(`${base}/token`, { headers: {}, body });
      const { status } = await send(PATH, {
        headers: {
          authorization: `Bearer ${json.access_token}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2025-06-18',
          host: HOST,
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }),
      });
      return status;
    },
  };
}
