// The rows about what the gateway needs: issuers, token endpoints, API keys, its configuration and
// its process.
import { curves, OF_ENDPOINT, OF_GATEWAY, stat, states, table, withAnchor } from './panels.mjs';

const rate = (metric, matchers) => `rate(${metric}{${matchers}}[$__rate_interval])`;
const requests = (matchers) => rate('portcullis_http_requests_total', `${OF_ENDPOINT},${matchers}`);
const byReason = (pattern) => [
  withAnchor(`sum by (endpoint, reason) (${requests(`reason=~"${pattern}"`)})`),
  '{{endpoint}} {{reason}}',
];

const issuers = {
  title: 'Issuers and token endpoints',
  panels: [
    states({
      title: 'Keys of issuers',
      description: 'Down: the last fetch failed. Older keys may still verify tokens.',
      queries: [[`min by (issuer) (portcullis_issuer_up{${OF_GATEWAY}})`, '{{issuer}}']],
    }),
    states({
      title: 'Introspection',
      description: 'Down: the gateway does not ask, after five failures in a row.',
      queries: [[`min by (issuer) (portcullis_introspection_up{${OF_GATEWAY}})`, '{{issuer}}']],
    }),
    curves({
      title: 'Age of the keys',
      description: 'A gateway without requests fetches no keys, so their age grows.',
      unit: 's',
      queries: [
        [`max by (issuer) (portcullis_issuer_keys_age_seconds{${OF_GATEWAY}})`, '{{issuer}}'],
      ],
    }),
    curves({
      title: 'Callers that the gateway could not verify',
      unit: 'reqps',
      byReason: true,
      queries: [byReason('(keys|introspection)[.].+')],
    }),
    curves({
      title: 'Token endpoints',
      description: 'Requests without a token for the MCP server, by reason.',
      unit: 'reqps',
      byReason: true,
      queries: [byReason('exchange[.].+|claim[.]missing')],
    }),
    curves({
      title: 'Token endpoint of the bridge',
      description: 'Requests that got no token, by reason.',
      unit: 'reqps',
      byReason: true,
      queries: [byReason('grant[.].+')],
    }),
  ],
};

const limits = {
  title: 'Limits',
  panels: [
    curves({
      title: 'Requests above a limit',
      unit: 'reqps',
      queries: [
        [
          `sum by (endpoint, limit) (${rate('portcullis_rate_limited_total', OF_GATEWAY)})`,
          '{{endpoint}} {{limit}}',
        ],
      ],
    }),
    states({
      title: 'Store of limits',
      description: 'Down: each process counts on its own, or calls get 503 (onStoreDown).',
      queries: [[`min by (instance) (portcullis_limits_store_up{${OF_GATEWAY}})`, '{{instance}}']],
    }),
  ],
};

const KEY_REQUESTS = rate('portcullis_api_key_requests_total', OF_GATEWAY);
const apiKeys = {
  title: 'API keys',
  panels: [
    stat({
      title: 'API keys',
      description: 'Keys that the gateway knows.',
      unit: 'none',
      width: 6,
      queries: [[`max(portcullis_api_keys{${OF_GATEWAY}})`, '']],
    }),
    stat({
      title: 'Next sunset',
      description: 'When the next API key reaches its sunset.',
      unit: 'dateTimeFromNow',
      width: 6,
      queries: [
        [`min(portcullis_api_keys_next_sunset_timestamp_seconds{${OF_GATEWAY}}) * 1000`, ''],
      ],
    }),
    stat({
      title: 'Keys in use',
      description: 'Keys with a request in the time range.',
      unit: 'none',
      width: 6,
      queries: [
        [
          'count(sum by (fingerprint) ' +
            `(increase(portcullis_api_key_requests_total{${OF_GATEWAY}}[$__range])) > 0)`,
          '',
        ],
      ],
    }),
    stat({
      title: 'Requests with a key',
      unit: 'reqps',
      width: 6,
      queries: [[`sum(${KEY_REQUESTS})`, '']],
    }),
    curves({
      title: 'The ten busiest keys',
      description: 'By fingerprint: the first 8 characters of the SHA-256, as in the log.',
      unit: 'reqps',
      queries: [[`topk(10, sum by (fingerprint) (${KEY_REQUESTS}))`, '{{fingerprint}}']],
    }),
    curves({
      title: 'Rejected keys',
      unit: 'reqps',
      byReason: true,
      queries: [byReason('key[.].+|audience[.]legacy')],
    }),
  ],
};

