// Finds the number of workers for `workers: auto`: the cores that this process may use.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { ResolvedConfig } from '../config/resolved-config.js';

/** More would only share the same cores. */
const MOST = 64;

/** Both versions of the control groups of Linux. Their paths begin with that of the own group. */
const QUOTAS: readonly (readonly [group: RegExp, files: readonly string[]])[] = [
  [/^0::(.*)$/m, ['cpu.max']],
  [/^\d+:(?:[^:]*,)?cpu(?:,[^:]*)?:(.*)$/m, ['cpu.cfs_quota_us', 'cpu.cfs_period_us']],
];
const ROOTS = ['/sys/fs/cgroup', '/sys/fs/cgroup/cpu'];

type ReadFile = (path: string) => string;

function tryRead(read: ReadFile, path: string): string {
  try {
    return read(path);
  } catch {
    return '';
  }
}

/** The CPUs of the quota in a group; Infinity without a quota. */
function quotaOf(read: ReadFile, folder: string, files: readonly string[]): number {
  const [quota, period] = files
    .map((file) => tryRead(read, `${folder}/${file}`))
    .join(' ')
    .trim()
    .split(/\s+/)
    .map(Number);
  return (quota as number) > 0 && (period as number) > 0
    ? (quota as number) / (period as number)
    : Infinity;
}

/**
 * The CPU limit of the container, in whole CPUs, at least 1. Node 20 does not see it: there,
 * `availableParallelism` returns the cores of the machine. The limit of a group counts for the
 * groups in it. Infinity: there is none.
 */
export function cpuLimit(read: ReadFile): number {
  const groups = tryRead(read, '/proc/self/cgroup');
  let least = Infinity;
  for (const [i, [pattern, files]] of QUOTAS.entries()) {
    const path = pattern.exec(groups)?.[1];
    if (path === undefined) continue;
    const names = path.split('/').filter((name) => name !== '' && name !== '..');
    for (let depth = 0; depth <= names.length; depth++) {
      const folder = [ROOTS[i], ...names.slice(0, depth)].join('/');
      least = Math.min(least, quotaOf(read, folder, files));
    }
  }
  return Math.max(1, Math.floor(least));
}

const MACHINE = {
  cores: availableParallelism,
  read: (path: string): string => readFileSync(path, 'utf8'),
};

/** The number of processes that serve calls. 1: this process alone. */
export const workerCount = (
  { workers }: Pick<ResolvedConfig, 'workers'>,
  { cores, read }: { readonly cores: () => number; readonly read: ReadFile } = MACHINE,
): number => (workers === 'auto' ? Math.min(MOST, cores(), cpuLimit(read)) : workers);
