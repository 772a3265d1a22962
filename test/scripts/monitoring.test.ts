// The alerts and the dashboard use metrics, labels and reasons of the gateway, and each alert has
// its tests and its runbook. `npm run verify -- --only monitoring` asks a real Prometheus.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { failureTable, keyUnknown } from '../../src/core/failures.js';
import type { GatewayState } from '../../src/observe/gateway-state.js';
import { createMetrics } from '../../src/observe/metrics.js';
import { createOperations } from '../../src/observe/operations.js';
import { apiKey, principal } from '../support/endpoint.js';
import { outcome } from '../support/outcome.js';

interface Alert {
  readonly alert: string;
  readonly group: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook_url: string };
}
interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit: string } };
  readonly targets?: readonly { readonly refId: string; readonly legendFormat: string }[];
}

const script = (name: string) => import(new URL(`../../scripts/${name}`, import.meta.url).href);
const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const { readAlerts, readDashboard, dashboardExpressions, metricsOf, labelsOf, reasonsOf } = await script(
  'verify/monitoring/expressions.mjs',
);
const { dashboardText } = await script('dashboard/dashboard.mjs');
const { NOT_SHOWN } = await script('dashboard/rows-of-parts.mjs');

const alerts = readAlerts() as Alert[];
const panels = readDashboard().panels as Panel[];
const shown = dashboardExpressions(readDashboard()) as { from: string; expr: string }[];
const expressions = [...alerts.map(({ alert, expr }) => ({ from: alert, expr })), ...shown];

