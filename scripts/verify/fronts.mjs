// Proves that the gateway works behind real web servers with the samples of docs/hosting.md.
//
// Usage: `node scripts/verify/fronts.mjs [--cache FOLDER] [--check a,b] [nginx ...]`, after
// `npm run build`. The names choose fronts, or one variant of a front: `nginx/h2`. Some fronts run
// only if they are named: docs/hosting/other-servers.md says what does not work behind them.
//
// It unpacks each Debian package into a cache outside the repository (FOLDER, or
// PORTCULLIS_FRONTS_CACHE, or a folder for temporary files) and installs nothing. A front whose
// package is missing is skipped. PORTCULLIS_FRONTS=nginx,caddy chooses as the names do.
import { readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exitOnSignals } from '../../test/fixtures/child.js';
import { leasePort } from '../../test/fixtures/launch.js';
import { startReplicas, startServers } from './fronts/kit/behind.mjs';
import { checkBodies } from './fronts/kit/checks-bodies.mjs';
import { checkDoctor } from './fronts/kit/checks-doctor.mjs';
import { checkLoad } from './fronts/kit/checks-load.mjs';
import { checkLogin } from './fronts/kit/checks-login.mjs';
import { checkStreams } from './fronts/kit/checks-streams.mjs';
import { certificate, emptyFolder, install, launch, versionOf } from './fronts/kit/machine.mjs';
import { createClient } from './fronts/kit/wire.mjs';
import { Skipped } from './idps/parts.mjs';

/** The load comes last: it leaves the replicas restarted. */
const CHECKS = {
  login: checkLogin,
  streams: checkStreams,
  bodies: checkBodies,
  doctor: checkDoctor,
  load: checkLoad,
};
const isFront = (file) => file.endsWith('.mjs');

const say = (line) => console.log(line);
const { PORTCULLIS_FRONTS, PORTCULLIS_FRONTS_CACHE } = process.env;
const { values, positionals } = parseArgs({
  options: { cache: { type: 'string' }, check: { type: 'string' } },
  allowPositionals: true,
});
const cache = values.cache ?? PORTCULLIS_FRONTS_CACHE ?? join(tmpdir(), 'portcullis-fronts');
const wanted = [...positionals, ...(PORTCULLIS_FRONTS?.split(',') ?? [])];
const checks = values.check?.split(',') ?? Object.keys(CHECKS);

async function allFronts() {
  const files = readdirSync(new URL('./fronts/', import.meta.url))
    .filter(isFront)
    .sort();
  const modules = await Promise.all(files.map((file) => import(`./fronts/${file}`)));
  return modules.flatMap((module) => Object.values(module)).filter((one) => one?.variants);
}

/** The results of one variant. A failed check does not end the run. */
function createReport() {
  const failed = [];
  let passed = 0;
  function report(label, isGood, seen) {
    if (isGood) passed += 1;
    else failed.push(label);
    say(`  ${isGood ? 'ok' : 'NOT OK'}  ${label}: ${seen}`);
  }
  return { report, failed, passed: () => passed };
}

async function isServing(client) {
  const answer = await client.call({ method: 'GET', path: '/healthz', fresh: true, ms: 2000 });
  return answer.status === 200;
}

/** Starts the front before two replicas and runs the checks. */
async function runVariant(front, variant, { servers, pem, home }, report) {
  const opened = [];
  const folder = emptyFolder(cache, 'runs', `${front.name}-${variant.name}`);
  try {
    const { port, release } = await leasePort();
    opened.push(release);
    const origin = `${variant.tls ? 'https' : 'http'}://127.0.0.1:${port}`;
    const behind = await startReplicas(servers, origin, folder);
    opened.push(behind.stop);
    const client = createClient({ origin, certificate: pem, http2: variant.http2 });
    opened.push(client.close);
    const world = { front, variant, origin, folder, certificate: pem, ...behind };
    const plan = await front.start({ ...world, home, port });
    for (const one of [plan].flat()) {
      const isReady = one.isReady ?? (() => isServing(client));
      const { stop } = await launch({ home, folder, ...one, isReady });
      opened.push(stop);
    }
    const possible = checks.filter((name) => name !== 'load' || variant.oneBackend !== true);
    for (const name of possible) await CHECKS[name]({ world, client, report, servers });
  } finally {
    for (const end of opened.reverse()) await end();
  }
}

async function runFront(front, shared) {
  const isWanted = ({ name }) =>
    (wanted.length === 0 && front.onlyIfNamed !== true) ||
    wanted.some((word) => word === front.name || word === `${front.name}/${name}`);
  const variants = front.variants.filter(isWanted);
  if (variants.length === 0) return [];
  let home;
  try {
    home = await install(cache, front);
  } catch (error) {
    if (!(error instanceof Skipped)) throw error;
    say(`${front.name}: skipped: ${error.message}`);
    return [{ state: 'skipped', line: `${front.name}: skipped` }];
  }
  const version = versionOf(home, front.version(home));
  const results = [];
  for (const variant of variants) {
    const name = `${front.name} ${variant.name}`;
    say(`${name} (${version}):`);
    const { report, failed, passed } = createReport();
    await runVariant(front, variant, { ...shared, home }, report).catch((error) =>
      report('the run', false, error.stack),
    );
    const state = failed.length === 0 ? 'passed' : 'failed';
    const what = state === 'passed' ? '' : `; ${failed.length} FAILED: ${failed.join('; ')}`;
    results.push({ state, line: `${name}: ${passed()} checks passed${what}` });
  }
  return results;
}

exitOnSignals();
process.setMaxListeners(0);
const fronts = await allFronts();
const folder = emptyFolder(cache, 'runs', 'servers');
const pem = certificate(emptyFolder(cache, 'certificate'));
const servers = await startServers(folder);
const results = [];
try {
  for (const front of fronts) results.push(...(await runFront(front, { servers, pem })));
} finally {
  await servers.stop();
}
const text = results.map(({ line }) => line).join('\n');
writeFileSync(join(cache, 'results.txt'), `${text}\n`);
say(`\n${text}`);
const count = (state) => results.filter((result) => result.state === state).length;
say(
  `the fronts: ${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`,
);
process.exit(count('failed') === 0 && count('passed') > 0 ? 0 : 1);
