// The CPU limit of a container, from files of both versions of the control groups.
import { availableParallelism } from 'node:os';
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
  [
    'both versions, the limit in version 1',
    {
      '/proc/self/cgroup': '0::/\n1:name=systemd:/\n5:cpuacct,cpu:/pod\n',
      '/sys/fs/cgroup/cpu/pod/cpu.cfs_quota_us': '600000\n',
      '/sys/fs/cgroup/cpu/pod/cpu.cfs_period_us': '100000\n',
    },
    6,
  ],
  [
    'the least of all groups above',
    {
      '/proc/self/cgroup': '0::/kubepods/pod1/app\n',
      '/sys/fs/cgroup/kubepods/cpu.max': '800000 100000\n',
      '/sys/fs/cgroup/kubepods/pod1/cpu.max': '250000 100000\n',
      '/sys/fs/cgroup/kubepods/pod1/app/cpu.max': '400000 100000\n',
    },
    2,
  ],
  [
    'a group outside of the own namespace',
    { '/proc/self/cgroup': '0::/../../app\n', '/sys/fs/cgroup/cpu.max': '100000 50000\n' },
    2,
  ],
  ['another period', { '/proc/self/cgroup': V2, '/sys/fs/cgroup/cpu.max': '30000 10000\n' }, 3],
  [
    'version 1, a file that may not be read',
    { '/proc/self/cgroup': V1, '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '200000\n' },
    Infinity,
  ],
  ['an empty file', { '/proc/self/cgroup': V2, '/sys/fs/cgroup/cpu.max': '' }, Infinity],
  ['nonsense', { '/proc/self/cgroup': V2, '/sys/fs/cgroup/cpu.max': 'x\n' }, Infinity],
])('%s', (_name, all, expected) => expect(cpuLimit(files(all))).toBe(expected));

test.each<[string, string, number, number]>([
  ['the limit of the container', '200000 100000', 8, 2],
  ['the cores, where they are fewer', '800000 100000', 4, 4],
  ['the cores without a limit', 'max 100000', 4, 4],
  ['64 at most', 'max 100000', 192, 64],
  ['one at least', '10000 100000', 8, 1],
])('auto: %s', (_name, max, cores, expected) => {
  const read = files({ '/proc/self/cgroup': V2, '/sys/fs/cgroup/cpu.max': `${max}\n` });
  expect(workerCount({ workers: 'auto' }, { cores: () => cores, read })).toBe(expected);
});

test('a number counts as it is, and auto counts the CPUs of this process', () => {
  expect(workerCount({ workers: 1 })).toBe(1);
  expect(workerCount({ workers: 7 })).toBe(7);
  expect(workerCount({ workers: 'auto' })).toBeGreaterThanOrEqual(1);
  expect(workerCount({ workers: 'auto' })).toBeLessThanOrEqual(Math.min(64, availableParallelism()));
});
