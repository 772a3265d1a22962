// Measures a gateway of two workers beside one of one process: the same build and the same call, in
// one interleaved run.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitOnSignals } from '../test/fixtures/child.js';
import { startConfigured } from '../test/fixtures/launch.js';
import { startIssuer } from '../test/fixtures/signing-issuer.js';
import { compare, table } from './compare.mjs';
import { requestBytes } from './json-call.mjs';
import { processTree, startOwn, whileKept } from './processes.mjs';
import { checkRejection, sliceOptions } from './slices.mjs';
import { median } from './statistics.mjs';

const USAGE = `usage: node bench/workers.mjs [--starts N] [--rounds N] [--seconds S] [--main MAIN]

  --starts N    starts of all gateways, 3 when absent
  --rounds N    rounds of one slice per target and start, 12 when absent
  --seconds S   length of a slice, 0.6 when absent
  --main MAIN   the main.js of a build; dist/main.js when absent

The load generator and the upstream need cores of their own: with two cores, two workers share them
with these. "one again" shows the noise of the run. CPU is that of all processes of a gateway. The
exit code is 1 where two workers serve less than 1.25 x the requests of one.`;

const BASE = 'one';
const LEAST = 1.25;
const PLANS = { [BASE]: 1, 'one again': 1, 'two workers': 2 };
const folder = fileURLToPath(new URL('../.scratch/bench/', import.meta.url));
const say = (line) => console.log(`- ${line}`);
const { starts, rounds, seconds, main } = sliceOptions(USAGE);

const mib = (pid) =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024);

function run(start) {
  return whileKept(async (keep) => {
    const issuer = keep(await startIssuer());
    const upstream = keep(await startOwn('upstream.mjs'));
    const load = keep(await startOwn('load.mjs'));
    const targets = [];
    for (const [name, workers] of Object.entries(PLANS)) {
      const config = {
        workers,
        issuers: { main: { issuer: issuer.issuer } },
        endpoints: [
          {
            path: '/mcp',
            issuers: ['main'],
            scopes: ['mcp'],
            upstream: `http://127.0.0.1:${upstream.port}/mcp`,
          },
        ],
      };
      const logFile = join(folder, `workers-${name.replaceAll(' ', '-')}.log`);
      const { url, port, pid } = keep(await startConfigured({ main, logFile, config }));
      await checkRejection(load, name, port);
      const request = requestBytes(port, `Authorization: Bearer ${await issuer.mint(url)}`);
      targets.push({ name, port, request, pids: processTree(pid) });
    }
    if (start === 1)
      for (const { name, pids } of targets) say(`${name}: ${pids.map(mib).join(' + ')} MiB, idle`);
    return compare(load, targets, { rounds, seconds, say, base: BASE });
  });
}

async function measureAll() {
  exitOnSignals();
  mkdirSync(folder, { recursive: true });
  const ratios = new Map();
  for (let start = 1; start <= starts; start++) {
    say(`start ${start} of ${starts}`);
    const rows = await run(start);
    console.log(`\n${table(rows, BASE)}\n`);
    for (const { name, rateRatio } of rows)
      ratios.set(name, [...(ratios.get(name) ?? []), rateRatio]);
  }
  for (const [name, all] of ratios)
    console.log(`${name}: ${median(all).toFixed(2)} x the requests/s of one process`);
  return median(ratios.get('two workers')) >= LEAST ? 0 : 1;
}

process.exitCode = await measureAll();
