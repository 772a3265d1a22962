// Checks the Helm chart: its lint, its values, the objects against the schemas of Kubernetes, and
// the configuration with the gateway itself. Checks also that deploy/kubernetes/ is up to date.
//
// Usage: `node scripts/verify/chart.mjs`, after `npm run build`. It needs Go, which builds Helm and
// kubeconform below .scratch.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitOnSignals } from '../../test/fixtures/child.js';
import {
  chart,
  KUBERNETES,
  objectsOf,
  plainManifests,
  runHelm,
  template,
} from '../chart/render.mjs';
import { ACCEPTED, REJECTED } from './chart/cases.mjs';
import { locationOf, writeSchemas } from './chart/schemas.mjs';
import { checkStart } from './chart/start.mjs';
import { programs } from './chart/tools.mjs';
import { createChecks } from './checks.mjs';
import { scratch } from './steps.mjs';

const CHECK_MS = 120_000;
const say = (line) => console.log(line);
exitOnSignals();

const home = join(scratch, 'chart');
const { helm, kubeconform } = programs(join(home, 'bin'), say);
const schemas = join(home, 'schemas');
rmSync(schemas, { recursive: true, force: true });
writeSchemas(schemas);
const folder = mkdtempSync(join(home, 'run-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const { check, finish } = createChecks('the chart');

/** Throws with the list of problems that kubeconform finds. */
function conform(text) {
  const file = join(folder, 'objects.yaml');
  writeFileSync(file, text);
  const args = ['-strict', '-summary', '-schema-location', locationOf(schemas), file];
  const options = { encoding: 'utf8', stdio: 'pipe', timeout: CHECK_MS };
  try {
    execFileSync(kubeconform, args, options);
  } catch (error) {
    throw new Error(error.stdout || error.message, { cause: error });
  }
}

function expectRejected(work, message) {
  let text = null;
  try {
    work();
  } catch (error) {
    text = error.message;
  }
  if (text === null) throw new Error('it is accepted');
  if (!text.includes(message)) throw new Error(`the message is: ${text}`);
}

say('the values files of deploy/helm/portcullis/ci');
const files = readdirSync(join(chart, 'ci')).map((name) => join(chart, 'ci', name));
for (const file of files) {
  const name = file.slice(chart.length);
  await check(`${name}: helm lint --strict`, () =>
    runHelm(helm, ['lint', '--strict', '--kube-version', KUBERNETES, '--values', file, chart]),
  );
  const text = template(helm, { values: [file] });
  await check(`${name}: no object with an unknown field or a wrong type`, () => conform(text));
  await check(`${name}: renders the same twice`, () => {
    if (template(helm, { values: [file] }) !== text) throw new Error('it differs');
  });
  await check(`${name}: the gateway starts with it`, () => checkStart(objectsOf(text), folder));
}

say('the check itself');
const plain = template(helm, { values: [join(chart, 'ci', 'plain-values.yaml')] });
await check('kubeconform rejects a misspelt field', () =>
  expectRejected(
    () => conform(plain.replace('minReadySeconds', 'minReadySecond')),
    'minReadySecond',
  ),
);

const minimal = join(chart, 'ci', 'minimal-values.yaml');
const labelOf = ({ set, kubernetes }) => [...set, kubernetes ?? []].flat().join(' ');
say('values that the chart accepts');
for (const one of ACCEPTED)
  await check(labelOf(one), () => conform(template(helm, { values: [minimal], ...one })));
say('values that the chart rejects');
for (const one of REJECTED)
  await check(labelOf(one), () =>
    expectRejected(() => template(helm, { values: [minimal], ...one }), one.message),
  );
for (const set of [[], ['ingress.enabled=true'], ['httpRoute.enabled=true']])
  await check(`no config ${set}`, () =>
    expectRejected(() => template(helm, { set }), 'config: write publicUrl'),
  );

say('the hosts of the Ingress and of the HTTPRoute');
const hostsOf = (set) => {
  const text = template(helm, { values: [minimal], set });
  const found = (wanted) => objectsOf(text).find(({ kind }) => kind === wanted).spec;
  const { rules, tls } = found('Ingress');
  const { hostnames } = found('HTTPRoute');
  return [rules.map(({ host }) => host), tls[0].hosts, hostnames].map(String);
};
const routes = ['ingress.enabled=true', 'ingress.tlsSecret=a', 'httpRoute.enabled=true'];
const parent = 'httpRoute.parentRefs[0].name=public';
for (const [what, set, wanted] of [
  ['publicUrl', [], 'mcp.example.com'],
  ['a host', ['config.endpoints[0].host=A.example'], 'mcp.example.com,a.example'],
  [
    'hosts',
    ['config.endpoints[0].host={a.example,b.example}'],
    'mcp.example.com,a.example,b.example',
  ],
  ['a resource', ['config.endpoints[0].resource=https://a.example/b'], 'mcp.example.com,a.example'],
  [
    'resources',
    ['config.endpoints[0].resource={https://a.example/b,https://c.example/b}'],
    'mcp.example.com,a.example,c.example',
  ],
])
  await check(what, () => {
    const seen = hostsOf([...routes, parent, ...set]);
    if (seen.some((hosts) => hosts !== wanted)) throw new Error(seen.join('; '));
  });

say('a change of the configuration');
/** Equal for two sets of values: the pods stay. */
const podOf = (set) =>
  JSON.stringify(
    objectsOf(template(helm, { values: [minimal], set })).find(({ kind }) => kind === 'Deployment')
      .spec.template,
  );
const changes = (before, after) => podOf(before) !== podOf([...before, ...after]);
await check('keeps the pods, which watch their files', () => {
  if (!podOf([]).includes('"args":["serve","--watch"]')) throw new Error(podOf([]));
  if (changes([], ['config.logLevel=warn'])) throw new Error('other pods');
});
await check('replaces the pods with another address', () => {
  if (!changes([], ['listenHost=::'])) throw new Error('the same pods');
});
for (const workers of ['2', 'auto'])
  await check(`replaces the pods with workers: ${workers}`, () => {
    if (!changes([], [`workers=${workers}`])) throw new Error('the same pods');
  });
await check('replaces the pods with reload: roll', () => {
  if (!podOf(['reload=roll']).includes('"args":["serve"]')) throw new Error(podOf(['reload=roll']));
  if (!changes(['reload=roll'], ['config.logLevel=warn'])) throw new Error('the same pods');
});

say('deploy/kubernetes');
const manifests = new URL('../../deploy/kubernetes/', import.meta.url);
for (const [name, text] of plainManifests(helm))
  await check(`${name} is what the chart renders`, () => {
    if (readFileSync(new URL(name, manifests), 'utf8') !== text)
      throw new Error('run `node scripts/render-manifests.mjs`');
  });

finish();
