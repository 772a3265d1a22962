// The CPU limit of a container, from files of both versions of the control groups.
import { expect, test } from 'vitest';
import { cpuLimit, workerCount } from '../../src/launch/worker-count.js';

const files = (all: Record<string, string>) => (path: string) => {
  const text = all[path];
  if (text === undefined) throw new Error('ENOENT');
  return text;
};
const V2 = '0::/\n';
const V1 = '4:cpu,cpuacct:/docker/abc\n3:cpuset:/\n0::/x\n';

test.each<[string, Record<string, string>, number]>([
  ['without control groups', {}, Infinity],
  ['without a limit', { '/proc/self/cgroup': V2, '/sys/fs/cgroup/cpu.max': 'max 100000\n' }, Infinity],
  ['two CPUs', { '/proc/self/cgroup': V2, '/sys/fs/cgroup/cpu.max': '200000 100000\n' }, 2],
  ['one and a half', { '/proc/self/cgroup': V2, '/sys/fs/cgroup/cpu.max': '150000 100000\n' }, 1],
  ['half a CPU', { '/proc/self/cgroup': V2, '/sys/fs/cgroup/cpu.max': '50000 100000\n' }, 1],
  [
    'of a group above',
    {
      '/proc/self/cgroup': '0::/system.slice/portcullis.service\n',
      '/sys/fs/cgroup/system.slice/cpu.max': '300000 100000\n',
      '/sys/fs/cgroup/system.slice/portcullis.service/cpu.max': 'max 100000\n',
    },
    3,
  ],
  [
    'version 1',
    {
      '/proc/self/cgroup': V1,
      '/sys/fs/cgroup/cpu/docker/abc/cpu.cfs_quota_us': '400000\n',
      '/sys/fs/cgroup/cpu/docker/abc/cpu.cfs_period_us': '100000\n',
    },
    4,
  ],
  [
    'version 1 in a container, where the group is the root',
    {
      '/proc/self/cgroup': V1,
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '250000\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    },
    2,
  ],
  [
    'version 1 without a limit',
    {
      '/proc/self/cgroup': V1,
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    },
    Infinity,
  ],
  ['nonsense', { '/proc/self/cgroup': V2, '/sys/fs/cgroup/cpu.max': 'x\n' }, Infinity],
])('%s', (_name, all, expected) => expect(cpuLimit(files(all))).toBe(expected));

test('a number counts as it is, and auto is between 1 and 64', () => {
  expect(workerCount({ workers: 1 })).toBe(1);
  expect(workerCount({ workers: 7 })).toBe(7);
  expect(workerCount({ workers: 'auto' })).toBeGreaterThanOrEqual(1);
  expect(workerCount({ workers: 'auto' })).toBeLessThanOrEqual(64);
});
