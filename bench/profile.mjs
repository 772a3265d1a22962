// Shows where the CPU time of a request goes: `node bench/profile.mjs`, after `npm run build`. It
// profiles the gateway and the floor with the works of the bench, and prints a Markdown table for
// each. HAProxy has no profile, but its whole CPU time.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { exitOnSignals } from '../test/fixtures/child.js';
import { until } from '../test/fixtures/wait.js';
import { folder, own } from './lab/folders.mjs';
import { startGatewayTarget } from './lab/gateways.mjs';
import { startIssuer } from './lab/issuer.mjs';
import { LAYERS, layersOf } from './lab/layers.mjs';
import { FLOOR, OWN, VERIFYING_FLOOR } from './lab/names.mjs';
import { nativePrograms } from './lab/native.mjs';
import { startUpstream } from './lab/native-run.mjs';
import { replaceSection } from './lab/page.mjs';
import { keyOf, peers, startPeer } from './lab/peers/all.mjs';
import { AUDIENCE, ISSUER, jwk, tokensOf } from './lab/tokens.mjs';
import { callSlice, works } from './lab/works.mjs';
import { markdown } from './markdown.mjs';
import { startOwn, systemMicroseconds, whileKept } from './processes.mjs';

const WARM_SECONDS = 6;
const FILE_MS = 10_000;
/** The modules as they are in src/: a sample tells its room. dist/ has them in few files. */
const MAIN = fileURLToPath(new URL('../compiled/main.js', import.meta.url));
const say = (line) => console.log(`- ${line}`);

const { values, positionals } = parseArgs({
  options: { seconds: { type: 'string', default: '4' }, markdown: { type: 'string' } },
  allowPositionals: true,
});
const able = works.filter(({ name, warms }) => warms || name === 'latency');
const chosen =
  positionals.length === 0 ? able : able.filter(({ name }) => positionals.includes(name));
