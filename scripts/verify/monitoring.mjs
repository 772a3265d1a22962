// Proves the alerts and the dashboard against the metrics of a real run: Prometheus scrapes a real
// gateway under good and bad calls, with outages, reloads and restarts.
//
// Usage: `node scripts/verify/monitoring.mjs [--cache FOLDER]`, after `npm run build`. It takes
// Prometheus from the PATH, or unpacks the package of Debian into the cache.
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { exitOnSignals } from '../../test/fixtures/child.js';
import { until } from '../../test/fixtures/wait.js';
import { NOT_SHOWN } from '../dashboard/rows-of-parts.mjs';
import { Skipped } from './idps/parts.mjs';
import {
  alertsFile,
  dashboardExpressions,
  filledIn,
  metricsOf,
  readAlerts,
  readDashboard,
} from './monitoring/expressions.mjs';
import { createLoad } from './monitoring/load.mjs';
import { findPrograms, runPromtool, startPrometheus } from './monitoring/prometheus.mjs';
import { startScene } from './monitoring/scene.mjs';
import { checkSchema } from './monitoring/schema.mjs';
import { scratch as root } from './steps.mjs';

/** Alerts that no scene causes. They keep their times, and must stay quiet. */
const NOT_CAUSED = {
  PortcullisVersions: 'one replica has one version',
  PortcullisFault: 'it needs a bug',
  PortcullisEventLoopSlow: 'it needs an overloaded machine',
  PortcullisCpuBusy: 'it needs a whole core for ten minutes',
  PortcullisMemoryHigh: 'it needs 400 MB',
  PortcullisDescriptors: 'it needs thousands of connections',
  PortcullisDrainGetsTraffic: 'it needs a proxy that does not notice a drain',
};
const ALERT_MS = 30_000;
const RANGES = { rate: '10s', range: '2m' };

const { values } = parseArgs({ options: { cache: { type: 'string' } } });
const cache = values.cache ?? join(tmpdir(), 'portcullis-monitoring');
const unitTests = fileURLToPath(new URL('../../test/alerts/', import.meta.url));
const say = (line) => console.log(line);
const failed = [];
let passed = 0;
function report(label, isGood, seen = '') {
  if (isGood) passed += 1;
  else failed.push(label);
  const text = seen === '' ? '' : `: ${seen}`;
  if (!isGood || seen !== '') say(`${isGood ? 'ok' : 'NOT OK'}  ${label}${text}`);
}
const promtool = (label, programs, args, input) => {
  const { isGood, text } = runPromtool(programs, args, input);
  report(label, isGood, isGood ? text.split('\n').at(-1) : text);
};

