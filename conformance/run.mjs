// Proves that the official MCP conformance suite has the same result through the gateway as
// directly against the server.
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { exitOnSignals } from '../test/fixtures/child.js';
import { startConfigured, startGateway } from '../test/fixtures/launch.js';
import { startIssuer } from '../test/fixtures/signing-issuer.js';
import { compare, formatTable, summarize } from './compare.mjs';
import { startHop } from './hop.mjs';
import { startServer } from './processes.mjs';
import { prepareSuite, requiredScenarios, runSuite } from './suite.mjs';

const USAGE = `usage: node conformance/run.mjs [--revision <revision>]... [--gateway none|<file>]
                               [--limits] [--workers]
  --revision   2025-11-25 or 2026-07-28; both when absent
  --gateway    none: the hop sends to the server, which proves that the hop changes nothing;
               <file>: the gateway's main file, dist/main.js when absent
  --limits     with every kind of limit, each wide enough for the suite
  --workers    with two workers`;

const REVISIONS = ['2025-11-25', '2026-07-28'];
const here = dirname(fileURLToPath(import.meta.url));
const home = join(here, '..', '.scratch', 'conformance');
const say = (line) => console.log(`- ${line}`);

/** Checks that the gateway rejects a request without a token: the suite must run through checks. */
async function checkRejection(url) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }),
    signal: AbortSignal.timeout(10_000),
  });
  await answer.body?.cancel();
  if (answer.status !== 401)
    throw new Error(
      `the gateway answered a request without a token with ${answer.status}, not 401`,
    );
}

const WIDE = { ratePerMinute: 60_000, burst: 60_000 };
const ALL = { perPrincipal: WIDE, perClient: WIDE, perTool: { '*': WIDE }, perEndpoint: WIDE };

/** `limits`, `workers`: the options of the command line. */
const configuration = (issuer, upstream, { limits, workers }) => ({
  issuers: { main: { issuer } },
  endpoints: [{ path: '/mcp', issuers: ['main'], upstream, ...(limits && { limits: ALL }) }],
  ...(limits && { limits: { failedCredentials: WIDE } }),
  ...(workers && { workers: 2 }),
});

/** Starts the target of the hop: the gateway, or with `--gateway none` the server itself. */
async function startTarget({ gatewayFile, ...variant }, server, folder, opened) {
  if (gatewayFile === 'none') return { url: server.url, token: 'none' };
  const issuer = await startIssuer();
  opened.push(issuer.close);
  const usual = { main: gatewayFile, logFile: join(folder, 'gateway.log') };
  const upstream = server.url;
  const gateway =
    variant.limits || variant.workers
      ? await startConfigured({ ...usual, config: configuration(issuer.issuer, upstream, variant) })
      : await startGateway({ ...usual, upstream, issuer: issuer.issuer });
  opened.push(gateway.stop);
  await checkRejection(gateway.url);
  return { url: gateway.url, token: await issuer.mint(gateway.url) };
}

/**
 * Runs the suite twice for a revision. Resolves with true if the server passes and both results are
 * the same.
 */
async function prove(suite, revision, options) {
  const folder = join(home, revision);
  mkdirSync(folder, { recursive: true });
  const opened = [];
  try {
    const server = await startServer(
      join(here, `server-${revision}.mjs`),
      join(folder, 'server.log'),
    );
    opened.push(server.stop);
    const common = { revision, say };
    const run = (side, url) =>
      runSuite(suite, {
        ...common,
        url,
        folder: join(folder, side),
        logFile: join(folder, `${side}.log`),
        label: `${revision} ${side}`,
      });
    const direct = await run('direct', server.url);

    const target = await startTarget(options, server, folder, opened);
    const hopLog = join(folder, 'hop.jsonl');
    writeFileSync(hopLog, '');
    const record = (entry) => appendFileSync(hopLog, `${JSON.stringify(entry)}\n`);
    const hop = await startHop({ target: target.url, token: target.token, record });
    opened.push(hop.close);
    const through = await run('through', hop.url);

    const rows = compare(requiredScenarios(suite, revision), direct.results, through.results);
    const passed = direct.code === 0 && rows.every((row) => row.passes || !row.counts);
    const same = rows.every((row) => row.same) && hop.count() > 0;
    console.log(`\n${revision}\n${formatTable(rows)}\n`);
    console.log(`  direct:  ${summarize(rows, 'direct')} (${direct.seconds.toFixed(1)} s)`);
    console.log(
      `  through: ${summarize(rows, 'through')} (${through.seconds.toFixed(1)} s, ${hop.count()} requests)`,
    );
    console.log(
      `  the server ${passed ? 'passes' : 'DOES NOT PASS'} directly; the results are ${same ? 'the same' : 'NOT THE SAME'}\n`,
    );
    return passed && same;
  } finally {
    for (const close of opened.reverse()) await close();
  }
}

function readArguments() {
  const options = {
    revision: { type: 'string', multiple: true },
    gateway: { type: 'string' },
    limits: { type: 'boolean', default: false },
    workers: { type: 'boolean', default: false },
    help: { type: 'boolean' },
  };
  const { values } = parseArgs({ options });
  const revisions = values.revision ?? REVISIONS;
  if (values.help || !revisions.every((revision) => REVISIONS.includes(revision))) {
    console.error(USAGE);
    process.exit(values.help ? 0 : 2);
  }
  const gatewayFile = values.gateway ?? join(here, '..', 'dist', 'main.js');
  if (gatewayFile !== 'none' && !existsSync(gatewayFile)) {
    console.error(`${gatewayFile} is missing: run \`npm run build\` first, or use --gateway none`);
    process.exit(2);
  }
  const { limits, workers } = values;
  return { revisions, gatewayFile, limits, workers };
}

const { revisions, ...options } = readArguments();
exitOnSignals();
const started = performance.now();
const suite = await prepareSuite(home, say);
const results = [];
for (const revision of revisions) {
  const result = prove(suite, revision, options).catch((error) => {
    console.error(`${revision}: ${error.message}`);
    return false;
  });
  results.push(await result);
}
const good = results.every(Boolean);
const through = options.workers ? 'through a gateway with two workers' : 'through the gateway';
const where = options.gatewayFile === 'none' ? 'through the hop alone' : through;
console.log(
  `${good ? 'same result' : 'DIFFERENT OR FAILING'} ${where} (${((performance.now() - started) / 1000).toFixed(0)} s)`,
);
process.exitCode = good ? 0 : 1;