const seconds = Number(values.seconds);
if (chosen.length === 0 || !(seconds > 0 && seconds <= 30)) {
  console.error(`usage: node bench/profile.mjs [--seconds 1 to 30] [--markdown FILE] [work ...]

  --markdown FILE  writes all works as one table between the marks of FILE

works: ${able.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
if (!existsSync(MAIN)) throw new Error('compiled/main.js is missing: run `npm run build` first');
exitOnSignals();
process.setMaxListeners(100);

const profileFile = join(folder('profiles'), 'profile');
/** The targets inherit them; the programs in C do not read them. */
process.env.BENCH_PROFILE = profileFile;
process.env.NODE_OPTIONS = `--import ${pathToFileURL(own('profiler.mjs')).href}`;

async function startFloor(name, args) {
  const { port, pid, stop } = await startOwn('floor.mjs', { args });
  return { name, port, pid, verifies: args.length > 1, notes: new Set(), stop, profiled: true };
}

async function startTargets(keep, upstream, issuer) {
  const { origin } = upstream;
  const trust = JSON.stringify({ jwk, issuer: ISSUER, audience: AUDIENCE });
  const given = { main: MAIN, upstream: origin, issuer: issuer.url, plain: false };
  const peer = peers.find((one) => keyOf(one) === 'haproxy');
  const haproxy = await startPeer(peer, { upstreamPort: upstream.port, say });
  if (haproxy !== null) keep(haproxy);
  const gateway = keep(await startGatewayTarget(OWN, given));
  return [
    ...(haproxy === null ? [] : [haproxy]),
    keep(await startFloor(FLOOR, [origin])),
    keep(await startFloor(VERIFYING_FLOOR, [origin, trust])),
    { ...gateway, profiled: true },
  ];
}

/**
 * Microseconds of each layer, for one request. The CPU time is of a slice of its own, because the
 * profiler takes some too.
 */
async function profiled(lab, target, work) {
  const before = systemMicroseconds(target.pid);
  const { cpu, answers: measured } = await work.run(lab, target, seconds / 2);
  const kernel = (systemMicroseconds(target.pid) - before) / measured;
  if (!target.profiled) return { cpu, kernel, layers: new Map() };
  const file = `${profileFile}-${target.pid}.json`;
  rmSync(file, { force: true });
  process.kill(target.pid, 'SIGUSR2');
  const { answers } = await work.run(lab, target, seconds / 2);
  process.kill(target.pid, 'SIGUSR2');
  await until(`the profile of ${target.name}`, () => existsSync(file), FILE_MS);
  const sums = layersOf(JSON.parse(readFileSync(file, 'utf8')));
  return { cpu, kernel, layers: new Map([...sums].map(([name, sum]) => [name, sum / answers])) };
}

const figure = (value) => (value ? value.toFixed(value < 100 ? 1 : 0) : '-');

/** Rooms in which no target spends this time are one row. */
const LEAST_US = 0.5;

/** The rows of a table: the layers, the rooms, and the rest. */
function rowsOf(results) {
  const seen = [...new Set(results.flatMap(({ layers }) => [...layers.keys()]))];
  const most = (name) => Math.max(...results.map(({ layers }) => layers.get(name) ?? 0));
  const rooms = seen.filter((name) => !LAYERS.includes(name));
  const rest = rooms.filter((name) => most(name) < LEAST_US);
  const sum = (layers) => rest.reduce((all, name) => all + (layers.get(name) ?? 0), 0);
  const named = [...LAYERS, ...rooms.filter((name) => !rest.includes(name)).sort()];
  const row = (name) => [name, ...results.map(({ layers }) => figure(layers.get(name)))];
  return [...named.map(row), ['rest', ...results.map(({ layers }) => figure(sum(layers)))]];
}

const table = (results) =>
  markdown(
    ['CPU µs per request', ...results.map(({ name }) => name)],
    [
      ['all CPU time', ...results.map(({ cpu }) => figure(cpu))],
      ['of it in the kernel', ...results.map(({ kernel }) => figure(kernel))],
      ...rowsOf(results),
    ],
  );

const LAYER_COLUMNS = [...LAYERS, 'gateway'];

/** One row for each target: the rooms are one column, and what is below HAProxy is unknown. */
function summaryRows(title, results) {
  return results.map(({ name, cpu, kernel, layers }) => {
    const own = [...layers].filter(([layer]) => !LAYERS.includes(layer));
    const sum = own.reduce((all, [, time]) => all + time, 0);
    const columns = [...LAYERS.map((layer) => layers.get(layer)), name === OWN ? sum : undefined];
    return [`${title}: ${name}`, ...[cpu, kernel, ...columns].map(figure)];
  });
}

const programs = nativePrograms();
const summary = [];
for (const kind of ['hot', 'unique', 'forged', 'expired']) tokensOf(kind);
await whileKept(async (keep) => {
  const upstream = keep(await startUpstream(programs.upstream));
  const issuer = keep(await startIssuer());
  const lab = { load: programs.load, upstream };
  const targets = await startTargets(keep, upstream, issuer);
  const warm = { tool: 'json', tokens: 'hot', connections: 32, seconds: WARM_SECONDS };
  for (const target of targets) await callSlice(lab, target, warm);
  for (const work of chosen) {
    const results = [];
    for (const target of targets) {
      await work.run(lab, target, 1);
      results.push({ name: target.name, ...(await profiled(lab, target, work)) });
    }
    const { title } = work.rows[0];
    console.log(`\n### ${title}\n\n${table(results)}`);
    summary.push(...summaryRows(title, results));
  }
});
if (values.markdown !== undefined) {
  const head = ['CPU µs per request', 'all', 'kernel', ...LAYER_COLUMNS];
  const page = readFileSync(values.markdown, 'utf8');
  const text = `<!-- bench table profile -->\n\n${markdown(head, summary)}`;
  writeFileSync(values.markdown, replaceSection(page, 'profile', text));
}
