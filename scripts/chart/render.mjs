// Renders the Helm chart, and makes the plain manifests of deploy/kubernetes/ from it.
import { execFileSync } from 'node:child_process';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments, stringify } from 'yaml';

const COMMAND_MS = 60_000;
const GENERATED_FOR_HELM = /^ +(app\.kubernetes\.io\/managed-by|helm\.sh\/chart): .*\n/gm;
const ORDER = ['publicUrl', 'listen', 'admin', 'drain', 'sessionKeys', 'issuers', 'endpoints'];

export const chart = fileURLToPath(new URL('../../deploy/helm/portcullis/', import.meta.url));

/** The newest Kubernetes whose API server the chart was checked with. */
export const KUBERNETES = '1.34.0';

/** Runs Helm with the arguments. A failure throws an error with the text that Helm prints. */
export function runHelm(helm, args) {
  const options = { encoding: 'utf8', timeout: COMMAND_MS, stdio: 'pipe', maxBuffer: 1 << 24 };
  try {
    return execFileSync(helm, args, options);
  } catch (error) {
    throw new Error(error.stderr || error.message, { cause: error });
  }
}

/** The text of all objects. */
export function template(helm, { values = [], set = [], kubernetes = KUBERNETES }) {
  const files = values.flatMap((file) => ['--values', file]);
  const settings = set.flatMap((setting) => ['--set', setting]);
  const where = ['--namespace', 'portcullis', '--kube-version', kubernetes];
  return runHelm(helm, ['template', 'portcullis', chart, ...where, ...files, ...settings]);
}

/** The objects of a text of several documents, without the empty ones. */
export const objectsOf = (text) =>
  parseAllDocuments(text, { version: '1.1' })
    .map((document) => {
      if (document.errors.length > 0) throw document.errors[0];
      return document.toJS();
    })
    .filter((object) => object !== null);

/** The configuration of the gateway that the ConfigMap holds. */
export const configurationOf = (objects) =>
  objects.find(({ kind, data }) => kind === 'ConfigMap' && data['portcullis.yaml'] !== undefined)
    .data['portcullis.yaml'];

function ordered(configuration) {
  const parsed = parse(configuration);
  const names = [...ORDER, ...Object.keys(parsed).filter((name) => !ORDER.includes(name))];
  const entries = names.filter((name) => name in parsed).map((name) => [name, parsed[name]]);
  return stringify(Object.fromEntries(entries), { lineWidth: 100 });
}

/** The files of deploy/kubernetes/ that come from the chart: names and texts. */
export function plainManifests(helm) {
  const text = template(helm, { values: [`${chart}ci/plain-values.yaml`] });
  const files = new Map();
  for (const document of text.split(/^---\n/m).filter((part) => part.trim() !== '')) {
    const [, source] = /^# Source: (.*)\n/.exec(document);
    const body = document.replace(/^# Source: .*\n/, '').replace(GENERATED_FOR_HELM, '');
    files.set(basename(source), body);
  }
  const configuration = configurationOf(objectsOf(files.get('configmap.yaml')));
  files.delete('configmap.yaml');
  const head =
    '# Write your configuration here: docs/configuration.md has the language. Keep the values of\n' +
    '# listen, admin and drain: the ports and the grace period of deployment.yaml belong to them.\n';
  files.set('portcullis.yaml', head + ordered(configuration));
  return files;
}
