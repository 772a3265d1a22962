// The rows about requests: their number, their reasons, their time, and the MCP servers.
import { curves, limits, OF_ENDPOINT, OF_GATEWAY, stat, table, withAnchor } from './panels.mjs';

const REQUESTS = 'portcullis_http_requests_total';
const rate = (matchers) => `rate(${REQUESTS}{${matchers}}[$__rate_interval])`;
/** The gateway did what the caller wanted. Servers of older revisions answer 4xx in a good call. */
const REJECTED = 'reason!~"ok|upstream[.]client_error"';
const BROKEN = 'reason=~"upstream[.].+|stream[.]broken"';
const increase = (matchers) => `increase(${REQUESTS}{${matchers}}[$__range])`;
const DURATION = 'portcullis_http_request_duration_seconds';
const secondsOf = (part) =>
  `sum by (reason) (rate(${DURATION}_${part}{${OF_ENDPOINT}}[$__rate_interval]))`;
const quantile = (q, by, matchers) =>
  `histogram_quantile(${q}, sum by (${by}) (rate(` +
  `${DURATION}_bucket{${matchers}}[$__rate_interval])))`;

const now = {
  title: 'Now',
  panels: [
    stat({
      title: 'Replicas',
      description: 'Gateways that Prometheus can scrape.',
      unit: 'none',
      queries: [[`count(portcullis_build_info{${OF_GATEWAY}})`, '']],
    }),
    stat({
      title: 'Alerts',
      description: 'Alerts of Portcullis that fire.',
      unit: 'none',
      thresholds: limits(1, 3),
      queries: [['count(ALERTS{alertname=~"Portcullis.+",alertstate="firing"}) or vector(0)', '']],
    }),
    stat({
      title: 'Requests',
      description: 'Completed requests each second.',
      unit: 'reqps',
      queries: [[`sum(${rate(OF_ENDPOINT)})`, '']],
    }),
    stat({
      title: 'Server errors',
      description: 'The share of requests that end with 5xx.',
      unit: 'percentunit',
      decimals: 2,
      thresholds: limits(0.01, 0.05),
      queries: [
        [
          `(sum(${rate(`${OF_ENDPOINT},status="5xx"`)}) or vector(0)) / sum(${rate(OF_ENDPOINT)})`,
          '',
        ],
      ],
    }),
    stat({
      title: 'In flight',
      description: 'Requests whose answer is not complete, streams included.',
      unit: 'none',
      queries: [[`sum(portcullis_http_requests_in_flight{${OF_GATEWAY}})`, '']],
    }),
    stat({
      title: 'Open streams',
      description: 'Event streams to callers.',
      unit: 'none',
      queries: [[`sum(portcullis_open_streams{${OF_ENDPOINT}})`, '']],
    }),
  ],
};

const traffic = {
  title: 'Traffic',
  panels: [
    curves({
      title: 'Requests by endpoint',
      description: 'The endpoint `none` has metadata, health and unreadable requests.',
      unit: 'reqps',
      stacked: true,
      queries: [[`sum by (endpoint) (${rate(OF_ENDPOINT)})`, '{{endpoint}}']],
    }),
    curves({
      title: 'Requests by reason',
      description: 'A click on a curve leads to the meaning of its reason.',
      unit: 'reqps',
      byReason: true,
      queries: [[withAnchor(`sum by (reason) (${rate(OF_ENDPOINT)})`), '{{reason}}']],
    }),
    curves({
      title: 'Requests by class of status',
      unit: 'reqps',
      stacked: true,
      queries: [[`sum by (status) (${rate(OF_ENDPOINT)})`, '{{status}}']],
    }),
    curves({
      title: 'In flight, and open streams',
      unit: 'none',
      queries: [
        [
          `sum by (instance) (portcullis_http_requests_in_flight{${OF_GATEWAY}})`,
          'in flight, {{instance}}',
        ],
        [`sum by (endpoint) (portcullis_open_streams{${OF_ENDPOINT}})`, 'streams, {{endpoint}}'],
      ],
    }),
  ],
};

