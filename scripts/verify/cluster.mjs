// Checks the chart against a real API server of Kubernetes with its controllers: admission at the
// level `restricted`, each object, and a rolling update under load with real gateways.
//
// Usage: `node scripts/verify/cluster.mjs`, after `npm run build`. It needs Go, which builds etcd
// and Kubernetes below .scratch. The pods are processes of this machine: there is no kubelet.
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { exitOnSignals } from '../../test/fixtures/child.js';
import { startLoopback } from '../../test/fixtures/launch.js';
import { until } from '../../test/fixtures/wait.js';
import { chart, objectsOf, template } from '../chart/render.mjs';
import { customResources } from './chart/schemas.mjs';
import { programs } from './chart/tools.mjs';
import { createChecks } from './checks.mjs';
import { startLoad } from './cluster/load.mjs';
import { build, start } from './cluster/machine.mjs';
import { startNode } from './cluster/node.mjs';
import { scratch } from './steps.mjs';

const PODS_MS = 60_000;
const ROLLOUT_MS = 240_000;
const AFTER_MS = 5000;
const say = (line) => console.log(line);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
exitOnSignals();

const { helm } = programs(join(scratch, 'chart', 'bin'), say);
const home = join(scratch, 'cluster');
mkdirSync(home, { recursive: true });
const built = build(home, say);
const folder = mkdtempSync(join(home, 'run-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const { server, stop } = await start(built, folder);

const { check, finish } = createChecks('the cluster');

const namespaceFile = new URL('../../deploy/kubernetes/namespace.yaml', import.meta.url);
async function makeNamespace(name) {
  const object = parse(readFileSync(namespaceFile, 'utf8'));
  await server.apply({ ...object, metadata: { ...object.metadata, name } });
}
const inNamespace = (objects, namespace) =>
  objects.map((object) => ({ ...object, metadata: { ...object.metadata, namespace } }));
const list = async (apiVersion, kind, namespace) =>
  (await server.get({ apiVersion, kind, metadata: { namespace } })).items;

/** Rejects with the event where the controller could not make a pod. */
async function untilPods(namespace, { spec: { replicas = 1 } }) {
  const enough = async () => {
    const failed = (await list('v1', 'Event', namespace)).find(
      ({ reason }) => reason === 'FailedCreate',
    );
    if (failed !== undefined) return failed.message;
    return (await list('v1', 'Pod', namespace)).length >= replicas && 'made';
  };
  let seen = false;
  await until(`${replicas} pods`, async () => (seen = await enough()), PODS_MS);
  if (seen !== 'made') throw new Error(seen);
}

async function checkObjects(file, index) {
  const namespace = `values-${index}`;
  await makeNamespace(namespace);
  const objects = inNamespace(objectsOf(template(helm, { values: [file] })), namespace);
  await check(`${file.slice(chart.length)}: the API server takes each object`, async () => {
    for (const object of objects) await server.apply(object);
  });
  const deployment = objects.find(({ kind }) => kind === 'Deployment');
  await check(`${file.slice(chart.length)}: its pods are admitted`, () =>
    untilPods(namespace, deployment),
  );
  await server.remove({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
}

/** The values of a gateway whose callers have an API key. */
function valuesFor(upstream, key, logLevel) {
  const sha256 = createHash('sha256').update(key).digest('hex');
  return {
    sessionKeys: { existingSecret: 'portcullis-session' },
    config: {
      publicUrl: 'https://mcp.example.com',
      logLevel,
      apiKeys: { load: { sha256 } },
      endpoints: [{ path: '/files/mcp', apiKeys: [{ header: 'X-Api-Key' }], upstream }],
    },
  };
}

/** Each tenth answer takes 3 s, so that calls run when a pod ends. */
function startUpstream() {
  let count = 0;
  return startLoopback(async (incoming, answer) => {
    for await (const _ of incoming) {
      // The body does not matter.
    }
    count += 1;
    await pause(count % 10 === 0 ? 3000 : 20);
    answer.writeHead(200, { 'Content-Type': 'application/json' });
    answer.end('{"jsonrpc":"2.0","id":1,"result":{"content":[]}}');
  });
}

/** Applies the chart twice under load, the second time with another configuration. */
async function rollUnderLoad({ namespace, delaySeconds, url, key }) {
  await makeNamespace(namespace);
  const secret = { session: randomBytes(32).toString('base64') };
  await server.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name: 'portcullis-session' },
    stringData: { 'session-keys': secret.session },
  });
  async function apply(logLevel) {
    const file = join(folder, 'values.json');
    writeFileSync(file, JSON.stringify(valuesFor(url, key, logLevel)));
    const set = [`drain.delaySeconds=${delaySeconds}`, 'reload=roll'];
    const text = template(helm, { values: [file], set });
    for (const object of inNamespace(objectsOf(text), namespace)) await server.apply(object);
  }
  const rolledOut = async () => {
    const of = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { namespace, name: 'portcullis' },
    };
    const { spec, status, metadata } = await server.get(of);
    const isNew = status.observedGeneration === metadata.generation;
    const pods = (await list('v1', 'Pod', namespace)).length;
    return (
      isNew &&
      status.updatedReplicas === spec.replicas &&
      status.availableReplicas === spec.replicas &&
      pods === spec.replicas
    );
  };
  const node = await startNode({
    server,
    namespace,
    folder: mkdtempSync(join(folder, 'pods-')),
    say,
  });
  try {
    await apply('info');
    await until('the first pods are ready', rolledOut, ROLLOUT_MS);
    const headers = {
      'X-Api-Key': key,
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      'MCP-Protocol-Version': '2025-11-25',
    };
    const load = startLoad({
      server,
      namespace,
      service: 'portcullis',
      originOf: node.originOf,
      headers,
    });
    await until('the load runs', load.isRunning, PODS_MS);
    await pause(AFTER_MS);
    await apply('debug');
    await until('the new pods have replaced the old ones', rolledOut, ROLLOUT_MS);
    await pause(AFTER_MS);
    return { ...(await load.stop()), ended: node.ended };
  } finally {
    await node.stop();
    await server.remove({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' } });
  }
}

try {
  say('the custom resources');
  for (const resource of customResources()) {
    await server.apply({ ...resource, status: undefined });
    const isServed = async () => {
      const { conditions } = (await server.get(resource)).status;
      return conditions?.some(({ type, status }) => type === 'Established' && status === 'True');
    };
    await until(`the API server serves ${resource.metadata.name}`, isServed, PODS_MS);
  }
  say('the values files of deploy/helm/portcullis/ci');
  const files = readdirSync(join(chart, 'ci')).map((name) => join(chart, 'ci', name));
  for (const [index, file] of files.entries()) await checkObjects(file, index);

  say('the level restricted');
  await makeNamespace('loose');
  await check('rejects a pod that may be root', async () => {
    const text = template(helm, {
      values: [join(chart, 'ci', 'minimal-values.yaml')],
      set: ['podSecurityContext=null'],
    });
    const objects = inNamespace(objectsOf(text), 'loose');
    const deployment = objects.find(({ kind }) => kind === 'Deployment');
    const error = await server.apply(deployment).then(
      () => null,
      ({ message }) => message,
    );
    if (!error?.includes('would violate PodSecurity')) throw new Error(`it is accepted: ${error}`);
  });

  say('a rolling update under load');
  const upstream = await startUpstream();
  const url = `${upstream.url}/mcp`;
  const key = `sk_${randomBytes(32).toString('base64url')}`;
  await check('without the delay, calls are lost', async () => {
    const { count, lost } = await rollUnderLoad({
      namespace: 'no-delay',
      delaySeconds: 0,
      url,
      key,
    });
    if (lost.length === 0) throw new Error(`none of ${count}: the check sees nothing`);
    return { note: `${lost.length} of ${count}` };
  });
  await check('with the default, no call is lost', async () => {
    const result = await rollUnderLoad({ namespace: 'portcullis', delaySeconds: 10, url, key });
    const { count, lost, pods, ended } = result;
    if (lost.length > 0)
      throw new Error(`${lost.length} of ${count}: ${[...new Set(lost)].join('; ')}`);
    if (ended.length !== 2 || pods < 4)
      throw new Error(`${ended.length} pods ended, ${pods} pods served`);
    const bad = ended.filter(({ code, seconds, allowed }) => code !== 0 || seconds >= allowed);
    if (bad.length > 0) throw new Error(JSON.stringify(bad));
    return { note: `0 of ${count} lost, 2 pods replaced, exit code 0` };
  });
  await upstream.close();
} catch (error) {
  console.error(error);
  await check('the run', () => {
    throw error;
  });
} finally {
  await stop();
}
finish();