const configuration = {
  title: 'Configuration and versions',
  panels: [
    states({
      title: 'Reload',
      description: 'Down: the last reload failed, and the gateway runs with what it had before.',
      queries: [
        [`min by (instance, part) (portcullis_reload_up{${OF_GATEWAY}})`, '{{part}}, {{instance}}'],
      ],
    }),
    curves({
      title: 'Reloads in the last hour',
      unit: 'none',
      height: 6,
      queries: [
        [
          `sum by (part, result) (increase(portcullis_reloads_total{${OF_GATEWAY}}[1h]))`,
          '{{part}} {{result}}',
        ],
      ],
    }),
    states({
      title: 'Audit',
      description: 'Down: the gateway cannot write audit records.',
      queries: [[`min by (instance) (portcullis_audit_up{${OF_GATEWAY}})`, '{{instance}}']],
    }),
    curves({
      title: 'Audit records',
      unit: 'none',
      height: 6,
      queries: [
        [`sum by (result) (${rate('portcullis_audit_records_total', OF_GATEWAY)})`, '{{result}}'],
      ],
    }),
    curves({
      title: 'Workers that are not ready',
      description: 'Only where a replica has workers.',
      unit: 'none',
      height: 6,
      queries: [
        [
          `sum by (instance, state) (portcullis_workers{state!="ready",${OF_GATEWAY}})`,
          '{{state}}, {{instance}}',
        ],
      ],
    }),
    table({
      title: 'Time since the last good reload',
      description: 'Replicas with one configuration have about the same time.',
      unit: 's',
      height: 6,
      columns: { instance: 'Instance', part: 'Part', Value: 'Time' },
      queries: [
        [
          'time() - max by (instance, part) ' +
            `(portcullis_reload_success_timestamp_seconds{${OF_GATEWAY}})`,
          '',
        ],
      ],
    }),
    table({
      title: 'Versions',
      description: 'Replicas by version of the gateway and of Node.',
      unit: 'none',
      height: 6,
      columns: { version: 'Portcullis', node: 'Node', Value: 'Replicas' },
      queries: [
        [
          `count by (version, node) (portcullis_build_info{${OF_GATEWAY}} * on (job, instance) ` +
            // Each worker has a series of its own.
            `group_left (node) max by (job, instance, node) (label_replace(` +
            `nodejs_version_info{${OF_GATEWAY}}, "node", "$1", "version", "(.+)")))`,
          '',
        ],
      ],
    }),
  ],
};

const perInstance = (metric) => `sum by (instance) (${metric}{${OF_GATEWAY}})`;
const process = {
  title: 'Process',
  panels: [
    curves({
      title: 'Memory',
      description: 'Resident memory, and the part of it that JavaScript and buffers use.',
      unit: 'bytes',
      queries: [
        [perInstance('process_resident_memory_bytes'), 'resident, {{instance}}'],
        [perInstance('nodejs_heap_size_used_bytes'), 'heap used, {{instance}}'],
        [perInstance('nodejs_heap_size_total_bytes'), 'heap, {{instance}}'],
        [perInstance('nodejs_external_memory_bytes'), 'buffers, {{instance}}'],
      ],
    }),
    curves({
      title: 'CPU',
      description: 'In cores. One process works on one core.',
      unit: 'none',
      queries: ['user', 'system'].map((mode) => [
        `sum by (instance) (${rate(`process_cpu_${mode}_seconds_total`, OF_GATEWAY)})`,
        `${mode}, {{instance}}`,
      ]),
    }),
    curves({
      title: 'Lag of the event loop',
      description: 'All requests of a process wait for so long.',
      unit: 's',
      queries: ['p50', 'p99'].map((q) => [
        `max by (instance) (nodejs_eventloop_lag_${q}_seconds{${OF_GATEWAY}})`,
        `${q}, {{instance}}`,
      ]),
    }),
    curves({
      title: 'File descriptors',
      description: 'The dashed line is the limit of the process.',
      unit: 'none',
      dashed: 'B',
      queries: [
        [perInstance('process_open_fds'), '{{instance}}'],
        [perInstance('process_max_fds'), 'limit, {{instance}}'],
      ],
    }),
    curves({
      title: 'Time since the start',
      unit: 's',
      width: 24,
      height: 6,
      queries: [
        [`time() - max by (instance) (process_start_time_seconds{${OF_GATEWAY}})`, '{{instance}}'],
      ],
    }),
  ],
};

export const rowsOfParts = [issuers, limits, apiKeys, configuration, process];

/** Metrics of the gateway that the dashboard does not show, and why. */
export const NOT_SHOWN = {
  portcullis_config_generation: 'the reloads are shown',
  portcullis_config_hash: 'a number without a meaning of its own; docs/operation.md has a query',
  mcp_server_operation_duration_seconds: 'off by default; dashboards for MCP show it',
  process_cpu_seconds_total: 'the sum of user and system, which are shown',
  process_heap_bytes: 'the data segment of the process, which is not the heap of JavaScript',
  process_virtual_memory_bytes: 'address space: it says nothing about the use of memory',
  nodejs_eventloop_lag_seconds: 'the lag at the moment of the scrape; p50 and p99 say more',
  nodejs_eventloop_lag_min_seconds: 'p50 and p99 say more',
  nodejs_eventloop_lag_max_seconds: 'one outlier fills the panel; p99 says more',
  nodejs_eventloop_lag_mean_seconds: 'p50 and p99 say more',
  nodejs_eventloop_lag_stddev_seconds: 'p50 and p99 say more',
  nodejs_eventloop_lag_p90_seconds: 'p50 and p99 say more',
};
