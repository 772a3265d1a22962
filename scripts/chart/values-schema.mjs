// The schema of the values of the Helm chart: the chart's own values, and the schema of the product
// for `config`.
import { z } from 'zod';
import { rootSchema } from '../../compiled/config/schema/root.js';

const flag = { type: 'boolean' };
const name = { type: 'string', pattern: '^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$', maxLength: 253 };
const fileKey = { type: 'string', pattern: '^[-._a-zA-Z0-9]+$' };
const whole = (minimum, maximum) => ({ type: 'integer', minimum, maximum });
const list = (items, more = {}) => ({ type: 'array', items, ...more });
const port = whole(1, 65_535);
/** A part of a Kubernetes object. The API server checks it. */
const part = { type: 'object' };
const texts = { type: 'object', additionalProperties: { type: 'string' } };

const closed = (properties, required = []) => ({
  type: 'object',
  properties,
  ...(required.length > 0 && { required }),
  additionalProperties: false,
});

/** Words that reject nothing. `secret` is a word of the product, not of JSON Schema. */
const SILENT = ['$schema', '$id', 'title', 'description', 'default', 'examples', 'secret'];

/** A schema with only the words that can reject a value. */
function bare(schema) {
  if (Array.isArray(schema)) return schema.map(bare);
  if (schema === null || typeof schema !== 'object') return schema;
  const kept = Object.entries(schema).filter(([word]) => !SILENT.includes(word));
  const of = (word, value) => (word === 'properties' ? each(value) : bare(value));
  return Object.fromEntries(kept.map(([word, value]) => [word, of(word, value)]));
}

/** The names of properties stay, also where one is a word of JSON Schema. */
const each = (named) =>
  Object.fromEntries(Object.entries(named).map(([key, schema]) => [key, bare(schema)]));

/** The schema of the product. Where `config` is empty, the chart itself says what to write. */
function configSchema() {
  const schema = bare(z.toJSONSchema(rootSchema, { io: 'input', target: 'draft-7' }));
  delete schema.required;
  return schema;
}

const image = closed({
  // A registry, perhaps with its port, and the name. The tag is a value of its own.
  repository: {
    type: 'string',
    pattern:
      '^([A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]+)?/)?[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9._-]+)*$',
  },
  tag: { type: 'string', pattern: '^([A-Za-z0-9_][A-Za-z0-9._-]{0,127})?$' },
  digest: { type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' },
  pullPolicy: { enum: ['Always', 'IfNotPresent', 'Never'] },
});

const properties = () => ({
  config: configSchema(),
  sessionKeys: closed({
    existingSecret: name,
    key: fileKey,
    // 32 bytes in base64, as `openssl rand -base64 32` prints them.
    values: list({ type: 'string', pattern: '^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$' }),
  }),
  secrets: list(
    closed(
      {
        name: { ...name, minLength: 1 },
        secretName: { ...name, minLength: 1 },
        keys: list(fileKey, { minItems: 1 }),
      },
      ['name', 'secretName', 'keys'],
    ),
  ),
  reload: { enum: ['watch', 'roll'] },
  image,
  imagePullSecrets: list(closed({ name })),
  fullnameOverride: { type: 'string', pattern: '^([a-z]([-a-z0-9]{0,51}[a-z0-9])?)?$' },
  listenHost: { enum: ['0.0.0.0', '::'] },
  workers: { anyOf: [{ const: 'auto' }, whole(1, 64)] },
  replicaCount: whole(0, 1000),
  autoscaling: closed({
    enabled: flag,
    minReplicas: whole(1, 1000),
    maxReplicas: whole(1, 1000),
    targetCPUPercent: whole(1, 1000),
    scaleDownAfterSeconds: whole(0, 3600),
  }),
  drain: closed({ delaySeconds: whole(0, 300) }),
  minReadySeconds: whole(0, 3600),
  revisionHistoryLimit: whole(0, 100),
  podDisruptionBudget: closed({
    enabled: flag,
    maxUnavailable: { anyOf: [whole(0, 1000), { type: 'string', pattern: '^\\d{1,3}%$' }] },
  }),
  resources: part,
  service: closed({
    type: { enum: ['ClusterIP', 'NodePort', 'LoadBalancer'] },
    port,
    annotations: texts,
  }),
  adminService: closed({ port, annotations: texts }),
  ingress: closed({ enabled: flag, className: name, annotations: texts, tlsSecret: name }),
  httpRoute: closed({ enabled: flag, annotations: texts, parentRefs: list(part) }),
  networkPolicy: closed({
    enabled: flag,
    publicFrom: list(part),
    adminFrom: list(part),
    dnsTo: list(part),
    allowHttps: flag,
    egress: list(part),
  }),
  serviceMonitor: closed({
    enabled: flag,
    labels: texts,
    interval: { type: 'string', pattern: '^\\d+(ms|s|m)$' },
  }),
  prometheusRule: closed({ enabled: flag, labels: texts }),
  grafanaDashboard: closed({ enabled: flag, labels: texts, annotations: texts }),
  serviceAccount: closed({ create: flag, name, annotations: texts }),
  podSecurityContext: part,
  securityContext: part,
  podAnnotations: texts,
  podLabels: texts,
  priorityClassName: name,
  nodeSelector: texts,
  tolerations: list(part),
  affinity: part,
  topologySpreadConstraints: list(part),
  extraEnv: list({ type: 'object', required: ['name'] }),
  extraEnvFrom: list(part),
  extraVolumes: list(part),
  extraVolumeMounts: list(part),
  sidecars: list({ type: 'object', required: ['name', 'image'] }),
  // Helm adds it where the chart is a part of another chart.
  global: part,
});

/** Draft 7, because Helm before 3.18 knows no later one. */
export const valuesSchema = () => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Values of the chart portcullis',
  ...closed(properties()),
});
