// Checks the Helm chart and deploy/kubernetes/ without Helm: versions, values, and that the objects
// agree with the product. `npm run verify -- --only chart` renders the chart.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { serveHelp } from '../../src/commands/serve.js';
import { loadFile } from '../../src/config/load.js';
import { ConfigError } from '../../src/config/problems.js';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const yamlOf = (path: string) => parse(read(path));
const CHART = 'deploy/helm/portcullis/';
const PLAIN = 'deploy/kubernetes/';

type Values = Record<string, unknown>;
interface Schema {
  readonly properties?: Record<string, Schema>;
  readonly additionalProperties?: unknown;
}

const folder = mkdtempSync(join(tmpdir(), 'portcullis-chart-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const { version } = JSON.parse(read('package.json'));
const values: Values = yamlOf(`${CHART}values.yaml`);
const schema: Schema = JSON.parse(read(`${CHART}values.schema.json`));
const accepts = new Ajv({ strict: false }).compile(schema);
const valuesFiles = readdirSync(new URL(`${CHART}ci/`, root));
const isMap = (value: unknown): value is Values => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The names of all values, down to maps that Kubernetes or the gateway defines. */
function namesOf(map: Values, at: Schema, path = ''): string[] {
  return Object.entries(map).flatMap(([name, value]) => {
    const inner = at.properties?.[name];
    const isOpen = name === 'config' || inner?.properties === undefined;
    return isOpen || !isMap(value) ? [`${path}${name}`] : namesOf(value, inner, `${path}${name}.`);
  });
}

/** The names that the schema allows. */
const allowed = (at: Schema, path = ''): string[] =>
  Object.entries(at.properties ?? {}).flatMap(([name, inner]) =>
    name === 'config' || inner.properties === undefined ? [`${path}${name}`] : allowed(inner, `${path}${name}.`),
  );

const at = (map: unknown, path: string): unknown => path.split('.').reduce((inner, name) => (inner as Values)?.[name], map);

/** The problems of a configuration whose secrets are files of `folder`. */
function problemsOf(text: string): unknown {
  const local = text.replaceAll('/etc/portcullis', folder);
  for (const [, file = ''] of local.matchAll(/\$\{file:([^}]+)\}/g)) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, 'MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY=');
  }
  const file = join(folder, 'portcullis.yaml');
  writeFileSync(file, local);
  try {
    loadFile(file, { UPSTREAM_AUTHORIZATION: 'Bearer a' });
    return null;
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

test('the versions are those of the package', () => {
  const chart = yamlOf(`${CHART}Chart.yaml`);
  const [image] = yamlOf(`${PLAIN}kustomization.yaml`).images;
  expect([chart.version, chart.appVersion, image.newTag]).toEqual([version, version, version]);
});

describe('the values', () => {
  test('have the names of the schema, and no others', () => {
    expect(namesOf(values, schema).sort()).toEqual(
      allowed(schema)
        .filter((name) => name !== 'global')
        .sort(),
    );
  });

  test('have the schema that scripts/chart-schema.mjs writes', async () => {
    const { valuesSchema } = await import(new URL('scripts/chart/values-schema.mjs', root).href);
    expect(schema).toEqual(valuesSchema());
  });

  test('pass the schema, and a misspelt one does not', () => {
    expect([accepts(values), accepts.errors]).toEqual([true, null]);
    expect(accepts({ ...values, replicas: 2 })).toBe(false);
    expect(accepts({ ...values, config: { publicURL: 'https://mcp.example.com' } })).toBe(false);
  });

  test.each([
    { image: { repository: 'a\n  privileged: true' } },
    { image: { repository: 'a b: c' } },
    { ingress: { className: 'a\n  b: c' } },
    { sessionKeys: { key: 'a\nb' } },
    { priorityClassName: 'a: b' },
  ])('that would add lines to an object do not pass: %j', (bad) => expect(accepts({ ...values, ...bad })).toBe(false));

  test('have a comment with a configuration that loads', () => {
    const sample = /^# config:\n((?:# .*\n)+)config: \{\}/m.exec(read(`${CHART}values.yaml`))?.[1] ?? '';
    expect(problemsOf(sample.replaceAll(/^# {3}/gm, ''))).toBeNull();
    expect(problemsOf('publicUrl: https://mcp.example.com\n')).toContain('endpoints');
  });

  test.each(valuesFiles)('of ci/%s pass the schema, and their configuration loads', (name) => {
    const own: Values = yamlOf(`${CHART}ci/${name}`);
    expect([accepts(own), accepts.errors]).toEqual([true, null]);
    expect(problemsOf(JSON.stringify({ ...(own.config as object), listen: { host: '0.0.0.0' } }))).toBeNull();
  });

  test('of ci/everything-values.yaml differ from each default', () => {
    const every: Values = yamlOf(`${CHART}ci/everything-values.yaml`);
    const same = (path: string): boolean => JSON.stringify(at(every, path) ?? null) === JSON.stringify(at(values, path));
    // These exclude other values that the file has.
    const left = ['sessionKeys.existingSecret', 'podDisruptionBudget.enabled', 'serviceAccount.create'];
    expect(namesOf(values, schema).filter((path) => at(every, path) === undefined || same(path))).toEqual(left);
  });
});

describe.each(['docs/deploy.md', 'docs/kubernetes.md'])('the values of %s', (page) => {
  const samples = [...read(page).matchAll(/^```yaml\n# my-values\.yaml\n([\s\S]*?)^```$/gm)].map(([, text]) => text as string);

  test('are found', () => expect(samples.length).toBeGreaterThan(0));
  test.each(samples)('pass the schema, and their configuration loads: %#', (sample) => {
    const own: Values = parse(sample);
    // Helm removes values that are null.
    expect([accepts(own), accepts.errors]).toEqual([true, null]);
    if (own.config !== undefined) expect(problemsOf(JSON.stringify(own.config))).toBeNull();
  });
});

describe('deploy/kubernetes', () => {
  const files = readdirSync(new URL(PLAIN, root)).filter((name) => name !== 'kustomization.yaml');
  const kustomization = yamlOf(`${PLAIN}kustomization.yaml`);
  const deployment = yamlOf(`${PLAIN}deployment.yaml`);
  const pod = deployment.spec.template.spec;
  const [container] = pod.containers;
  const configuration = yamlOf(`${PLAIN}portcullis.yaml`);

  test('has valid files, and Kustomize takes all of them', () => {
    for (const name of files) expect(parseAllDocuments(read(PLAIN + name)).flatMap(({ errors }) => errors)).toEqual([]);
    expect([...kustomization.resources, ...kustomization.configMapGenerator[0].files].sort()).toEqual(files.sort());
  });

  test('watches the files, which keep their names', () => {
    expect([container.args, kustomization.generatorOptions]).toEqual([['serve', '--watch'], { disableNameSuffixHash: true }]);
  });

  test('has a configuration that loads', () => expect(problemsOf(read(`${PLAIN}portcullis.yaml`))).toBeNull());

  test('puts the configuration and each secret where the gateway looks for them', () => {
    const [mount] = container.volumeMounts;
    const sources = pod.volumes[0].projected.sources as { configMap?: { items: [] }; secret?: { items: [] } }[];
    const items = sources.flatMap(({ configMap, secret }) => (configMap ?? secret)?.items ?? []) as { path: string }[];
    const mounted = items.map(({ path }) => `${mount.mountPath}/${path}`);
    expect(mounted).toContain(container.env.find(({ name }: { name: string }) => name === 'PORTCULLIS_CONFIG').value);
    expect(mounted).toEqual(
      expect.arrayContaining(configuration.sessionKeys.map((key: string) => key.slice('${file:'.length, -1))),
    );
  });

  test('has the ports of the configuration, in the pod and in the Services', () => {
    const ports = Object.fromEntries(
      container.ports.map(({ name, containerPort }: { name: string; containerPort: number }) => [name, containerPort]),
    );
    expect(ports).toEqual({ http: configuration.listen.port, admin: configuration.admin.port });
    expect([configuration.listen.host, configuration.admin.host]).toEqual(['0.0.0.0', '0.0.0.0']);
    for (const name of ['service', 'service-admin'])
      for (const { targetPort } of yamlOf(`${PLAIN}${name}.yaml`).spec.ports) expect(Object.keys(ports)).toContain(targetPort);
    expect(container.livenessProbe.httpGet).toEqual({ path: '/healthz', port: 'admin' });
    expect(container.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'http' });
  });

  test('gives a pod the time of the announcement and of the drain', () => {
    const drainSeconds = Number(/drains for up to (\d+) s/.exec(serveHelp)?.[1]);
    expect(drainSeconds).toBeGreaterThan(0);
    const needed = configuration.drain.delaySeconds + 1 + drainSeconds;
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(needed);
  });

  test('runs as user 65534, with nothing that the gateway does not need', () => {
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 65_534,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect([pod.automountServiceAccountToken, pod.enableServiceLinks]).toEqual([false, false]);
    expect(yamlOf(`${PLAIN}namespace.yaml`).metadata.labels).toEqual({ 'pod-security.kubernetes.io/enforce': 'restricted' });
  });

  test('starts a new pod before an old one ends', () => {
    expect(deployment.spec.strategy.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 });
  });
});