const rejections = {
  title: 'Rejections',
  panels: [
    curves({
      title: 'Rejections by reason',
      description: 'Without `ok` and without 4xx answers of the MCP servers.',
      unit: 'reqps',
      byReason: true,
      queries: [
        [withAnchor(`sum by (reason) (${rate(`${OF_ENDPOINT},${REJECTED}`)})`), '{{reason}}'],
      ],
    }),
    table({
      title: 'Rejections in the time range',
      description: 'A reason leads to its meaning.',
      unit: 'short',
      byReason: true,
      columns: { endpoint: 'Endpoint', reason: 'Reason', Value: 'Requests' },
      sortBy: 'Requests',
      queries: [
        [
          withAnchor(`sum by (endpoint, reason) (${increase(`${OF_ENDPOINT},${REJECTED}`)}) > 0`),
          '',
        ],
      ],
    }),
    curves({
      title: 'Share of rejections by endpoint',
      unit: 'percentunit',
      queries: [
        [
          `sum by (endpoint) (${rate(`${OF_ENDPOINT},${REJECTED}`)})` +
            ` / sum by (endpoint) (${rate(OF_ENDPOINT)})`,
          '{{endpoint}}',
        ],
      ],
    }),
    curves({
      title: 'Requests that the gateway could not serve',
      description: 'The caller did nothing wrong: 5xx by reason.',
      unit: 'reqps',
      byReason: true,
      queries: [
        [withAnchor(`sum by (reason) (${rate(`${OF_ENDPOINT},status="5xx"`)})`), '{{reason}}'],
      ],
    }),
  ],
};

const GOOD = `${OF_ENDPOINT},reason="ok"`;
const latency = {
  title: 'Latency',
  panels: [
    curves({
      title: 'Good requests',
      description: 'To the end of the answer. A stream counts with its whole time.',
      unit: 's',
      queries: [0.5, 0.95, 0.99].map((q) => [quantile(q, 'le', GOOD), `p${q * 100}`]),
    }),
    curves({
      title: 'p95 by endpoint',
      description: 'Good requests to the end of the answer.',
      unit: 's',
      queries: [[quantile(0.95, 'endpoint, le', GOOD), '{{endpoint}}']],
    }),
    curves({
      title: 'p95 of the gateway alone',
      description: 'Rejections without the MCP server: bad credentials and unknown routes.',
      unit: 's',
      queries: [
        [
          quantile(
            0.95,
            'le',
            `${OF_ENDPOINT},reason=~"(credential|route|token|audience|key)[.].+"`,
          ),
          'p95',
        ],
      ],
    }),
    curves({
      title: 'Mean by reason',
      unit: 's',
      byReason: true,
      queries: [[withAnchor(`${secondsOf('sum')} / (${secondsOf('count')} > 0)`), '{{reason}}']],
    }),
  ],
};

const servers = {
  title: 'MCP servers',
  panels: [
    curves({
      title: 'Connections in use',
      description: 'By endpoint and kind. The dashed lines are the limits of all replicas.',
      unit: 'none',
      dashed: 'B',
      queries: [
        [
          `sum by (endpoint, kind) (portcullis_upstream_in_use{${OF_ENDPOINT}})`,
          '{{endpoint}} {{kind}}',
        ],
        [
          `sum by (endpoint, kind) (portcullis_upstream_limit{${OF_ENDPOINT}})`,
          'limit, {{endpoint}} {{kind}}',
        ],
      ],
    }),
    curves({
      title: 'Use of the limits',
      description: 'The fullest replica. At 100 % callers get 503 (upstream.busy).',
      unit: 'percentunit',
      max: 1,
      queries: [
        [
          `max by (endpoint, kind) (portcullis_upstream_in_use{${OF_ENDPOINT}}` +
            ` / portcullis_upstream_limit{${OF_ENDPOINT}})`,
          '{{endpoint}} {{kind}}',
        ],
      ],
    }),
    curves({
      title: 'Failures of MCP servers',
      unit: 'reqps',
      byReason: true,
      width: 24,
      queries: [
        [
          withAnchor(`sum by (endpoint, reason) (${rate(`${OF_ENDPOINT},${BROKEN}`)})`),
          '{{endpoint}} {{reason}}',
        ],
      ],
    }),
  ],
};

export const rowsOfTraffic = [now, traffic, rejections, latency, servers];
