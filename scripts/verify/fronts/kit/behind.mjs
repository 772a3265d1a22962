// Starts what is behind a web server: two replicas of the gateway, the identity provider and the
// MCP servers.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startIdp } from '../../../../compiled/commands/demo/idp.js';
import { startChild } from '../../../../test/fixtures/child.js';
import {
  cleanEnvironment,
  gatewayMain,
  leasePort,
  untilServing,
} from '../../../../test/fixtures/launch.js';
import { withDeadline } from '../../../../test/fixtures/wait.js';

const START_MS = 60_000;
/** The pause of a replica and its drain of 25 s, and some more. */
const STOP_MS = 60_000;
/** Longer than two checks of the sample that checks most seldom. With 0 the load check fails. */
const DELAY_SECONDS = Number(process.env.FRONTS_DELAY_SECONDS ?? 5);
/** The processes of each replica. */
const WORKERS = Number(process.env.FRONTS_WORKERS ?? 1);
export const SCOPE = 'files:read';
/**
 * The endpoints: the two SDK servers, the lab, the lab with a comment every 5 s, and the server
 * that numbers its events.
 */
export const PATHS = {
  v1: '/v1/mcp',
  v2: '/v2/mcp',
  lab: '/lab/mcp',
  quick: '/quick/mcp',
  numbers: '/numbers/mcp',
};

const script = (name) => fileURLToPath(new URL(name, import.meta.url));

async function startServer(file, label, folder) {
  const { port, release } = await leasePort();
  let tellReady;
  const ready = new Promise((resolve) => (tellReady = resolve));
  const child = startChild(process.execPath, [script(file), String(port)], {
    env: cleanEnvironment(),
    logFile: join(folder, `${label}.log`),
    onLine: (line) => line.trim() === 'ready' && tellReady(),
  });
  await withDeadline(`${label} is ready`, ready, START_MS);
  const stop = async () => {
    await child.end();
    release();
  };
  return { url: `http://127.0.0.1:${port}/mcp`, origin: `http://127.0.0.1:${port}`, stop };
}

/** The identity provider and the MCP servers, which all fronts share. */
export async function startServers(folder) {
  const idp = await startIdp({ scopes: [SCOPE], tokenTtl: 7200 });
  const [v1, v2, lab, numbers] = await Promise.all([
    startServer('../../sdks/typescript/server-v1.mjs', 'server-v1', folder),
    startServer('../../sdks/typescript/server-v2.mjs', 'server-v2', folder),
    startServer('lab.mjs', 'lab', folder),
    startServer('numbers.mjs', 'numbers', folder),
  ]);
  const stop = async () => {
    for (const part of [v1, v2, lab, numbers, idp]) await part.stop();
  };
  return { idp, v1, v2, lab, numbers, stop };
}

/** JSON is YAML. */
function configuration({ port, origin, idp, v1, v2, lab, numbers }) {
  const endpoint = (path, upstream, more) => ({
    path,
    issuers: ['main'],
    scopes: [SCOPE],
    upstream,
    ...more,
  });
  return {
    publicUrl: origin,
    workers: WORKERS,
    listen: { host: '127.0.0.1', port },
    admin: { host: '127.0.0.1', port: 0 },
    logLevel: 'warn',
    sessionKeys: ['${env:FRONTS_SESSION_KEY}'],
    issuers: { main: { issuer: idp.issuer } },
    drain: { delaySeconds: DELAY_SECONDS },
    endpoints: [
      endpoint(PATHS.v1, v1.url),
      endpoint(PATHS.v2, v2.url),
      endpoint(PATHS.lab, lab.url),
      endpoint(PATHS.numbers, numbers.url),
      endpoint(PATHS.quick, lab.url, { streams: { keepAliveSeconds: 5 } }),
    ],
  };
}

/** One replica on a port that it keeps over a restart. */
async function startReplica({ folder, name, servers, origin, env }) {
  const { port, release } = await leasePort();
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, JSON.stringify(configuration({ port, origin, ...servers }), null, 2));
  let starts = 0;
  let child;
  async function start() {
    starts += 1;
    const logFile = join(folder, `${name}-${starts}.log`);
    const args = [gatewayMain, 'serve', '--config', file];
    child = startChild(process.execPath, args, { env: { ...cleanEnvironment(), ...env }, logFile });
    await untilServing(child, `http://127.0.0.1:${port}`, '/readyz', START_MS);
  }
  await start();
  return {
    port,
    /** Stops it as a service manager does, and starts it again. */
    async restart() {
      await child.stop('SIGTERM', STOP_MS);
      await start();
    },
    async stop() {
      if (child.running()) await child.stop('SIGINT', 100).catch(() => {});
      release();
    },
  };
}

/** Two replicas with the public URL of the front, and a token for each endpoint. */
export async function startReplicas(servers, origin, folder) {
  for (const path of Object.values(PATHS)) servers.idp.addResource(`${origin}${path}`, 'jwt');
  const env = { FRONTS_SESSION_KEY: randomBytes(32).toString('base64') };
  const start = (name) => startReplica({ folder, name, servers, origin, env });
  const replicas = await Promise.all([start('replica-1'), start('replica-2')]);
  const tokens = {};
  for (const [name, path] of Object.entries(PATHS))
    tokens[name] = await servers.idp.token({ resource: `${origin}${path}`, scope: SCOPE });
  const stop = async () => {
    for (const replica of replicas) await replica.stop();
  };
  return { replicas, tokens, stop };
}
