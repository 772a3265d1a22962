// Makes the panels of the dashboard: each has a unit, a legend below it and the same data source.

/** Where the documents are that the dashboard links to. */
export const DOCS = 'https://github.com/portcullis-mcp/portcullis/blob/main/docs';
export const datasource = { type: 'prometheus', uid: '${datasource}' };

/** The label matchers of the variables. */
export const OF_GATEWAY = 'job=~"$job",instance=~"$instance"';
export const OF_ENDPOINT = `${OF_GATEWAY},endpoint=~"$endpoint"`;

/** Adds `anchor`: a reason as docs/failures.md has it in its links, `token.expired` without dot. */
export const withAnchor = (expr) =>
  `label_replace(${expr}, "anchor", "$1$2", "reason", "(.+)[.](.+)")`;
const toReason = (anchor) => ({
  title: 'What this reason means',
  url: `${DOCS}/failures.md#${anchor}`,
  targetBlank: true,
});

const colored = (mode, ...steps) => ({
  mode: 'absolute',
  steps: steps.map(([color, value]) => ({ color, value })),
  ...(mode === undefined ? {} : { mode }),
});
const GREEN_ONLY = colored(undefined, ['green', null]);
/** Green, and from these values on yellow and red. */
export const limits = (yellow, red) =>
  colored(undefined, ['green', null], ['yellow', yellow], ['red', red]);

const targets = (queries, extra = {}) =>
  queries.map(([expr, legendFormat], i) => ({
    datasource,
    refId: String.fromCharCode(65 + i),
    expr,
    legendFormat,
    editorMode: 'code',
    range: true,
    ...extra,
  }));

const panel = (type, { title, description, queries, width = 12, height = 8, ...rest }) => ({
  type,
  title,
  description,
  datasource,
  gridPos: { w: width, h: height },
  targets: targets(
    queries,
    type === 'stat' || type === 'table' ? { instant: true, range: false } : {},
  ),
  ...rest,
});

/** One number. */
export const stat = ({ unit, thresholds = GREEN_ONLY, decimals, ...rest }) =>
  panel('stat', {
    width: 4,
    height: 4,
    ...rest,
    fieldConfig: {
      defaults: { unit, thresholds, ...(decimals === undefined ? {} : { decimals }), noValue: '-' },
      overrides: [],
    },
    options: {
      colorMode: 'value',
      graphMode: 'none',
      justifyMode: 'auto',
      textMode: 'auto',
      wideLayout: true,
      showPercentChange: false,
      percentChangeColorMode: 'standard',
      orientation: 'auto',
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
    },
  });

/** Curves over time. `byReason`: each links to its reason. `dashed`: the query with the limits. */
export const curves = ({ unit, stacked = false, byReason = false, dashed, max, ...rest }) =>
  panel('timeseries', {
    ...rest,
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        ...(max === undefined ? {} : { max }),
        custom: {
          drawStyle: 'line',
          lineWidth: 1,
          fillOpacity: stacked ? 30 : 5,
          showPoints: 'never',
          stacking: { mode: stacked ? 'normal' : 'none', group: 'A' },
        },
        ...(byReason ? { links: [toReason('${__field.labels.anchor}')] } : {}),
      },
      overrides:
        dashed === undefined
          ? []
          : [
              {
                matcher: { id: 'byFrameRefID', options: dashed },
                properties: [
                  { id: 'custom.lineStyle', value: { fill: 'dash', dash: [10, 10] } },
                  { id: 'custom.fillOpacity', value: 0 },
                ],
              },
            ],
    },
    options: {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  });

const STATES = [
  {
    type: 'value',
    options: {
      0: { text: 'down', color: 'red', index: 0 },
      1: { text: 'up', color: 'green', index: 1 },
    },
  },
];

/** A bar over time for each series of 0 and 1. */
export const states = (rest) =>
  panel('state-timeline', {
    height: 6,
    ...rest,
    fieldConfig: {
      defaults: {
        unit: 'none',
        mappings: STATES,
        thresholds: colored(undefined, ['red', null], ['green', 1]),
        custom: { fillOpacity: 70, lineWidth: 0 },
      },
      overrides: [],
    },
    options: {
      mergeValues: true,
      showValue: 'never',
      alignValue: 'left',
      rowHeight: 0.8,
      legend: { displayMode: 'list', placement: 'bottom', showLegend: false, calcs: [] },
      tooltip: { mode: 'single', sort: 'none' },
    },
  });

/** A table of the whole time range. `columns`: its titles by label; others are hidden. */
export const table = ({ unit, columns, sortBy, byReason = false, ...rest }) => {
  const made = panel('table', {
    ...rest,
    fieldConfig: {
      defaults: { unit, custom: { align: 'auto', filterable: true, inspect: false } },
      overrides: byReason
        ? [
            {
              matcher: { id: 'byName', options: columns.reason },
              properties: [{ id: 'links', value: [toReason('${__data.fields.anchor}')] }],
            },
            {
              matcher: { id: 'byName', options: 'anchor' },
              properties: [{ id: 'custom.hidden', value: true }],
            },
          ]
        : [],
    },
    options: {
      frameIndex: 0,
      showHeader: true,
      cellHeight: 'sm',
      ...(sortBy === undefined ? {} : { sortBy: [{ displayName: sortBy, desc: true }] }),
    },
    transformations: [
      {
        id: 'organize',
        options: { excludeByName: { Time: true }, renameByName: columns, indexByName: {} },
      },
    ],
  });
  for (const target of made.targets) target.format = 'table';
  return made;
};
