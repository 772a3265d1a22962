// Proves that the servers of docs/upstream.md verify the identity JWT of a real gateway: two users
// stay apart, wrong JWTs get 401, and a rotation of the keys fails no call.
//
// Usage: `node scripts/verify/upstream.mjs [--cache FOLDER] [--quick] [typescript ...]`, after
// `npm run build`. `--quick` leaves the rotation out, which waits for a minute.
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exitOnSignals, runToEnd, startChild } from '../../test/fixtures/child.js';
import { cleanEnvironment, leasePort, startConfigured } from '../../test/fixtures/launch.js';
import { startIssuer } from '../../test/fixtures/signing-issuer.js';
import { until } from '../../test/fixtures/wait.js';
import { scratch as root } from './steps.mjs';
import { checkRotation, checkUsers, checkWrongTokens } from './upstream/checks.mjs';
import { newKey } from './upstream/keys.mjs';
import { LANGUAGES, programOf } from './upstream/snippets.mjs';

const START_MS = 20_000;
const say = (line) => console.log(line);
const options = { cache: { type: 'string' }, quick: { type: 'boolean', default: false } };
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const cache = values.cache ?? join(tmpdir(), 'portcullis-upstream');
const wanted = positionals.length === 0 ? Object.keys(LANGUAGES) : positionals;

function toolsOf(language, scratch) {
  const folder = join(cache, language);
  mkdirSync(folder, { recursive: true });
  const logFile = join(folder, 'install.log');
  async function run(command, args, { cwd = folder, env } = {}) {
    const settings = { cwd, env: { ...cleanEnvironment(), ...env }, logFile };
    const code = await runToEnd(600_000, 'nice', [command, ...args], settings);
    if (code !== 0) throw new Error(`${command} ${args[0]} ended with ${code}; see ${logFile}`);
  }
  return { folder, scratch, run, say };
}

const listens = (port) =>
  new Promise((resolve, reject) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.on('connect', () => socket.end(() => resolve(true))).on('error', reject);
  });

async function startServer({ language, port }, gateway, scratch) {
  const tools = toolsOf(language, scratch);
  const program = await programOf(language, { gateway, port }, tools);
  const logFile = join(scratch, `${language}.log`);
  const child = startChild(program.command, program.args, { env: cleanEnvironment(), logFile });
  opened.push(child.end);
  await until(`the server in ${language} listens`, () => listens(port), START_MS);
}

/** One endpoint for each language, all with one audience: each server is the only upstream. */
function configuration({ issuer, servers, apiKey }) {
  const sha256 = createHash('sha256').update(apiKey).digest('hex');
  return {
    issuers: { main: { issuer } },
    apiKeys: { machine: { sha256 } },
    identity: { keys: [referenceTo('old')] },
    endpoints: servers.map(({ language, port }) => ({
      path: `/${language}/mcp`,
      issuers: ['main'],
      apiKeys: [{ header: 'X-Api-Key' }],
      upstream: {
        url: `http://127.0.0.1:${port}/mcp`,
        credential: { kind: 'identity', audience: 'files-backend' },
      },
    })),
  };
}

exitOnSignals();
mkdirSync(root, { recursive: true });
const scratch = mkdtempSync(join(root, 'upstream-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
const opened = [];
const fileOf = (name) => join(scratch, `${name}.pem`);
const referenceTo = (name) => `\${file:${fileOf(name)}}`;

async function verifyAll() {
  const issuer = await startIssuer();
  opened.push(issuer.close);
  const keys = { old: newKey('ed25519'), next: newKey('P-256') };
  for (const [name, { pem }] of Object.entries(keys)) writeFileSync(fileOf(name), pem);
  const servers = [];
  for (const language of wanted) servers.push({ language, port: (await leasePort()).port });
  const apiKey = `sk_${randomBytes(32).toString('base64url')}`;
  const config = configuration({ issuer: issuer.issuer, servers, apiKey });
  const logFile = join(scratch, 'gateway.log');
  const lease = await leasePort();
  const origin = `http://127.0.0.1:${lease.port}`;
  // The servers start first: none of them can fetch the keys before its first call.
  const lanes = [];
  for (const server of servers) {
    const { language, port } = server;
    try {
      await startServer(server, origin, scratch);
    } catch (error) {
      say(`skipped: ${language}: ${error.message}`);
      continue;
    }
    const direct = `http://127.0.0.1:${port}/mcp`;
    lanes.push({ language, url: `${origin}/${language}/mcp`, direct });
  }
  const gateway = await startConfigured({ config, logFile, lease });
  opened.push(gateway.stop);
  const reloads = () => readFileSync(logFile, 'utf8').split('"config.reloaded"').length;
  /** Reloads with these keys, the one that signs first. */
  async function reload(...names) {
    const file = `${logFile}.yaml`;
    const written = JSON.parse(readFileSync(file, 'utf8'));
    written.identity.keys = names.map(referenceTo);
    writeFileSync(file, JSON.stringify(written));
    const before = reloads();
    process.kill(gateway.pid, 'SIGHUP');
    await until('the gateway reloads', () => reloads() > before, START_MS);
  }
  const scene = { issuer, origin, apiKey, reload, say };
  await checkUsers(lanes, scene);
  if (!values.quick) await checkRotation(lanes, scene);
  await checkWrongTokens(lanes, { ...scene, key: values.quick ? keys.old : keys.next });
  return lanes.length;
}

let count = 0;
try {
  count = await verifyAll();
} finally {
  for (const end of opened.reverse()) await end();
}
say(`the servers of docs/upstream.md: ${count} verified, ${wanted.length - count} skipped`);
process.exit(count > 0 ? 0 : 1);
