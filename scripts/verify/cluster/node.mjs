// Plays the kubelet for pods of the gateway: starts each pod as a process with the files of its
// volume, probes it, and ends it as Kubernetes does.
//
// The network is loopback: the address of a pod stands for a port of this machine.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { startChild } from '../../../test/fixtures/child.js';
import { cleanEnvironment, gatewayMain, leasePort } from '../../../test/fixtures/launch.js';

const LOOP_MS = 250;
const PROBE_MS = 1000;
const MOUNT = '/etc/portcullis';
const NODE = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' } };
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Writes the projected volume of a pod below `folder` and returns its configuration file. */
async function writeVolume(server, { metadata: { namespace }, spec }, folder, change) {
  const { projected } = spec.volumes.find(({ name }) => name === 'portcullis');
  for (const { configMap, secret } of projected.sources) {
    const { name, items } = configMap ?? secret;
    const kind = configMap ? 'ConfigMap' : 'Secret';
    const { data } = await server.get({ apiVersion: 'v1', kind, metadata: { namespace, name } });
    for (const { key, path } of items) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      const text = configMap ? change(data[key]) : Buffer.from(data[key], 'base64').toString();
      writeFileSync(file, text);
    }
  }
  return join(folder, 'portcullis.yaml');
}

async function answers(url) {
  const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_MS) }).catch(() => null);
  await response?.body?.cancel();
  return response?.status === 200;
}

/**
 * Runs the pods of a namespace until `stop`. `originOf` finds the gateway at the address of a pod.
 * `ended` has how each pod ended.
 */
export async function startNode({ server, namespace, folder, say }) {
  const pods = new Map();
  const ended = [];
  let stopped = false;
  await server.create(NODE);

  async function startPod(pod) {
    const { name } = pod.metadata;
    const [open, admin] = [await leasePort(), await leasePort()];
    const address = `10.244.0.${pods.size + 1}`;
    const state = { address, origin: `http://127.0.0.1:${open.port}`, ready: null, probed: 0 };
    pods.set(name, state);
    await server.createIn(pod, '/binding', {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace },
      target: { apiVersion: 'v1', kind: 'Node', name: NODE.metadata.name },
    });
    const home = join(folder, name);
    const local = (text) => {
      const configuration = parse(text.replaceAll(MOUNT, home));
      configuration.listen = { host: '127.0.0.1', port: open.port };
      configuration.admin = { host: '127.0.0.1', port: admin.port };
      return JSON.stringify(configuration);
    };
    const file = await writeVolume(server, pod, home, local);
    const [{ args }] = pod.spec.containers;
    const options = { env: cleanEnvironment(), logFile: join(folder, `${name}.log`) };
    state.child = startChild(process.execPath, [gatewayMain, ...args, '--config', file], options);
    state.release = () => [open, admin].forEach(({ release }) => void release());
    say(`    ${name} started`);
  }

  async function endPod(pod, state) {
    const { name, deletionGracePeriodSeconds } = pod.metadata;
    state.ending = true;
    const started = performance.now();
    const exit = await state.child
      .stop('SIGTERM', deletionGracePeriodSeconds * 1000)
      .catch((error) => ({ code: error.message }));
    const seconds = (performance.now() - started) / 1000;
    ended.push({ name, code: exit.code, seconds, allowed: deletionGracePeriodSeconds });
    state.release();
    await server.remove(pod, { gracePeriodSeconds: 0 });
    say(`    ${name} ended after ${seconds.toFixed(1)} s`);
  }

  async function probePod(pod, state) {
    const { readinessProbe } = pod.spec.containers[0];
    const isDue = performance.now() - state.probed >= readinessProbe.periodSeconds * 1000;
    // Until the first success the start matters, so the probe comes at each turn.
    if (state.ready === true && !isDue) return;
    state.probed = performance.now();
    const isReady = await answers(`${state.origin}${readinessProbe.httpGet.path}`);
    if (isReady === state.ready) return;
    state.ready = isReady;
    const now = new Date().toISOString();
    const conditions = ['Ready', 'ContainersReady'].map((type) => ({
      type,
      status: isReady ? 'True' : 'False',
      lastTransitionTime: now,
    }));
    await server.patchStatus(pod, {
      phase: 'Running',
      podIP: state.address,
      podIPs: [{ ip: state.address }],
      conditions,
    });
  }

  async function turn() {
    const { items } = await server.get({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace } });
    for (const item of items) {
      const pod = { apiVersion: 'v1', kind: 'Pod', ...item };
      const state = pods.get(pod.metadata.name);
      if (state === undefined) await startPod(pod);
      else if (pod.metadata.deletionTimestamp !== undefined && !state.ending)
        endPod(pod, state).catch((error) => say(`    ${error.message}`));
      else if (!state.ending) await probePod(pod, state);
    }
  }

  const loop = (async () => {
    while (!stopped) {
      await turn().catch((error) => say(`    ${error.message}`));
      await pause(LOOP_MS);
    }
  })();
  const originOf = (address) =>
    [...pods.values()].find((state) => state.address === address)?.origin;
  const stop = async () => {
    stopped = true;
    await loop;
    for (const { child } of pods.values()) await child?.end();
  };
  return { originOf, ended, stop };
}
