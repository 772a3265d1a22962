// Puts the rows and the variables of the dashboard together. The text is the same at each run.
import { fileURLToPath } from 'node:url';
import { DOCS, datasource, OF_GATEWAY } from './panels.mjs';
import { rowsOfParts } from './rows-of-parts.mjs';
import { rowsOfTraffic } from './rows-of-traffic.mjs';

export const dashboardFile = fileURLToPath(
  new URL('../../deploy/helm/portcullis/files/dashboard.json', import.meta.url),
);

/** Grafana 11 and later read it. */
const SCHEMA_VERSION = 39;
const COLUMNS = 24;

/** Places the panels of each row from left to right, and numbers all. */
function placed(rows) {
  const all = [];
  const add = (panel, gridPos) => all.push({ id: all.length + 1, ...panel, gridPos });
  let y = 0;
  for (const { title, panels } of rows) {
    const row = { type: 'row', title, collapsed: false, panels: [] };
    add(row, { x: 0, y, w: COLUMNS, h: 1 });
    y += 1;
    let x = 0;
    let rowHeight = 0;
    for (const panel of panels) {
      const { w, h } = panel.gridPos;
      if (x + w > COLUMNS) {
        y += rowHeight;
        x = 0;
        rowHeight = 0;
      }
      add(panel, { x, y, w, h });
      x += w;
      rowHeight = Math.max(rowHeight, h);
    }
    y += rowHeight;
  }
  return all;
}

const ALL = { text: 'All', value: '$__all', selected: true };
/**
 * Without `allValue`, "All" stands for the known values. `.*` would match the processes of other
 * programs in `process_*`.
 */
function variable(name, label, metric, matchers, allValue) {
  const query = `label_values(${metric}${matchers}, ${name})`;
  return {
    name,
    label,
    type: 'query',
    datasource,
    definition: query,
    query: { query, refId: name },
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    ...(allValue === undefined ? {} : { allValue }),
    current: ALL,
    hide: 0,
    skipUrlSync: false,
  };
}

const variables = [
  {
    name: 'datasource',
    label: 'Data source',
    type: 'datasource',
    query: 'prometheus',
    refresh: 1,
    hide: 0,
    skipUrlSync: false,
  },
  variable('job', 'Job', 'portcullis_build_info', ''),
  variable('instance', 'Instance', 'portcullis_build_info', '{job=~"$job"}'),
  variable('endpoint', 'Endpoint', 'portcullis_http_requests_total', `{${OF_GATEWAY}}`, '.*'),
];

const annotation = (name, expr, titleFormat, iconColor) => ({
  name,
  datasource,
  enable: true,
  hide: false,
  expr,
  titleFormat,
  iconColor,
});

const link = (title, page) => ({
  title,
  type: 'link',
  icon: 'doc',
  url: `${DOCS}/${page}`,
  tooltip: '',
  tags: [],
  asDropdown: false,
  targetBlank: true,
  includeVars: false,
  keepTime: false,
});

const dashboard = () => ({
  uid: 'portcullis',
  title: 'Portcullis',
  description: 'The auth gateway in front of MCP servers.',
  tags: ['portcullis', 'mcp'],
  schemaVersion: SCHEMA_VERSION,
  version: 1,
  editable: true,
  graphTooltip: 1,
  refresh: '30s',
  time: { from: 'now-1h', to: 'now' },
  timezone: 'browser',
  links: [
    link('Reasons', 'failures.md'),
    link('Metrics', 'operation.md#metrics'),
    link('Alerts', 'alerts.md'),
  ],
  annotations: {
    list: [
      annotation(
        'Starts',
        `changes(process_start_time_seconds{${OF_GATEWAY}}[$__interval]) > 0`,
        'Start of {{instance}}',
        'blue',
      ),
      annotation(
        'Reloads',
        `changes(portcullis_reload_success_timestamp_seconds{${OF_GATEWAY}}[$__interval]) > 0`,
        'Reload of {{part}}, {{instance}}',
        'green',
      ),
    ],
  },
  templating: { list: variables },
  panels: placed([...rowsOfTraffic, ...rowsOfParts]),
});

export const dashboardText = () => `${JSON.stringify(dashboard(), null, 2)}\n`;
