// Measures how fast the gateway starts with many endpoints, and how much memory it takes: one build
// or several, interleaved in one run.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { exitOnSignals, startChild } from '../test/fixtures/child.js';
import { cleanEnvironment } from '../test/fixtures/launch.js';
import { withDeadline } from '../test/fixtures/wait.js';

const USAGE = `usage: node bench/start.mjs [--endpoints N] [--issuers N] [--rounds N] [MAIN ...]

  --endpoints N   endpoints of the configuration, 1000 when absent
  --issuers N     issuers that they share, 10 when absent
  --rounds N      starts of each build, 5 when absent
  MAIN            the main.js of a build; several are started in turns. dist/main.js when absent`;

const START_MS = 60_000;
/** The time in which the gateway loads keys and metadata. */
const SETTLE_MS = 2_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    endpoints: { type: 'string', default: '1000' },
    issuers: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '5' },
    help: { type: 'boolean', default: false },
  },
});
const [endpoints, issuers, rounds] = [values.endpoints, values.issuers, values.rounds].map(Number);
const isCount = (n) => Number.isInteger(n) && n >= 1 && n <= 100_000;
if (values.help || ![endpoints, issuers, rounds].every(isCount)) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}
const builds =
  positionals.length > 0
    ? positionals
    : [fileURLToPath(new URL('../dist/main.js', import.meta.url))];

/** An issuer without keys: each load fails at once, which is the same work for every build. */
const issuer = createServer((_request, response) => response.writeHead(404).end());
issuer.listen(0, '127.0.0.1');
await once(issuer, 'listening');
const origin = `http://127.0.0.1:${issuer.address().port}`;

const folder = mkdtempSync(join(tmpdir(), 'portcullis-start-'));
const config = join(folder, 'portcullis.json');
writeFileSync(
  config,
  JSON.stringify({
    publicUrl: 'https://mcp.example.com',
    listen: { port: 0 },
    admin: { port: 0 },
    issuers: Object.fromEntries(
      Array.from({ length: issuers }, (_, i) => [
        `issuer-${i}`,
        { issuer: `${origin}/${i}`, jwksUri: `${origin}/${i}/jwks` },
      ]),
    ),
    endpoints: Array.from({ length: endpoints }, (_, i) => ({
      path: `/tenant-${i}/mcp`,
      issuers: [`issuer-${i % issuers}`],
      upstream: `http://127.0.0.1:9/${i}`,
    })),
  }),
);

const megabytes = (pid, field) =>
  Number(
    new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1],
  ) / 1024;

async function start(main) {
  const began = performance.now();
  let found;
  const listens = new Promise((resolve) => {
    found = resolve;
  });
  const onLine = (line) => {
    if (line.includes('gateway.listening')) found(performance.now() - began);
  };
  const args = [main, 'serve', '--config', config];
  const child = startChild(process.execPath, args, { env: cleanEnvironment(), onLine });
  try {
    const startMs = await withDeadline(`${main} listens`, listens, START_MS);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const memory = { rss: megabytes(child.pid, 'VmRSS'), peak: megabytes(child.pid, 'VmHWM') };
    return { startMs, ...memory };
  } finally {
    await child.end();
  }
}

exitOnSignals();
const median = (all) => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)];
const results = new Map(builds.map((main) => [main, []]));
try {
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? builds : builds.toReversed();
    for (const main of order) results.get(main).push(await start(main));
    console.error(`- ${round + 1} of ${rounds} rounds`);
  }
} finally {
  issuer.close();
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${endpoints} endpoints of ${issuers} issuers, medians of ${rounds} starts`);
for (const [main, all] of results) {
  const of = (field) => median(all.map((one) => one[field])).toFixed(0);
  console.log(`${main}: ${of('startMs')} ms, RSS ${of('rss')} MB, peak ${of('peak')} MB`);
}
