// Makes strict JSON Schemas of the kinds that the chart renders, from the sources of Kubernetes and
// of the custom resources, in the layout of kubeconform.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { MODULES, moduleFolder } from './tools.mjs';

const KINDS = [
  ['v1', 'ConfigMap'],
  ['v1', 'Namespace'],
  ['v1', 'Secret'],
  ['v1', 'Service'],
  ['v1', 'ServiceAccount'],
  ['apps/v1', 'Deployment'],
  ['autoscaling/v2', 'HorizontalPodAutoscaler'],
  ['networking.k8s.io/v1', 'Ingress'],
  ['networking.k8s.io/v1', 'NetworkPolicy'],
  ['policy/v1', 'PodDisruptionBudget'],
];

/** The files of the custom resources inside their modules. */
const CUSTOM = [
  [MODULES.gatewayApi, 'config/crd/standard', /httproutes\.yaml$/],
  [
    MODULES.prometheusOperator,
    'example/prometheus-operator-crd',
    /_(servicemonitors|prometheusrules)\.yaml$/,
  ],
];

const TEXT_OR_NUMBER = { anyOf: [{ type: 'string' }, { type: 'number' }] };
const isTextOrNumber = (schema) =>
  schema.format === 'int-or-string' || schema['x-kubernetes-int-or-string'] === true;

/** The schema without unknown fields. `refs` collects the names of the definitions it refers to. */
function strict(schema, refs) {
  if (Array.isArray(schema)) return schema.map((part) => strict(part, refs));
  if (schema === null || typeof schema !== 'object') return schema;
  if (isTextOrNumber(schema)) return TEXT_OR_NUMBER;
  const result = {};
  for (const [name, value] of Object.entries(schema)) {
    if (name.startsWith('x-kubernetes-') || name === 'description' || name === 'default') continue;
    if (name === '$ref') {
      refs?.add(value.slice('#/definitions/'.length));
      result.$ref = value;
    } else if (name === 'properties') {
      const parts = Object.entries(value).map(([key, part]) => [key, strict(part, refs)]);
      result.properties = Object.fromEntries(parts);
    } else result[name] = strict(value, refs);
  }
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (schema.type === 'object' && result.properties && !open && !result.additionalProperties)
    result.additionalProperties = false;
  return result;
}

/** A kind with all definitions that it refers to. */
function bundled(definitions, name) {
  const reached = {};
  const waiting = [name];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (next in reached) continue;
    const refs = new Set();
    // A quantity, such as 2 or "500m".
    const isQuantity = next === 'io.k8s.apimachinery.pkg.api.resource.Quantity';
    reached[next] = isQuantity ? TEXT_OR_NUMBER : strict(definitions[next], refs);
    waiting.push(...refs);
  }
  return { $ref: `#/definitions/${name}`, definitions: reached };
}

/** For kubeconform, the core group has the name of its version. */
const fileOf = (folder, apiVersion, kind) => {
  const [group, version = group] = apiVersion.split('/');
  return join(folder, `${kind}-${group}-${version}.json`.toLowerCase());
};

/** Names the files of this folder for kubeconform. */
export const locationOf = (folder) =>
  join(folder, '{{ .ResourceKind }}-{{ .Group }}-{{ .ResourceAPIVersion }}.json');

function writeKubernetes(folder) {
  const file = join(moduleFolder(MODULES.kubernetes), 'api/openapi-spec/swagger.json');
  const { definitions } = JSON.parse(readFileSync(file, 'utf8'));
  for (const [apiVersion, kind] of KINDS) {
    const isIt = (of) => `${of.group === '' ? '' : `${of.group}/`}${of.version}` === apiVersion;
    const [name] = Object.entries(definitions).find(
      ([, { 'x-kubernetes-group-version-kind': of }]) =>
        of?.some((one) => one.kind === kind && isIt(one)),
    );
    writeFileSync(fileOf(folder, apiVersion, kind), JSON.stringify(bundled(definitions, name)));
  }
}

/** The custom resource definitions, as objects. */
export function customResources() {
  return CUSTOM.flatMap(([module, path, wanted]) => {
    const source = join(moduleFolder(module), path);
    const files = readdirSync(source).filter((file) => wanted.test(file));
    return files.map((file) => parse(readFileSync(join(source, file), 'utf8')));
  });
}

function writeCustom(folder) {
  for (const { spec } of customResources()) {
    for (const { name, schema } of spec.versions) {
      const apiVersion = `${spec.group}/${name}`;
      const closed = strict(schema.openAPIV3Schema, undefined);
      closed.properties.metadata = { type: 'object' };
      writeFileSync(fileOf(folder, apiVersion, spec.names.kind), JSON.stringify(closed));
    }
  }
}

/** Writes all schemas into `folder`. */
export function writeSchemas(folder) {
  mkdirSync(folder, { recursive: true });
  writeKubernetes(folder);
  writeCustom(folder);
}
