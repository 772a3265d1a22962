// The other gateways of the table, and how each one is started. Debian packages and npm packages go
// into folders below .scratch: nothing is installed in the system.
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { libraryPath, unpack } from '../../../scripts/verify/idps/debian.mjs';
import { install } from '../../../scripts/verify/packages.mjs';
import { startChild } from '../../../test/fixtures/child.js';
import { cleanEnvironment, leasePort } from '../../../test/fixtures/launch.js';
import { until } from '../../../test/fixtures/wait.js';
import { folder, own } from '../folders.mjs';
import { AUDIENCE, ISSUER, jwk, publicPem } from '../tokens.mjs';
import { apache } from './apache.mjs';
import { express } from './express.mjs';
import { fastify } from './fastify.mjs';
import { haproxy } from './haproxy.mjs';
import { nginx } from './nginx.mjs';

const START_MS = 15_000;
export const peers = [haproxy, nginx, apache, express, fastify];
export const keyOf = ({ name }) => name.toLowerCase();

/** How to get a peer that is not there. */
const wayTo = ({ packages, npm }) =>
  npm === undefined
    ? `it needs apt-get and the Debian packages ${packages.join(' and ')}`
    : `it needs npm and the packages ${npm.map((pair) => pair.join('@')).join(' and ')}`;

/** The folder with the files of a peer, which is filled when it is needed for the first time. */
async function homeOf(peer, say) {
  if (peer.npm === undefined) return unpack(folder('packages', keyOf(peer)), peer.packages);
  const home = folder('peers', keyOf(peer));
  await install(home, peer.npm, say);
  return home;
}

/** The command of a peer that is a script: a copy beside its packages, where it finds them. */
function scriptCommand({ script }, { home, write: _write, ...setting }, node) {
  cpSync(own(`peers/${script}`), join(home, script));
  return { command: [node, join(home, script), JSON.stringify(setting)] };
}

/** An empty folder for the files that a peer writes and reads while it runs. */
function runFolder(peer) {
  const path = folder('runs', keyOf(peer));
  rmSync(path, { recursive: true });
  mkdirSync(path);
  return path;
}

async function start(peer, { node, upstreamPort, say }) {
  const home = await homeOf(peer, say);
  const path = runFolder(peer);
  const { port, release } = await leasePort();
  const write = (name, text) => {
    writeFileSync(join(path, name), text);
    return join(path, name);
  };
  const keyFile = write('key.pem', publicPem);
  const trust = { issuer: ISSUER, audience: AUDIENCE, jwk, publicPem, keyFile };
  const setting = { home, folder: path, port, upstreamPort, write, ...trust };
  const { command } =
    peer.npm === undefined ? peer.start(setting) : scriptCommand(peer, setting, node);
  const logFile = join(path, 'output.log');
  const libraries = peer.npm === undefined ? libraryPath(home) : {};
  const env = { ...cleanEnvironment(), ...libraries };
  const child = startChild(command[0], command.slice(1), { cwd: path, env, logFile });
  const stop = async () => {
    await child.end();
    release();
  };
  const rejects = async () => {
    if (!child.running()) return true;
    const signal = AbortSignal.timeout(1000);
    const response = await fetch(`http://127.0.0.1:${port}/mcp`, { method: 'POST', signal });
    await response.body?.cancel();
    return response.status === 401;
  };
  try {
    await until(`${peer.name} rejects a call without a token`, rejects, START_MS);
    if (!child.running()) throw new Error('it ended by itself');
  } catch (error) {
    await stop();
    throw new Error(`${error.message}; see ${logFile}`, { cause: error });
  }
  const target = { name: peer.name, port, pid: child.pid, stop };
  return { ...target, isPeer: true, verifies: true, notes: new Set() };
}

/** The peer as a target; null if it cannot run here, after a line that says why. */
export async function startPeer(peer, options) {
  try {
    return await start(peer, options);
  } catch (error) {
    options.say(`${peer.name} is left out: ${error.message}. ${wayTo(peer)}`);
    return null;
  }
}
