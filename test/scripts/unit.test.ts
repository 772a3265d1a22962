// Checks the unit of systemd against the gateway and the page: paths, times and exit codes.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { serveHelp } from '../../src/commands/serve.js';

const file = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const unit = file('deploy/systemd/portcullis.service');
const page = /^## systemd\n([\s\S]*?)\n(?=<a id)/m.exec(file('docs/deploy.md'))?.[1] ?? '';

/** The values of a setting, in their order. */
const valuesOf = (name: string): string[] =>
  [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value as string);

const config = '/etc/portcullis/portcullis.yaml';
const sample = parse(file('deploy/systemd/portcullis.yaml')) as { sessionKeys: string[]; drain: { delaySeconds: number } };

test('systemd waits for the pause, the drain and the last log lines', () => {
  const drain = Number(/drains for up to (\d+) s/.exec(serveHelp)?.[1]);
  const longestPause = Number(/`drain\.delaySeconds` \(up to (\d+) s here\)/.exec(unit)?.[1]);
  expect(drain).toBe(25);
  expect(longestPause).toBeGreaterThanOrEqual(sample.drain.delaySeconds);
  expect(Number(valuesOf('TimeoutStopSec')[0])).toBeGreaterThanOrEqual(longestPause + 1 + drain + 2);
  expect(page).toContain(
    `\`TimeoutStopSec=${valuesOf('TimeoutStopSec')[0]}\` covers a \`drain.delaySeconds\` of up to ${longestPause}`,
  );
});

test('the unit reads the configuration that the page installs', () => {
  expect(valuesOf('Environment')).toEqual(['NODE_ENV=production', `PORTCULLIS_CONFIG=${config}`]);
  expect(valuesOf('ExecStart')).toEqual(['portcullis serve --config ${PORTCULLIS_CONFIG}']);
  expect(page).toContain('deploy/systemd/portcullis.yaml /etc/portcullis/');
  expect(sample.sessionKeys).toEqual(['${file:/etc/portcullis/secrets/session-key}']);
  expect(page).toContain('session-key /etc/portcullis/secrets/');
});

test('a signal reloads, another one drains, and an invalid file does not start for ever', () => {
  expect(valuesOf('ExecReload')).toEqual(['/bin/kill -HUP $MAINPID']);
  expect([valuesOf('KillSignal'), valuesOf('KillMode')]).toEqual([['SIGTERM'], ['mixed']]);
  expect(serveHelp).toContain('Exit codes: 0 stopped, 1 bad configuration or address, 2 bad command line.');
  expect([valuesOf('Restart'), valuesOf('RestartPreventExitStatus')]).toEqual([['on-failure'], ['2']]);
  const [seconds, starts] = [valuesOf('StartLimitIntervalSec'), valuesOf('StartLimitBurst')].map(Number);
  expect(starts).toBeLessThan(seconds as number);
  expect(page).toContain('after five starts');
  expect(starts).toBe(5);
});

test('the process has no capability, and no writable folder', () => {
  for (const name of ['CapabilityBoundingSet', 'AmbientCapabilities']) expect(valuesOf(name)).toEqual(['']);
  for (const name of ['NoNewPrivileges', 'ProtectHome', 'PrivateDevices', 'PrivateUsers', 'RestrictNamespaces'])
    expect(valuesOf(name)).toEqual(['yes']);
  expect(valuesOf('ProtectSystem')).toEqual(['strict']);
  expect(unit).not.toMatch(/^(ReadWritePaths|StateDirectory|CacheDirectory|MemoryDenyWriteExecute)=/m);
});
