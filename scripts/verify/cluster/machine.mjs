// Builds and starts a small Kubernetes on loopback: etcd, the API server and the controllers, from
// their Go modules. It has no kubelet and no network of its own.
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startIntoFile } from '../../../test/fixtures/child.js';
import { leasePort } from '../../../test/fixtures/launch.js';
import { until } from '../../../test/fixtures/wait.js';
import { MODULES, moduleFolder } from '../chart/tools.mjs';
import { createApi } from './api.mjs';

const BUILD_MS = 90 * 60_000;
const START_MS = 120_000;
const ETCD = 'go.etcd.io/etcd/server/v3';
const CONTROLLERS = [
  'deployment-controller',
  'replicaset-controller',
  'endpointslice-controller',
  'serviceaccount-controller',
  'namespace-controller',
  'garbage-collector-controller',
  'disruption-controller',
];
const PROGRAMS = {
  etcd: ETCD,
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
};

/**
 * Kubernetes names its own modules with version v0.0.0. They have the number of its release, with 0
 * in place of 1.
 */
function goModule(folder) {
  const [path, version] = MODULES.kubernetes.split('@');
  const own = readFileSync(join(moduleFolder(MODULES.kubernetes), 'go.mod'), 'utf8');
  const etcd = /go\.etcd\.io\/etcd\/client\/v3 (\S+)/.exec(own)[1];
  const replaced = [...own.matchAll(/^\t(k8s\.io\/\S+) v0\.0\.0$/gm)].map(
    ([, name]) => `replace ${name} => ${name} ${version.replace('v1.', 'v0.')}`,
  );
  const imports = Object.values(PROGRAMS).map((program) => `import _ "${program}"`);
  writeFileSync(
    join(folder, 'tools.go'),
    `//go:build tools\n\npackage tools\n\n${imports.join('\n')}\n`,
  );
  const required = `require ${path} ${version}\nrequire ${ETCD} ${etcd}`;
  const head = /^go .*\n\ngodebug .*$/m.exec(own)[0];
  writeFileSync(
    join(folder, 'go.mod'),
    `module cluster\n\n${head}\n\n${required}\n\n${replaced.join('\n')}\n`,
  );
}

/** Builds the programs into `folder`, unless they are there, and returns their paths. */
export function build(folder, say) {
  const files = Object.keys(PROGRAMS).map((name) => join(folder, 'bin', name));
  if (!files.every((file) => existsSync(file))) {
    const cwd = join(folder, 'module');
    for (const made of [cwd, join(folder, 'bin')]) mkdirSync(made, { recursive: true });
    goModule(cwd);
    const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod' };
    const options = { cwd, env, stdio: ['ignore', 'ignore', 'inherit'], timeout: BUILD_MS };
    execFileSync('go', ['mod', 'tidy', '-e'], { ...options, stdio: 'ignore' });
    const [major, minor] = MODULES.kubernetes.split('@v')[1].split('.');
    const at = 'k8s.io/component-base/version';
    const marks = [
      `gitVersion=v${MODULES.kubernetes.split('@v')[1]}`,
      `gitMajor=${major}`,
      `gitMinor=${minor}`,
    ];
    const flags = ['-s', '-w', ...marks.map((mark) => `-X ${at}.${mark}`)].join(' ');
    for (const [name, program] of Object.entries(PROGRAMS)) {
      say(`building ${program}`);
      execFileSync(
        'go',
        ['build', '-p', '2', '-ldflags', flags, '-o', join(folder, 'bin', name), program],
        options,
      );
    }
  }
  return Object.fromEntries(Object.keys(PROGRAMS).map((name, index) => [name, files[index]]));
}

/** Starts the three programs in `folder` and resolves with the API. */
export async function start(programs, folder) {
  const opened = [];
  const stop = async () => {
    for (const end of opened.splice(0).reverse()) await end();
  };
  const run = (name, args) => {
    const child = startIntoFile(programs[name], args, {
      cwd: folder,
      logFile: join(folder, `${name}.log`),
    });
    opened.push(child.end);
  };
  try {
    const leases = [await leasePort(), await leasePort(), await leasePort()];
    opened.push(
      ...leases.map(
        ({ release }) =>
          async () =>
            release(),
      ),
    );
    const [client, peer, api] = leases.map(({ port }) => port);
    const [etcd, peers] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
    const urls = ['--listen-client-urls', etcd, '--advertise-client-urls', etcd];
    const peerUrls = ['--listen-peer-urls', peers, '--initial-advertise-peer-urls', peers];
    run('etcd', [
      '--data-dir',
      join(folder, 'etcd'),
      ...urls,
      ...peerUrls,
      '--initial-cluster',
      `default=${peers}`,
    ]);
    const token = randomBytes(16).toString('hex');
    const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    writeFileSync(join(folder, 'sa.pem'), key.export({ type: 'pkcs1', format: 'pem' }));
    writeFileSync(join(folder, 'tokens.csv'), `${token},admin,admin,system:masters\n`);
    run('kube-apiserver', [
      `--etcd-servers=${etcd}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${api}`,
      `--cert-dir=${join(folder, 'certificates')}`,
      '--service-cluster-ip-range=10.96.0.0/16',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-signing-key-file=${join(folder, 'sa.pem')}`,
      `--service-account-key-file=${join(folder, 'sa.pem')}`,
      `--token-auth-file=${join(folder, 'tokens.csv')}`,
      '--authorization-mode=RBAC',
      '--endpoint-reconciler-type=none',
    ]);
    const origin = `https://127.0.0.1:${api}`;
    const server = createApi(origin, token);
    opened.push(server.close);
    const isReady = async () => (await server.text('/readyz')) === 'ok';
    await until('the API server is ready', () => isReady().catch(() => false), START_MS);
    const kubeconfig = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      clusters: [{ name: 'c', cluster: { server: origin, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'c', user: { token } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'c' } }],
    };
    writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(kubeconfig));
    run('kube-controller-manager', [
      `--kubeconfig=${join(folder, 'kubeconfig')}`,
      `--controllers=${CONTROLLERS.join(',')}`,
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
      '--secure-port=0',
    ]);
    return { server, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
