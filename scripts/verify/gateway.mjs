// Starts the gateway as a process for the scripts and the bench, waits until it is ready, ends it.
//
// Its output goes to a file.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { stop, within } from '../../conformance/child.mjs';

const START_MS = 20_000;
const POLL_MS = 50;

/** The main file of the gateway; `npm run build` writes it. */
export const gatewayMain = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** A loopback port that was just free: the gateway needs its public URL before it listens. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** This process's environment without a gateway's variables: it rejects those it does not know. */
export const cleanEnvironment = () =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('PORTCULLIS_')),
  );

/** The variables of a gateway on loopback whose endpoint is /mcp. */
export const gatewayVariables = ({ port, upstream, issuer, scope }) => ({
  PORTCULLIS_UPSTREAM: upstream,
  PORTCULLIS_PUBLIC_URL: `http://127.0.0.1:${port}/mcp`,
  PORTCULLIS_ISSUER: issuer,
  PORTCULLIS_SCOPES: scope,
  PORTCULLIS_LISTEN: `127.0.0.1:${port}`,
  PORTCULLIS_ADMIN: '127.0.0.1:0',
});

/** The same as a file, because the environment has no variables for rules. JSON is YAML. */
function withTools({ port, upstream, issuer, scope, tools }) {
  const endpoint = { path: '/mcp', issuers: ['main'], upstream, scopes: [scope], tools };
  const listen = { listen: { host: '127.0.0.1', port }, admin: { host: '127.0.0.1', port: 0 } };
  return JSON.stringify({
    publicUrl: `http://127.0.0.1:${port}`,
    ...listen,
    issuers: { main: { issuer } },
    endpoints: [endpoint],
  });
}

/** Ends the child when this process ends. */
export function endWithUs(child) {
  const kill = () => child.kill('SIGKILL');
  process.on('exit', kill);
  child.once('close', () => process.off('exit', kill));
  return child;
}

async function ready(origin, child, logFile) {
  const end = Date.now() + START_MS;
  while (Date.now() < end) {
    if (child.exitCode !== null)
      throw new Error(`the gateway ended with ${child.exitCode}; see ${logFile}`);
    const answer = await fetch(`${origin}/readyz`, { signal: AbortSignal.timeout(1000) }).catch(
      () => undefined,
    );
    await answer?.body?.cancel();
    if (answer?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`the gateway was not ready after ${START_MS / 1000} s; see ${logFile}`);
}

/**
 * Starts the gateway on `node` and resolves when it is ready. `tools`: rules for the tools of its
 * endpoint. `main`: the main.js of the build.
 * @returns {Promise<{ url: string, port: number, pid: number, stop: () => Promise<void> }>}
 */
export async function startGateway({
  node = process.execPath,
  upstream,
  issuer,
  scope,
  logFile,
  tools,
  main = gatewayMain,
}) {
  const port = await freePort();
  const configFile = `${logFile}.yaml`;
  if (tools !== undefined)
    writeFileSync(configFile, withTools({ port, upstream, issuer, scope, tools }));
  const given = tools === undefined ? [] : ['--config', configFile];
  const variables = tools === undefined ? gatewayVariables({ port, upstream, issuer, scope }) : {};
  const env = { ...cleanEnvironment(), ...variables };
  // A file, not a pipe: so this process does no work for the gateway's output.
  const log = openSync(logFile, 'w');
  const child = endWithUs(
    spawn(node, [main, 'serve', ...given], { env, stdio: ['ignore', log, log] }),
  );
  closeSync(log);
  const exited = once(child, 'close');
  exited.catch(() => {});
  const end = () => stop({ child, exited });
  const origin = `http://127.0.0.1:${port}`;
  try {
    const failed = exited.then(([code]) =>
      Promise.reject(new Error(`the gateway ended with ${code}; see ${logFile}`)),
    );
    failed.catch(() => {});
    await within(START_MS + 5000, 'gateway', Promise.race([ready(origin, child, logFile), failed]));
    return { url: `${origin}/mcp`, port, pid: child.pid, stop: end };
  } catch (error) {
    await end();
    throw error;
  }
}
