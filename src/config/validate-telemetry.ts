// Checks `audit` and `metrics` across fields: one destination for records, and headers only where
// a collector gets them.
import type { Check } from './partial-config.js';
import type { Problem } from './problems.js';

const DESTINATIONS = ['file', 'stdout', 'otlp'] as const;

const auditHasOneDestination: Check = ({ root: { audit }, isBad }) => {
  if (audit === undefined) return [];
  const given = DESTINATIONS.filter((name) => audit[name] !== undefined || isBad(['audit', name]));
  if (given.length === 1) return [];
  const message =
    given.length === 0
      ? 'write where the records go: file: /var/log/portcullis/audit.jsonl, stdout: true, or ' +
        'otlp: http://127.0.0.1:4318'
      : `write one of ${given.join(' and ')}, not both: records have one destination`;
  return [{ path: ['audit'], message }];
};

const NO_COLLECTOR = 'headers are for a collector; add otlp, or remove headers';

const headersHaveACollector: Check = ({ root, isBad }) =>
  (['audit', 'metrics'] as const).flatMap((name): Problem[] => {
    const part = root[name];
    if (part === undefined || Object.keys(part.headers ?? {}).length === 0) return [];
    if (part.otlp !== undefined || isBad([name, 'otlp'])) return [];
    return [{ path: [name, 'headers'], message: NO_COLLECTOR }];
  });

const collectorGetsMetrics: Check = ({ root: { metrics } }) =>
  metrics?.operations !== false || metrics.otlp === undefined
    ? []
    : [
        {
          path: ['metrics', 'operations'],
          message: 'the collector would get nothing; write true, or remove otlp',
        },
      ];

export const telemetryChecks: readonly Check[] = [
  auditHasOneDestination,
  headersHaveACollector,
  collectorGetsMetrics,
];
