// The parts that all checks with real identity providers share: the cache folder, commands, the
// process of a provider, and the gateway with the configuration of docs/idps.md.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { runToEnd, startChild } from '../../../test/fixtures/child.js';
import { cleanEnvironment, gatewayMain, leasePort } from '../../../test/fixtures/launch.js';
import { bearer, sendMessage } from '../send-message.mjs';

const CALL_MS = 20_000;
const POLL_MS = 250;
const DOCS = fileURLToPath(new URL('../../../docs/idps.md', import.meta.url));
const DOCUMENTED = 'docs/idps.md has an example';
const home = () => process.env.PORTCULLIS_IDPS_CACHE ?? join(tmpdir(), 'portcullis-idps');

/** The reason why a provider cannot be checked on this machine. It is not a failure. */
export class Skipped extends Error {}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A folder of the cache. It is outside the repository and stays for the next run. */
export function cacheFolder(...names) {
  const folder = join(home(), ...names);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** A loopback port of our own. Providers and the gateway need their URL before a start. */
export const freePort = async () => (await leasePort()).port;

/** Runs a command to its end at low priority. It throws `Skipped` if the command fails. */
export async function obtain(what, [program, ...args], { cwd, env, minutes = 10 } = {}) {
  const logFile = join(cwd, 'obtain.log');
  const options = { cwd, env: { ...cleanEnvironment(), ...env }, logFile };
  const code = await runToEnd(minutes * 60_000, 'nice', [program, ...args], options).catch(
    (error) => error.message,
  );
  if (code !== 0) throw new Skipped(`${what} cannot be had: ${program}: ${code}; see ${logFile}`);
}

/** Sends JSON to a provider and returns its JSON. It throws if the status is not 2xx. */
export async function requestJson(method, url, body) {
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(CALL_MS),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

async function isAnswering(url, seconds, isRunning) {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end && isRunning()) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(CALL_MS) }).catch(
      () => undefined,
    );
    await answer?.body?.cancel();
    if (answer?.status === 200) return true;
    await sleep(POLL_MS);
  }
  return false;
}

/** The process of a provider, which the checks stop and start again. `url` answers when ready. */
export async function startProvider({ command, cwd, env, logFile, url, seconds = 120 }) {
  let running;
  async function begin() {
    const [program, ...args] = command;
    running = startChild(program, args, { cwd, env: { ...cleanEnvironment(), ...env }, logFile });
    const isReady = await isAnswering(url, seconds, running.running);
    if (!isReady) throw new Error(`${program} does not answer at ${url}; see ${logFile}`);
  }
  const end = async () => {
    await running.end();
    await running.exited;
  };
  await begin().catch(async (error) => {
    await end();
    throw error;
  });
  return { start: begin, stop: end };
}

/**
 * The entry of `issuers` in the first example of a section of docs/idps.md. `values` replaces its
 * fields, such as the name of the server. A missing example is a failed check.
 */
export function documentedIssuer(checks, heading, values) {
  const sections = readFileSync(DOCS, 'utf8').split(/^#{2,4} /m);
  const section = sections.find((part) => part.split('\n', 1)[0].includes(heading));
  const example = /```yaml\n([\s\S]*?)```/.exec(section ?? '')?.[1];
  const entries = example === undefined ? {} : parse(example).issuers;
  const [documented] = Object.values(entries);
  const isReported = checks.failed.some((label) => label.includes(DOCUMENTED));
  if (documented === undefined && !isReported)
    checks.report(DOCUMENTED, false, `no section "${heading}"`);
  const { introspection, ...rest } = values;
  const merged = { ...documented, ...rest };
  if (introspection === undefined) return merged;
  return { ...merged, introspection: { ...documented?.introspection, ...introspection } };
}

/**
 * The upstream: it answers each JSON-RPC request with an empty result. `seen`: the Authorization
 * header of each request, in order.
 */
export async function startUpstream() {
  const seen = [];
  const server = createServer((req, res) => {
    seen.push(req.headers.authorization);
    req.resume();
    res.setHeader('content-type', 'application/json');
    res.end('{"jsonrpc":"2.0","id":1,"result":{}}');
  });
  const port = await freePort();
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${port}/mcp`, seen, stop: () => server.close() };
}

/** The entry of the gateway's log for a request, as soon as the gateway has written it. */
async function entryOf(requestId, lines) {
  for (let tries = 0; tries < 20; tries += 1) {
    const line = lines.findLast((one) => requestId !== null && one.includes(requestId));
    if (line !== undefined) return JSON.parse(line);
    await sleep(50);
  }
  return {};
}

/**
 * Starts the gateway on `port` with one issuer and one endpoint, `resource`. `credentials`: in
 * place of it, an endpoint at each path, with this `upstream.credential`. All take the same tokens.
 * `call` sends a request with a token and returns the status, and the gateway's log entry.
 */
export async function startGateway(options) {
  const { port, resource, issuer, upstream, scopes, env, logFile, credentials } = options;
  const endpoint = { path: '/mcp', issuers: ['main'], upstream, scopes };
  const endpoints = Object.entries(credentials ?? {}).map(([path, credential]) => ({
    ...endpoint,
    path,
    audience: [resource],
    upstream: { url: upstream, credential },
  }));
  const config = {
    publicUrl: new URL(resource).origin,
    listen: { host: '127.0.0.1', port },
    admin: { host: '127.0.0.1', port: 0 },
    issuers: { main: issuer },
    endpoints: credentials === undefined ? [endpoint] : endpoints,
  };
  // JSON is YAML.
  writeFileSync(`${logFile}.yaml`, JSON.stringify(config, null, 2));
  const lines = [];
  const args = [gatewayMain, 'serve', '--config', `${logFile}.yaml`];
  const gateway = startChild(process.execPath, args, {
    env: { ...cleanEnvironment(), ...env },
    logFile,
    onLine: (line) => line.startsWith('{') && lines.push(line),
  });
  const url = `http://127.0.0.1:${port}`;
  if (!(await isAnswering(`${url}/readyz`, 30, gateway.running))) {
    await gateway.end();
    throw new Error(`the gateway does not become ready; see ${logFile}`);
  }

  async function call(token, path = '/mcp') {
    const ping = { method: 'ping' };
    const sent = { headers: bearer(token), ms: CALL_MS };
    const { status, headers } = await sendMessage(url + path, ping, sent);
    const entry = await entryOf(headers.get('x-request-id'), lines);
    return { status, reason: entry.reason, detail: entry.detail, entry };
  }
  return { call, stop: gateway.end };
}