const operations = createOperations();
operations.record(outcome());
/** A gateway with something of each metric. */
const state: GatewayState = {
  version: '1.2.3',
  requestsInFlight: () => 1,
  issuers: () => [
    { issuer: 'https://a.example', usesKeys: true, keysAgeMs: 1, isUp: true, keys: 1, lastError: null, introspectionIsUp: true },
  ],
  endpoints: () => [{ endpoint: '/mcp', openStreams: 1 }],
  upstreams: () => [{ endpoint: '/mcp', kind: 'requests', inUse: 1, limit: 2 }],
  limits: () => ({ storeIsUp: true, limited: [{ endpoint: '/mcp', limit: 'principal', count: 1 }] }),
  reloads: () => [{ part: 'config', succeeded: 1, failed: 1, isUp: true, lastSuccessMs: 1, lastMs: 1, problems: null }],
  apiKeys: () => 1,
  config: () => ({ generation: 1, hash: 'ff' }),
  nextSunsetMs: () => 1,
  workers: () => ({ ready: 1, starting: 1, missing: 1 }),
  audit: () => ({ isUp: true, written: 1, lost: 1 }),
  operations: () => operations.values(),
};
const metrics = createMetrics(state);
metrics.request(outcome());
metrics.request(outcome({ failure: keyUnknown(), caller: { ...principal(), kind: 'principal', key: apiKey() } as never }));
const text = await metrics.text();
const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name as string);
/** Prometheus adds the labels of the target to each metric. */
const OF_TARGET = ['job', 'instance', 'namespace'];
const labelsIn = (metric: string): string[] => {
  const series = [...text.matchAll(new RegExp(`^${metric}(?:_bucket|_sum|_count)?\\{(.*)\\} `, 'gm'))];
  return [...new Set(series.flatMap(([, list = '']) => [...list.matchAll(/(\w+)="/g)].map(([, label]) => label as string)))];
};
const labelsByName: Record<string, string[]> = {
  ...Object.fromEntries(names.map((name) => [name, labelsIn(name)])),
  up: [],
  ALERTS: ['alertname', 'alertstate', 'severity'],
};

test('the gateway of this test has a series of each metric', () => {
  expect(names.filter((name) => !new RegExp(`^${name}(_bucket)?[{ ]`, 'm').test(text))).toEqual([]);
  expect(labelsByName.portcullis_http_request_duration_seconds).toEqual(expect.arrayContaining(['endpoint', 'reason', 'le']));
});

describe.each(expressions)('$from', ({ expr }) => {
  test('uses metrics and labels of the gateway', () => {
    const used = metricsOf(expr) as string[];
    expect(used).not.toEqual([]);
    expect(used.filter((name) => !(name in labelsByName))).toEqual([]);
    // label_replace makes two labels.
    const known = [...OF_TARGET, 'anchor', 'node', ...used.flatMap((name) => labelsByName[name] ?? [])];
    for (const { metric, label } of labelsOf(expr))
      expect([metric, metric === null ? known : [...OF_TARGET, ...(labelsByName[metric] ?? [])]]).toEqual([
        metric,
        expect.arrayContaining([label]),
      ]);
  });

  test('names reasons of the failure table', () => {
    const reasons = ['ok', ...failureTable.map(({ reason }) => reason)];
    const unknown = (reasonsOf(expr) as RegExp[]).filter((pattern) => !reasons.some((reason) => pattern.test(reason)));
    expect(unknown).toEqual([]);
  });
});

describe('each alert', () => {
  const page = read('docs/alerts.md');
  const section = (name: string): string => page.split(/^#{2,3} /m).find((one) => one.startsWith(`${name}\n`)) ?? '';

  test('has its own name, a summary and a runbook with the same severity', () => {
    expect(alerts.length).toBeGreaterThan(20);
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
    for (const { alert, labels, annotations } of alerts) {
      expect(['info', 'warning', 'critical']).toContain(labels.severity);
      expect(annotations.summary).toMatch(/^\S.{20,}\.$/s);
      expect(annotations.runbook_url).toBe(
        `https://github.com/portcullis-mcp/portcullis/blob/main/docs/alerts.md#${alert.toLowerCase()}`,
      );
      expect([alert, /\((critical|warning|info)\)/.exec(section(alert))?.[1]]).toEqual([alert, labels.severity]);
    }
  });

  test('is the subject of each section of docs/alerts.md', () => {
    const titles = [...page.matchAll(/^### (\S+)$/gm)].map(([, title]) => title);
    expect(titles).toEqual(alerts.map(({ alert }) => alert));
  });

  test('has a unit test that it fires, and one that it stays quiet', () => {
    const files = readdirSync(new URL('../alerts/', import.meta.url));
    const tests = files.flatMap((file) => (parse(read(`test/alerts/${file}`)) as { tests: { name: string }[] }).tests);
    const titles = tests.map(({ name }) => name.split(':', 1)[0]);
    const wanted = alerts.flatMap(({ alert }) => [`${alert} fires`, `${alert} stays quiet`]);
    expect(titles.sort()).toEqual(wanted.sort());
  });
});

describe('the dashboard', () => {
  test('is what scripts/dashboard.mjs writes', () =>
    expect(read('deploy/helm/portcullis/files/dashboard.json')).toBe(dashboardText()));

  test('shows each metric, or says why not', () => {
    const used = new Set(shown.flatMap(({ expr }) => metricsOf(expr) as string[]));
    expect(names.filter((name) => used.has(name) === name in NOT_SHOWN)).toEqual([]);
    expect(Object.keys(NOT_SHOWN).filter((name) => !names.includes(name))).toEqual([]);
  });

  test('has panels of today with a unit, a title and a place of their own', () => {
    const cells = new Set<string>();
    for (const { type, title, gridPos, fieldConfig } of panels) {
      expect(['row', 'stat', 'timeseries', 'state-timeline', 'table']).toContain(type);
      expect(title).toMatch(/^\S.{1,50}$/);
      if (type !== 'row') expect([title, fieldConfig?.defaults.unit]).toEqual([title, expect.stringMatching(/./)]);
      const { x, y, w, h } = gridPos;
      expect([title, x + w <= 24]).toEqual([title, true]);
      for (let column = x; column < x + w; column++)
        for (let line = y; line < y + h; line++) {
          expect([title, cells.has(`${column},${line}`)]).toEqual([title, false]);
          cells.add(`${column},${line}`);
        }
    }
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });
});

test('the ServiceMonitor of the chart keeps the label endpoint of the gateway', () => {
  const template = read('deploy/helm/portcullis/templates/servicemonitor.yaml');
  expect(template).toMatch(/^ +honorLabels: true$/m);
  // The alerts find the gateway by this job.
  expect(template).toMatch(/^ +jobLabel: app.kubernetes.io\/name$/m);
});

describe('the documents', () => {
  // docs/upgrade.md names the metrics of earlier versions too.
  const pages = readdirSync(new URL('../../docs/', import.meta.url)).filter(
    (name) => name.endsWith('.md') && name !== 'upgrade.md',
  );
  const known = [...names, 'portcullis_http_request_duration_seconds_bucket'];

  test.each(['README.md', ...pages.map((name) => `docs/${name}`)])('%s names only metrics that exist', (page) => {
    const named = read(page).match(
      /\b(?:portcullis|nodejs|process)_(?:\w+_)?(?:total|seconds|bytes|up|info|fds|streams|keys)\b/g,
    );
    expect((named ?? []).filter((name) => !known.includes(name))).toEqual([]);
  });

  test('docs/operation.md has a row for each metric of the gateway', () => {
    const page = read('docs/operation.md');
    const own = names.filter((name) => name.startsWith('portcullis_'));
    expect(own.length).toBeGreaterThan(12);
    expect(own.filter((name) => !page.includes(`| \`${name}\``))).toEqual([]);
  });
});
