// Measures the memory of oauth2-proxy and of the gateway in the same way, and the size of the
// program of oauth2-proxy: the figures of docs/performance.md. Both verify a JWT and pass the call
// on.
//
// Usage: `node scripts/verify/rivals.mjs [--cache FOLDER] [--node PATH]`, after `npm run build`, on
// Linux. It builds oauth2-proxy in the cache with Go, as its release does. `--node` runs the
// gateway; without it the Node of the script does.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { exitOnSignals, runToEnd, startIntoFile } from '../../test/fixtures/child.js';
import {
  cleanEnvironment,
  gatewayMain,
  leasePort,
  startGateway,
} from '../../test/fixtures/launch.js';
import { until } from '../../test/fixtures/wait.js';
import { measureServer, startWorld } from './package/idle.mjs';

const MODULE = 'github.com/oauth2-proxy/oauth2-proxy/v7';
const VERSION = 'v7.15.6';
const AUDIENCE = 'mcp';
const BUILD_MS = 20 * 60_000;
const START_MS = 20_000;
/** Each starts so often; the middle one counts. */
const STARTS = 3;

exitOnSignals();
const options = { cache: { type: 'string' }, node: { type: 'string' } };
const { values } = parseArgs({ options });
const node = values.node ?? process.execPath;
const cache = values.cache ?? join(tmpdir(), 'portcullis-rivals');
const megabytes = (bytes) => (bytes / 1_000_000).toFixed(1);

/** The program with its symbols: its Dockerfile keeps them. Go builds nothing that it has. */
async function buildProgram() {
  mkdirSync(cache, { recursive: true });
  const logFile = join(cache, 'build.log');
  const env = {
    ...cleanEnvironment(),
    ...{ CGO_ENABLED: '0', GOBIN: cache, GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local' },
  };
  const args = ['-n', '19', 'go', 'install', '-p', '2', `${MODULE}@${VERSION}`];
  const code = await runToEnd(BUILD_MS, 'nice', args, { cwd: cache, env, logFile });
  if (code !== 0) throw new Error(`go install ended with ${code}; see ${logFile}`);
  return join(cache, 'oauth2-proxy');
}

/** It starts on a port of its own and takes JWTs in place of its cookie. */
async function startOauth2Proxy(program, { issuer, upstream }, logFile) {
  const { port, release } = await leasePort();
  const origin = `http://127.0.0.1:${port}`;
  const args = [
    `--http-address=127.0.0.1:${port}`,
    `--upstream=${upstream}`,
    '--provider=oidc',
    `--oidc-issuer-url=${issuer}`,
    `--client-id=${AUDIENCE}`,
    '--client-secret=unused',
    `--cookie-secret=${randomBytes(16).toString('hex')}`,
    `--redirect-url=${origin}/oauth2/callback`,
    '--email-domain=*',
    '--oidc-email-claim=sub',
    '--skip-jwt-bearer-tokens',
    '--bearer-token-login-fallback=false',
  ];
  const child = startIntoFile(program, args, { env: cleanEnvironment(), logFile });
  const stop = () => child.end().finally(release);
  const answers = async () => !child.running() || (await fetch(`${origin}/ping`)).ok;
  try {
    await until('oauth2-proxy answers', answers, START_MS);
    if (!child.running()) throw new Error(`oauth2-proxy ended by itself; see ${logFile}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `${origin}/mcp`, pid: child.pid, stop };
}

const middle = (numbers) => numbers.toSorted((one, other) => one - other)[numbers.length >> 1];

/** The middle of several starts: resident memory, and the part that is the process's own. */
async function measured(start, mint) {
  const runs = [];
  for (let count = 0; count < STARTS; count += 1) {
    const server = await start(count);
    try {
      runs.push(await measureServer(server, await mint(server.url)));
    } finally {
      await server.stop();
    }
  }
  const text = (moment) => {
    const [resident, own] = ['resident', 'own'].map((name) =>
      megabytes(middle(runs.map((run) => run[moment][name]))),
    );
    return `${resident} MB (own ${own})`;
  };
  return `${text('afterStart')} after the start, ${text('afterCalls')} after calls`;
}

const program = await buildProgram();
const scratch = mkdtempSync(join(tmpdir(), 'portcullis-rivals-'));
const world = await startWorld();
try {
  const bytes = readFileSync(program);
  const sizes = [bytes.length, gzipSync(bytes, { level: 9 }).length].map(megabytes);
  const log = (name, count) => join(scratch, `${name}-${count}.log`);
  const startRival = (count) => startOauth2Proxy(program, world, log('rival', count));
  const startOurs = (count) =>
    startGateway({
      ...{ issuer: world.issuer, upstream: world.upstream },
      ...{ main: gatewayMain, node, logFile: log('gateway', count) },
    });
  // Both only wait while the other is measured.
  const [rival, ours] = await Promise.all([
    measured(startRival, () => world.mint(AUDIENCE)),
    measured(startOurs, (url) => world.mint(url)),
  ]);
  const version = execFileSync(node, ['--version'], { encoding: 'utf8', timeout: 10_000 }).trim();
  console.log(`the gateway, Node ${version}: ${ours}`);
  console.log(`oauth2-proxy ${VERSION}: ${sizes[0]} MB, ${sizes[1]} MB compressed; ${rival}`);
} finally {
  await world.close();
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
}
