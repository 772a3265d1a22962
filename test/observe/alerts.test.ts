// docs/alerts.yaml uses metrics and reasons that exist, and docs/operation.md names every metric.
// `promtool check rules docs/alerts.yaml` checks its syntax, outside of the tests.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { failureTable } from '../../src/core/failures.js';
import { createMetrics } from '../../src/observe/metrics.js';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string };
}

const read = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
const { rules } = (parse(read('alerts.yaml')) as { groups: [{ rules: Rule[] }] }).groups[0];

const metricNames = async (): Promise<string[]> =>
  [...(await createMetrics().text()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name as string);

describe('docs/alerts.yaml', () => {
  test('uses only metrics that the gateway has', async () => {
    const names = [...(await metricNames()), 'up'];
    for (const { alert, expr } of rules) {
      const used = [...expr.matchAll(/\b(up|(?:portcullis|process|nodejs)_\w+)\b/g)].map(([, name]) => name as string);
      expect([alert, used.length > 0, used.filter((name) => !names.includes(name))]).toEqual([alert, true, []]);
    }
  });

  test('names only reasons of the failure table', () => {
    const reasons = failureTable.map(({ reason }) => reason);
    for (const { alert, expr } of rules) {
      for (const [, , pattern = ''] of expr.matchAll(/reason(=~?)"([^"]*)"/g)) {
        // Each alternative of the pattern is a reason.
        const alternatives = pattern
          .replace(/(\w+)\[\.\]\(([\w|]+)\)/g, (_all, first: string, rest: string) =>
            rest
              .split('|')
              .map((one) => `${first}.${one}`)
              .join('|'),
          )
          .replaceAll('[.]', '.')
          .split('|');
        expect([alert, alternatives.filter((one) => !reasons.includes(one))]).toEqual([alert, []]);
      }
    }
  });

  test('each alert has a severity and a summary, and its own name', () => {
    expect(rules.length).toBeGreaterThan(10);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { labels, annotations } of rules) {
      expect(['info', 'warning', 'critical']).toContain(labels.severity);
      expect(annotations.summary).toMatch(/^\S.{20,}\.$/s);
    }
  });
});

test('docs/operation.md names every metric of the gateway', async () => {
  const page = read('operation.md');
  const own = (await metricNames()).filter((name) => name.startsWith('portcullis_'));
  expect(own.length).toBeGreaterThan(7);
  expect(own.filter((name) => !page.includes(`| \`${name}\``))).toEqual([]);
});
