// Reads the expressions of the alerts and of the dashboard, and the metrics, labels and reasons
// that they use.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const inRoot = (path) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
export const alertsFile = inRoot('deploy/helm/portcullis/files/alerts.yaml');
export const dashboardFile = inRoot('deploy/helm/portcullis/files/dashboard.json');

/** Each alert, with the name of its group. */
export const readAlerts = () =>
  parse(readFileSync(alertsFile, 'utf8')).groups.flatMap(({ name, rules }) =>
    rules.map((rule) => ({ ...rule, group: name })),
  );

export const readDashboard = () => JSON.parse(readFileSync(dashboardFile, 'utf8'));

/** The expressions of the panels, of the annotations and of the variables. */
export function dashboardExpressions(dashboard) {
  const ofPanels = dashboard.panels.flatMap((panel) =>
    (panel.targets ?? []).map(({ refId, expr }) => ({ from: `${panel.title} ${refId}`, expr })),
  );
  const ofAnnotations = dashboard.annotations.list.map(({ name, expr }) => ({ from: name, expr }));
  const ofVariables = dashboard.templating.list.flatMap(({ name, type, definition }) =>
    type === 'query'
      ? [{ from: `$${name}`, expr: /^label_values\((.+), \w+\)$/.exec(definition)[1] }]
      : [],
  );
  return [...ofPanels, ...ofAnnotations, ...ofVariables];
}

const METRIC = /\b(?:up|ALERTS|(?:portcullis|process|nodejs)_\w+)\b/g;
const withoutStrings = (expr) => expr.replace(/"(?:[^"\\]|\\.)*"/g, '""');
/** A histogram is one metric. */
const baseName = (name) => name.replace(/^(portcullis_\w+_seconds)_(bucket|sum|count)$/, '$1');

export const metricsOf = (expr) => [
  ...new Set((withoutStrings(expr).match(METRIC) ?? []).map(baseName)),
];

/** The labels that an expression uses, by metric. `null`: those of `by`, `on` and others. */
export function labelsOf(expr) {
  const found = [];
  const text = withoutStrings(expr);
  for (const [, name, matchers] of text.matchAll(/\b([a-zA-Z_]\w*)\{([^}]*)\}/g))
    for (const [, label] of matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g))
      found.push({ metric: baseName(name), label });
  for (const [, list] of text.matchAll(/\b(?:by|on|without|group_left)\s*\(([^)]*)\)/g))
    for (const label of list.split(',').map((one) => one.trim()))
      if (label !== '') found.push({ metric: null, label });
  return found;
}

/** `a[.](b|c)|d` as `a[.]b`, `a[.]c` and `d`. */
function alternatives(pattern) {
  const group = /\(([^()]*)\)/.exec(pattern);
  if (group === null) return pattern.split('|');
  const { index } = group;
  const before = pattern.slice(0, index);
  const after = pattern.slice(index + group[0].length);
  const start = before.lastIndexOf('|') + 1;
  const end = after.indexOf('|') === -1 ? after.length : after.indexOf('|');
  const expanded = group[1]
    .split('|')
    .map((one) => before.slice(start) + one + after.slice(0, end));
  return [before.slice(0, start), after.slice(end)]
    .flatMap((rest) =>
      rest.replace(/^\||\|$/g, '') === '' ? [] : alternatives(rest.replace(/^\||\|$/g, '')),
    )
    .concat(expanded);
}

/** Each reason that the matchers name, as a regular expression of the whole reason. */
export const reasonsOf = (expr) =>
  [...expr.matchAll(/\breason(=~|!~|!=|=)"([^"]*)"/g)].flatMap(([, operator, value]) =>
    operator.endsWith('~')
      ? alternatives(value).map((one) => new RegExp(`^${one}$`))
      : [new RegExp(`^${value.replaceAll('.', '[.]')}$`)],
  );

/** The expression as Grafana sends it, with all of each variable. */
export const filledIn = (expr, { rate, range }) =>
  expr
    .replaceAll('$__rate_interval', rate)
    .replaceAll('$__interval', rate)
    .replaceAll('$__range', range)
    .replaceAll('$job', '.*portcullis.*')
    .replace(/\$(instance|endpoint)\b/g, '.*');
