// Proves that MCP clients and servers of real SDKs work through the gateway as they work directly.
//
// Usage: `node scripts/verify/sdks.mjs [--cache FOLDER] [--scenario a,b] [typescript ...]`, after
// `npm run build`. The names choose languages or parts of SDK names.
//
// It installs each SDK at a pinned version into a cache outside the repository: FOLDER, or
// PORTCULLIS_SDKS_CACHE, or a folder for temporary files. A language whose tools are missing is
// skipped.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startIdp } from '../../compiled/commands/demo/idp.js';
import { exitOnSignals, runToEnd } from '../../test/fixtures/child.js';
import { cleanEnvironment } from '../../test/fixtures/launch.js';
import { grade, gradeFacade } from './sdks/authlab.mjs';
import { READ, startGateway, startServer, WRITE } from './sdks/driver.mjs';
import { startLenientIssuer } from './sdks/issuer.mjs';
import { inTurn, together, withOthers } from './sdks/scenarios.mjs';
import { report, verdict } from './sdks/table.mjs';

const LANGUAGES = ['typescript', 'python', 'go', 'rust', 'java'];
/** Lanes that run at the same time. */
const AT_ONCE = 2;
const TOKEN_SECONDS = 3600;

const say = (line) => console.log(line);
const options = { cache: { type: 'string' }, scenario: { type: 'string' } };
const { values, positionals: wanted } = parseArgs({ options, allowPositionals: true });
const { PORTCULLIS_SDKS_CACHE } = process.env;
const cache = values.cache ?? PORTCULLIS_SDKS_CACHE ?? join(tmpdir(), 'portcullis-sdks');
const chosen = values.scenario?.split(',');
const isChosen = ({ name }) => chosen === undefined || chosen.includes(name);

