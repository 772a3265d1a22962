// Measures what audit and traces cost: gateways with and without them, and those of an older build,
// in one interleaved run.
import { mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitOnSignals } from '../test/fixtures/child.js';
import { startConfigured } from '../test/fixtures/launch.js';
import { startIssuer } from '../test/fixtures/signing-issuer.js';
import { compare, table } from './compare.mjs';
import { requestBytes } from './json-call.mjs';
import { startOwn } from './processes.mjs';
import { checkRejection, sliceOptions } from './slices.mjs';
import { median } from './statistics.mjs';

const USAGE = `usage: node bench/observers.mjs [--starts N] [--rounds N] [--seconds S] [--main MAIN] [--old MAIN]

  --starts N    starts of all gateways, 3 when absent
  --rounds N    rounds of one slice per target and start, 12 when absent
  --seconds S   length of a slice, 0.6 when absent
  --main MAIN   the main.js of a build; dist/main.js when absent
  --old MAIN    the main.js of a build from before audit and traces

All ratios are to a gateway with everything off. "off again" shows the noise of the run. The
collector takes each batch and reads nothing.`;

const BASE = 'off';
const folder = fileURLToPath(new URL('../.scratch/bench/', import.meta.url));
const say = (line) => console.log(`- ${line}`);
const { starts, rounds, seconds, main, old } = sliceOptions(USAGE, { old: { type: 'string' } });

/** A receiver of OTLP that keeps nothing. */
async function startCollector() {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end('{}'));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  return { otlp: `http://127.0.0.1:${server.address().port}`, stop };
}

function plansOf(otlp, auditFile) {
  const audit = { file: auditFile };
  return [
    ...(old === undefined ? [] : [{ name: 'old build', main: old, settings: {} }]),
    { name: BASE, main, settings: {} },
    { name: 'off again', main, settings: {} },
    { name: 'audit file', main, settings: { audit } },
    { name: 'traces of 1 %', main, settings: { traces: { otlp, sampleRatio: 0.01 } } },
    { name: 'audit, all traces', main, settings: { audit, traces: { otlp } } },
  ];
}

async function run() {
  const opened = [];
  const keep = (started) => {
    opened.push(() => started.stop());
    return started;
  };
  const auditFile = join(folder, 'observers-audit.jsonl');
  try {
    const issuer = await startIssuer();
    opened.push(issuer.close);
    const collector = keep(await startCollector());
    const upstream = keep(await startOwn('upstream.mjs'));
    const load = keep(await startOwn('load.mjs'));
    const endpoint = {
      path: '/mcp',
      issuers: ['main'],
      scopes: ['mcp'],
      upstream: `http://127.0.0.1:${upstream.port}/mcp`,
    };
    const shared = { issuers: { main: { issuer: issuer.issuer } }, endpoints: [endpoint] };
    const targets = [];
    for (const { name, main: build, settings } of plansOf(collector.otlp, auditFile)) {
      const logFile = join(folder, `observers-${targets.length}.log`);
      const config = { ...shared, ...settings };
      const { url, port, pid } = keep(await startConfigured({ main: build, logFile, config }));
      await checkRejection(load, name, port);
      const request = requestBytes(port, `Authorization: Bearer ${await issuer.mint(url)}`);
      targets.push({ name, port, pid, request, against: BASE });
    }
    return await compare(load, targets, { rounds, seconds, say, base: BASE });
  } finally {
    for (const close of opened.reverse()) await close();
    rmSync(auditFile, { force: true });
  }
}

exitOnSignals();
mkdirSync(folder, { recursive: true });
const ratios = new Map();
for (let start = 1; start <= starts; start++) {
  say(`start ${start} of ${starts}`);
  const rows = await run();
  console.log(`\n${table(rows, BASE)}\n`);
  for (const { name, rateRatio, cpuRatio } of rows)
    ratios.set(name, [...(ratios.get(name) ?? []), { rate: rateRatio, cpu: cpuRatio }]);
}
for (const [name, all] of ratios) {
  const of = (unit) => median(all.map((one) => one[unit])).toFixed(3);
  console.log(`${name}: ${of('rate')} x the requests/s, ${of('cpu')} x the CPU of a request`);
}
