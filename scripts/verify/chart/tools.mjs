// Brings the tools and the schemas of the chart's check: Go programs and modules of exact versions.
//
// Go's cache keeps the modules. The programs go into a folder below .scratch.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BUILD_MS = 30 * 60_000;
const MODULE_MS = 10 * 60_000;
const OUTPUT_BYTES = 1 << 24;

const PROGRAMS = {
  helm: 'helm.sh/helm/v3/cmd/helm@v3.19.2',
  kubeconform: 'github.com/yannh/kubeconform/cmd/kubeconform@v0.7.0',
};

/** Where the schemas of Kubernetes and of the two kinds of custom resources come from. */
export const MODULES = {
  kubernetes: 'k8s.io/kubernetes@v1.34.0',
  gatewayApi: 'sigs.k8s.io/gateway-api@v1.4.0',
  prometheusOperator: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
};

const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: OUTPUT_BYTES };

/** Builds the programs into `folder`, unless they are there, and returns their paths. */
export function programs(folder, say) {
  mkdirSync(folder, { recursive: true });
  const entries = Object.entries(PROGRAMS).map(([name, source]) => {
    const [file, mark] = [join(folder, name), join(folder, `${name}.version`)];
    if (!existsSync(file) || !existsSync(mark) || readFileSync(mark, 'utf8') !== source) {
      say(`building ${source}`);
      const env = { ...process.env, GOBIN: folder, GOFLAGS: '-p=2' };
      execFileSync('go', ['install', source], { ...options, timeout: BUILD_MS, env });
      writeFileSync(mark, source);
    }
    return [name, file];
  });
  return Object.fromEntries(entries);
}

/** The folder of a module in Go's cache. */
export function moduleFolder(module) {
  const args = ['mod', 'download', '-json', module];
  return JSON.parse(execFileSync('go', args, { ...options, timeout: MODULE_MS })).Dir;
}
