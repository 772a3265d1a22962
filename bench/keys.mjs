// Measures what a large file of API keys costs: the time of the start and of a reload, and the
// memory. Gateways with few keys and with many start in turns, each in a fresh process.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { exitOnSignals, startChild } from '../test/fixtures/child.js';
import { cleanEnvironment } from '../test/fixtures/launch.js';
import { withDeadline } from '../test/fixtures/wait.js';

const USAGE = `usage: node bench/keys.mjs [--keys N] [--rounds N]

  --keys N     keys of the file, 100000 when absent; the other gateway has one key
  --rounds N   starts of each gateway, 5 when absent`;

const LIMIT_MS = 60_000;
/** The garbage of the start is collected by then. */
const SETTLE_MS = 3_000;

const { values } = parseArgs({
  options: {
    keys: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '5' },
    help: { type: 'boolean', default: false },
  },
});
const [keys, rounds] = [values.keys, values.rounds].map(Number);
const isCount = (n, most) => Number.isInteger(n) && n >= 1 && n <= most;
if (values.help || !isCount(keys, 1_000_000) || !isCount(rounds, 20)) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'portcullis-keys-'));

/** A configuration whose file has this many keys, as `portcullis hash-key --line` writes them. */
function configOf(count) {
  const lines = Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      name: `customer-${i}`,
      sha256: randomBytes(32).toString('hex'),
      scopes: ['files:read'],
      tenant: `tenant-${i % 5_000}`,
    }),
  );
  writeFileSync(join(folder, `${count}.jsonl`), `${lines.join('\n')}\n`);
  const config = join(folder, `${count}.json`);
  writeFileSync(
    config,
    JSON.stringify({
      publicUrl: 'https://mcp.example.com',
      listen: { port: 0 },
      admin: { port: 0 },
      apiKeysFile: `${count}.jsonl`,
      endpoints: [
        { path: '/mcp', apiKeys: [{ header: 'X-Api-Key' }], upstream: 'http://127.0.0.1:9/mcp' },
      ],
    }),
  );
  return config;
}

const residentMb = (pid) =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

const settled = () => new Promise((resolve) => setTimeout(resolve, SETTLE_MS));

async function measure(config) {
  let waiting = null;
  const lineWith = (event) =>
    withDeadline(event, new Promise((resolve) => (waiting = { event, resolve })), LIMIT_MS);
  const onLine = (line) => {
    if (waiting !== null && line.includes(waiting.event)) waiting.resolve(performance.now());
  };
  const began = performance.now();
  const args = [main, 'serve', '--config', config];
  const child = startChild(process.execPath, args, { env: cleanEnvironment(), onLine });
  try {
    const startMs = (await lineWith('gateway.listening')) - began;
    await settled();
    const afterStartMb = residentMb(child.pid);
    const signalled = performance.now();
    const reloaded = lineWith('api_keys.reloaded');
    process.kill(child.pid, 'SIGHUP');
    const reloadMs = (await reloaded) - signalled;
    await settled();
    return { startMs, afterStartMb, reloadMs, afterReloadMb: residentMb(child.pid) };
  } finally {
    await child.stop('SIGTERM');
  }
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

exitOnSignals();
const sizes = [1, keys];
const configs = new Map(sizes.map((count) => [count, configOf(count)]));
const results = new Map(sizes.map((count) => [count, []]));
try {
  for (let round = 0; round < rounds; round++) {
    for (const count of sizes) results.get(count).push(await measure(configs.get(count)));
    console.log(`- ${round + 1} of ${rounds} rounds`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
const columns = [
  ['start ms', 'startMs'],
  ['MB after it', 'afterStartMb'],
  ['reload ms', 'reloadMs'],
  ['MB after it', 'afterReloadMb'],
];
console.log(`\nkeys      ${columns.map(([title]) => title.padStart(12)).join('')}`);
for (const count of sizes) {
  const cells = columns.map(([, field]) =>
    median(results.get(count).map((one) => one[field]))
      .toFixed(1)
      .padStart(12),
  );
  console.log(`${String(count).padEnd(10)}${cells.join('')}`);
}
