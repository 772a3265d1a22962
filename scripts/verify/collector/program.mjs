// Builds the OpenTelemetry Collector with Go, and runs it: what it receives goes to files.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runToEnd, startChild } from '../../../test/fixtures/child.js';
import { cleanEnvironment, leasePort } from '../../../test/fixtures/launch.js';
import { until } from '../../../test/fixtures/wait.js';
import { copySources } from '../sdks/sources.mjs';
import { received } from './received.mjs';

const SOURCES = fileURLToPath(new URL('go', import.meta.url));
const BUILD_MS = 15 * 60_000;
const VERSION_MS = 30_000;
const START_MS = 20_000;

/** The version of a collector module in go.mod. */
export const collectorVersion = () =>
  /collector\/otelcol (v\S+)/.exec(readFileSync(join(SOURCES, 'go.mod'), 'utf8'))[1];

const sourcesHash = () => {
  const hash = createHash('sha256');
  for (const name of ['go.mod', 'main.go']) hash.update(readFileSync(join(SOURCES, name)));
  return hash.digest('hex');
};

async function run(ms, args, options) {
  const env = { ...cleanEnvironment(), GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local' };
  const code = await runToEnd(ms, 'go', args, { ...options, env }).catch(() => null);
  if (code !== 0) throw new Error(`\`go ${args.join(' ')}\` ended with ${code}`);
}

/** Builds the collector into `cache` unless it is there. The build takes some minutes once. */
export async function findCollector(cache, say) {
  const [program, mark] = [join(cache, 'collector'), join(cache, 'collector.sha256')];
  const hash = sourcesHash();
  if (existsSync(program) && existsSync(mark) && readFileSync(mark, 'utf8') === hash)
    return program;
  mkdirSync(cache, { recursive: true });
  await run(VERSION_MS, ['version']).catch(() => {
    throw new Error(`there is no collector in ${cache}, and no Go to build it: install Go`);
  });
  const cwd = join(cache, 'src');
  copySources(SOURCES, cwd);
  const logFile = join(cache, 'build.log');
  say(`building the collector ${collectorVersion()}; see ${logFile}`);
  await run(BUILD_MS, ['build', '-p', '2', '-o', program, '.'], { cwd, logFile });
  writeFileSync(mark, hash);
  return program;
}

function configuration(port, fileOf) {
  const signals = ['logs', 'traces', 'metrics'];
  const exporters = signals.map((signal) => [
    `file/${signal}`,
    { path: fileOf(signal), append: true },
  ]);
  const pipelines = signals.map((signal) => [
    signal,
    { receivers: ['otlp'], exporters: [`file/${signal}`] },
  ]);
  return JSON.stringify({
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
    exporters: Object.fromEntries(exporters),
    service: {
      telemetry: { metrics: { level: 'none' } },
      pipelines: Object.fromEntries(pipelines),
    },
  });
}

const listens = (port) =>
  new Promise((resolve, reject) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.on('connect', () => socket.end(() => resolve(true))).on('error', reject);
  });

/** Runs it on a port of its own. `start` and `stop` may follow each other. */
export async function createCollector(program, folder) {
  const { port, release } = await leasePort();
  const file = join(folder, 'collector.yaml');
  const fileOf = (signal) => join(folder, `${signal}.jsonl`);
  writeFileSync(file, configuration(port, fileOf));
  let child = null;
  let starts = 0;
  return {
    url: `http://127.0.0.1:${port}`,
    ...received(fileOf),
    async start() {
      starts += 1;
      const logFile = join(folder, `collector-${starts}.log`);
      const own = startChild(program, ['--config', file], { env: cleanEnvironment(), logFile });
      child = own;
      await until(
        'the collector listens',
        async () => !own.running() || (await listens(port)),
        START_MS,
      );
      if (!own.running()) throw new Error(`the collector ended by itself; see ${logFile}`);
    },
    stop: () => child?.end(),
    release,
  };
}
