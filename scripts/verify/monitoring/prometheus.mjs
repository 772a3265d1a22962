// Runs promtool and a Prometheus with the alerts of the chart, whose times are short here.
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { startChild } from '../../../test/fixtures/child.js';
import { cleanEnvironment, leasePort } from '../../../test/fixtures/launch.js';
import { until } from '../../../test/fixtures/wait.js';
import { install } from '../fronts/kit/machine.mjs';
import { libraryPath } from '../idps/debian.mjs';
import { readAlerts } from './expressions.mjs';

const COMMAND_MS = 60_000;
const START_MS = 30_000;
const QUERY_MS = 10_000;
/** These replace the times of the alerts. Prometheus scrapes and evaluates each second. */
const RANGES = { '5m': '10s', '10m': '15s', '1h': '45s' };
const SHORT_OFFSET = '10s';
const SHORT_FOR = '2s';
/** Fifty minutes, in the alert about old keys. */
const OLD_KEYS = [/> 3000\b/, '> 5'];

const inPath = (program) =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));

/** Finds promtool and Prometheus, or unpacks the package of Debian into `cache`. */
export async function findPrograms(cache) {
  if (inPath('prometheus') && inPath('promtool'))
    return { prometheus: 'prometheus', promtool: 'promtool', env: cleanEnvironment() };
  const home = await install(cache, { name: 'prometheus', packages: ['prometheus'] });
  const program = (name) => join(home, 'usr', 'bin', name);
  const env = { ...cleanEnvironment(), ...libraryPath(home) };
  return { prometheus: program('prometheus'), promtool: program('promtool'), env };
}

/** Runs promtool. Returns whether it ended with 0, and what it printed. */
export function runPromtool({ promtool, env }, args, input = '') {
  const options = { env, input, encoding: 'utf8', timeout: COMMAND_MS };
  const { status, stdout, stderr, error } = spawnSync(promtool, args, options);
  return {
    isGood: status === 0,
    text: `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`.trim(),
  };
}

/** The alerts with short times, except those in `whole`. */
function shortRules(whole) {
  const rules = readAlerts().map(({ group: _group, ...rule }) => {
    if (whole.includes(rule.alert)) return rule;
    const expr = rule.expr
      .replace(/\[(5m|10m|1h)\]/g, (_all, range) => `[${RANGES[range]}]`)
      .replace(/offset 1h/, `offset ${SHORT_OFFSET}`)
      .replace(...OLD_KEYS);
    return { ...rule, expr, ...(rule.for === undefined ? {} : { for: SHORT_FOR }) };
  });
  // JSON is YAML.
  return JSON.stringify({ groups: [{ name: 'short', interval: '1s', rules }] }, null, 2);
}

/**
 * Two jobs with the same gateway. The second has the labels that the Prometheus Operator gives its
 * targets: `endpoint` is the name of the port there.
 */
function configuration(targets, rules) {
  const target_label = (name, replacement) => ({ target_label: name, replacement });
  const chartLabels = [target_label('namespace', 'mcp'), target_label('endpoint', 'admin')];
  const static_configs = [{ targets }];
  return JSON.stringify({
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: [rules],
    scrape_configs: [
      { job_name: 'portcullis', static_configs },
      {
        job_name: 'chart-portcullis',
        honor_labels: true,
        static_configs,
        relabel_configs: chartLabels,
      },
    ],
  });
}

/** Starts Prometheus for one gateway. `whole`: alerts that keep their times. */
export async function startPrometheus({ prometheus, env }, { folder, target, whole }) {
  const { port, release } = await leasePort();
  const file = join(folder, 'prometheus.yaml');
  const rules = join(folder, 'rules.yaml');
  writeFileSync(rules, shortRules(whole));
  writeFileSync(file, configuration([target], rules));
  const url = `http://127.0.0.1:${port}`;
  const storage = `--storage.tsdb.path=${join(folder, 'data')}`;
  const args = [`--config.file=${file}`, storage, `--web.listen-address=127.0.0.1:${port}`];
  const child = startChild(prometheus, args, { env, logFile: join(folder, 'prometheus.log') });

  async function get(path, parameters = {}) {
    const query = new URLSearchParams(parameters);
    const signal = AbortSignal.timeout(QUERY_MS);
    const response = await fetch(`${url}/api/v1/${path}?${query}`, { signal });
    const answer = await response.json();
    if (answer.status !== 'success') throw new Error(`${path}: ${answer.error}`);
    return answer.data;
  }
  const answers = async () => {
    if (!child.running()) throw new Error('Prometheus ended by itself');
    return (await get('targets')).activeTargets.length > 0;
  };
  const startSeconds = Date.now() / 1000;
  await until('Prometheus answers', answers, START_MS);
  return {
    file,
    /** The series of an expression now. */
    now: async (expr) => (await get('query', { query: expr })).result,
    /** The series of an expression since the start, one value for each second. */
    async sinceStart(expr) {
      const range = { start: startSeconds, end: Date.now() / 1000, step: 1 };
      return (await get('query_range', { query: expr, ...range })).result;
    },
    alerts: async () => (await get('alerts')).alerts,
    removeTargets() {
      writeFileSync(file, configuration([], rules));
      process.kill(child.pid, 'SIGHUP');
    },
    async stop() {
      await child.end();
      release();
    },
  };
}