function folderOf(...names) {
  const folder = join(cache, ...names);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** The tools for a language: a command that fails means that its SDKs cannot be built here. */
function contextOf(language) {
  const folder = folderOf(language);
  const logFile = join(folder, 'install.log');
  async function run(command, args, { cwd = folder, env, minutes = 20 } = {}) {
    const settings = { cwd, env: { ...cleanEnvironment(), ...env }, logFile };
    const code = await runToEnd(minutes * 60_000, 'nice', [command, ...args], settings);
    if (code !== 0) throw new Error(`${command} ${args[0]} ended with ${code}; see ${logFile}`);
  }
  return { folder, run, say };
}

/** The SDKs of the named languages, and those of TypeScript, whose first is the reference. */
async function collect() {
  const found = { sdks: [], skipped: [] };
  const named = wanted.filter((word) => LANGUAGES.includes(word));
  for (const language of LANGUAGES) {
    const file = new URL(`./sdks/${language}.mjs`, import.meta.url);
    const isNeeded = named.length === 0 || named.includes(language) || language === LANGUAGES[0];
    if (!existsSync(file) || !isNeeded) continue;
    try {
      const { sdks } = await import(file.href);
      const list = await sdks(contextOf(language));
      found.sdks.push(...list.map((sdk) => ({ ...sdk, language })));
    } catch (error) {
      say(`skipped: ${language}: ${error.message}`);
      found.skipped.push(language);
    }
  }
  return found;
}

const parts = { opened: [] };

/** A server of an SDK, directly and behind a gateway. */
async function openLane(sdk, server) {
  const upstream = await startServer(server, parts.folder);
  parts.opened.push(upstream.stop);
  const name = `${sdk.name} at ${server.name}`;
  const gateway = await startGateway({
    name,
    upstream: upstream.url,
    strict: parts.idp.issuer,
    lenient: parts.lenient.issuer,
    folder: parts.folder,
  });
  parts.opened.push(gateway.stop);
  parts.idp.addResource(gateway.url, 'jwt');
  parts.lenient.addResource(gateway.stepUrl);
  const token = await parts.idp.token({ resource: gateway.url, scope: READ });
  return { sdk, server, upstream, gateway, token, folder: parts.folder };
}

/** A result without a scenario: a part did not start. */
const broken = (sdk, version, scenario, how) => {
  say(`  ${sdk}, ${scenario}: differs ${how}`);
  return { sdk, version, scenario, state: 'differs', how, runs: {} };
};

async function tryLane(sdk, server, results) {
  try {
    return await openLane(sdk, server);
  } catch (error) {
    results.push(broken(sdk.name, sdk.version, 'start', `with ${server.name}: ${error.message}`));
    return undefined;
  }
}

/** Runs `work` for each item, at most AT_ONCE at the same time. */
async function each(items, atOnce, work) {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function perform(lane, scenario, results) {
  const started = performance.now();
  const runs = await scenario.run(lane).catch((error) => ({ error: error.message }));
  runs.isRefusal = scenario.isRefusal === true;
  const result = verdict(lane.sdk, scenario, runs);
  results.push(result);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  say(`  ${lane.sdk.name}, ${scenario.name}: ${result.state} ${result.how} (${seconds} s)`);
}

/** The SDK with the server of another, or its server with the client of another. */
async function withOther(sdk, server, title, results) {
  const lane = await tryLane(sdk, server, results);
  if (lane === undefined) return;
  for (const scenario of withOthers.filter(isChosen))
    await perform(lane, { ...scenario, name: title }, results);
  await lane.gateway.stop();
  await lane.upstream.stop();
}

/** The grades of the public scanner for the gateway of a lane. */
const grades = [
  ['grade', (lane, context) => grade(lane, parts.idp, context)],
  ['facade grade', gradeFacade],
].map(([name, run]) => ({
  name,
  async run(lane) {
    const result = await run(lane, contextOf('python')).catch((error) =>
      broken('mcp-authlab', '', name, error.message),
    );
    say(`  mcp-authlab, ${name}: ${result.letter ?? 'no grade'} ${result.how}`);
    return result;
  },
}));

/** The pairs of an SDK with the reference. */
async function runOthers(sdks, reference, results) {
  const others = sdks.filter(({ name }) => name !== reference.name);
  await each(others, AT_ONCE, async (sdk) => {
    const { client } = reference;
    if (sdk.client !== null) await withOther(sdk, reference, `basic at ${reference.name}`, results);
    if (sdk.server !== null)
      await withOther({ ...sdk, client }, sdk, `basic by ${reference.name}`, results);
  });
}

async function runAll(all) {
  const results = [];
  const isWanted = ({ name, language }) =>
    wanted.length === 0 ||
    wanted.some((word) => word === language || name.toLowerCase().includes(word));
  const mine = all.filter(isWanted);
  const [reference] = all;
  const lanes = [];
  await each(mine, AT_ONCE, async (sdk) => {
    const complete = { ...sdk, client: sdk.client ?? reference.client };
    const lane = await tryLane(complete, sdk.server === null ? reference : sdk, results);
    if (lane !== undefined) lanes.push(lane);
  });
  for (const one of grades.filter(isChosen)) results.push(await one.run(lanes[0]));
  for (const scenario of together.filter(isChosen))
    await Promise.all(lanes.map((lane) => perform(lane, scenario, results)));
  await each(lanes, AT_ONCE, async (lane) => {
    for (const scenario of inTurn.filter(isChosen)) await perform(lane, scenario, results);
  });
  if (withOthers.some(isChosen)) await runOthers(mine, reference, results);
  const position = ({ sdk }) => all.findIndex(({ name }) => name === sdk);
  return results.sort((a, b) => position(a) - position(b));
}

exitOnSignals();
// Each child listens for the end of this process.
process.setMaxListeners(0);
// Two runs may share a cache.
parts.folder = folderOf('runs', String(process.pid));
const { sdks, skipped } = await collect();
const settings = { scopes: [READ, WRITE], tokenTtl: TOKEN_SECONDS };
parts.idp = await startIdp(settings);
parts.lenient = await startLenientIssuer(settings);
parts.opened.push(parts.idp.stop, parts.lenient.stop);
let results = [];
try {
  results = await runAll(sdks);
} finally {
  for (const end of parts.opened.reverse()) await end();
}
const text = report(results);
writeFileSync(join(cache, 'table.md'), `${text}\n`);
say(`\n${text}\n`);
const count = (state) => results.filter((result) => result.state === state).length;
say(
  `the SDKs: ${count('same')} same, ${count('known')} known differences, ` +
    `${count('differs')} DIFFER; skipped: ${skipped.join(', ') || 'none'}`,
);
const isGood = count('differs') === 0 && results.length > 0;
if (isGood) rmSync(parts.folder, { recursive: true, force: true });
else say(`the logs of the programs are in ${parts.folder}`);
process.exit(isGood ? 0 : 1);