exitOnSignals();
mkdirSync(root, { recursive: true });
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(root, 'monitoring-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
const opened = [];

/** Waits until the alert fires. */
async function fires(prometheus, name, ms = ALERT_MS) {
  const series = `ALERTS{alertname="${name}",alertstate="firing"}`;
  const since = performance.now();
  const isFiring = async () => (await prometheus.now(series)).length > 0;
  const isGood = await until(name, isFiring, ms).catch(() => false);
  const seconds = Math.round((performance.now() - since) / 1000);
  report(`${name} fires`, isGood === true, `after ${seconds} s more`);
}

async function checkExpressions(prometheus) {
  const alerts = readAlerts().map(({ alert, expr }) => ({ from: alert, expr, mayBeEmpty: true }));
  for (const { from, expr, mayBeEmpty } of [...dashboardExpressions(readDashboard()), ...alerts]) {
    const filled = filledIn(expr, RANGES);
    const found = await prometheus.sinceStart(filled).catch((error) => error);
    if (found instanceof Error) report(`${from} is valid`, false, `${found.message}: ${filled}`);
    else
      report(
        `${from} has data`,
        mayBeEmpty === true || found.length > 0,
        found.length > 0 ? '' : filled,
      );
  }
}

function checkNames(text) {
  const exported = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  const silent = exported.filter((name) => !new RegExp(`^${name}(_bucket)?[{ ]`, 'm').test(text));
  report('each metric has a series', silent.length === 0, silent.join(', '));
  const shown = new Set(
    dashboardExpressions(readDashboard()).flatMap(({ expr }) => metricsOf(expr)),
  );
  const forgotten = exported.filter((name) => shown.has(name) === name in NOT_SHOWN);
  report('the dashboard shows each metric', forgotten.length === 0, forgotten.join(', '));
  const used = [...shown, ...readAlerts().flatMap(({ expr }) => metricsOf(expr))];
  const unknown = used.filter(
    (name) => !exported.includes(name) && !['up', 'ALERTS'].includes(name),
  );
  report(
    'each metric of the dashboard and of the alerts exists',
    unknown.length === 0,
    unknown.join(', '),
  );
}

/** The label of the target has the same name as ours. The chart keeps ours. */
async function checkChartLabels(prometheus) {
  const endpoints = 'group by (endpoint) (portcullis_http_requests_total{job="chart-portcullis"})';
  const found = (await prometheus.now(endpoints)).map(({ metric }) => metric.endpoint);
  const isGood = found.includes('/files/mcp') && !found.includes('admin');
  report(
    'with the labels of the Prometheus Operator, endpoint is the path',
    isGood,
    found.join(' '),
  );
}

async function checkAlerts(prometheus) {
  const firing = await prometheus.sinceStart('group by (alertname) (ALERTS{alertstate="firing"})');
  const names = new Set(firing.map(({ metric }) => metric.alertname));
  for (const { alert } of readAlerts())
    report(
      `${alert} ${alert in NOT_CAUSED ? 'stays quiet' : 'fired'}`,
      names.has(alert) !== alert in NOT_CAUSED,
    );
}

async function checkTexts(prometheus) {
  const alerts = await prometheus.alerts();
  const odd = alerts.filter(({ annotations }) =>
    /<no value>|<error|\{\{|\s{2}/.test(annotations.summary),
  );
  const texts = new Map(
    alerts.map(({ labels, annotations }) => [labels.alertname, annotations.summary]),
  );
  for (const [name, text] of texts) say(`  ${name}: ${text}`);
  report(
    'the summaries are whole',
    odd.length === 0,
    odd.map(({ labels }) => labels.alertname).join(', '),
  );
}

async function verifyAll(programs) {
  promtool('promtool check rules', programs, ['check', 'rules', alertsFile]);
  const files = readdirSync(unitTests).map((name) => join(unitTests, name));
  promtool('promtool test rules', programs, ['test', 'rules', ...files]);
  const scene = await startScene(folder, opened);
  const whole = Object.keys(NOT_CAUSED);
  const prometheus = await startPrometheus(programs, { folder, target: scene.admin, whole });
  opened.push(prometheus.stop);
  promtool('promtool check config', programs, ['check', 'config', prometheus.file]);
  const load = await createLoad(scene);
  opened.push(load.stop);

  load.startHeld();
  await load.run(20);
  await scene.reloadBad();
  await load.run(6);
  await scene.reloadWithFewKeys();
  await load.run(5);
  await load.beginOutage();
  await load.run(12);
  await checkTexts(prometheus);
  const text = await scene.metrics();
  promtool('promtool check metrics', programs, ['check', 'metrics'], text);
  checkNames(text);
  await checkChartLabels(prometheus);
  await load.stop();
  say(load.summary());
  for (let i = 0; i < 3; i += 1) {
    await scene.restart();
    const isUp = async () => (await prometheus.now('up{job="portcullis"} == 1')).length > 0;
    await until('Prometheus sees the restart', isUp, ALERT_MS);
    await new Promise((resolve) => setTimeout(resolve, 2500));
  }
  await fires(prometheus, 'PortcullisRestarts');
  await checkExpressions(prometheus);
  await scene.kill();
  await fires(prometheus, 'PortcullisDown');
  prometheus.removeTargets();
  await fires(prometheus, 'PortcullisAbsent');
  await checkAlerts(prometheus);
}

let programs;
try {
  programs = await findPrograms(cache);
} catch (error) {
  if (!(error instanceof Skipped)) throw error;
  say(`skipped: ${error.message}`);
  process.exit(1);
}
const schema = checkSchema(cache);
try {
  await verifyAll(programs);
} finally {
  for (const end of opened.reverse()) await end();
}
const checked = await schema;
if (checked === null) say('skipped: the schema of Grafana: its SDK for Go cannot be built here');
else report('the schema of Grafana', checked.isGood, checked.text);
say(`the monitoring: ${passed} checks passed, ${failed.length} failed`);
process.exit(failed.length === 0 ? 0 : 1);
