// Checks what an install of the package runs and brings: no install scripts, and exact versions.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface Locked {
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
  readonly integrity?: string;
}

const read = (name: string) => JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8'));
const manifest = read('package.json');
const { '': own, ...locked } = read('package-lock.json').packages as Record<string, Locked>;
const installed = Object.entries(locked).filter(([, { dev }]) => dev !== true);

test('the package has no script that an install runs', () => {
  expect(own).not.toHaveProperty('hasInstallScript');
  const ofInstall = ['preinstall', 'install', 'postinstall', 'prepublish', 'preprepare', 'prepare', 'postprepare'];
  expect(Object.keys(manifest.scripts).filter((name) => ofInstall.includes(name))).toEqual([]);
});

test('no package that it brings has an install script, and the lock has the hash of each', () => {
  expect(installed.length).toBeGreaterThan(20);
  expect(installed.filter(([, { hasInstallScript }]) => hasInstallScript === true)).toEqual([]);
  expect(installed.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))).toEqual([]);
});

test('its own dependencies have exact versions', () => {
  const { dependencies, optionalDependencies, devDependencies } = manifest;
  const versions = Object.values({ ...dependencies, ...optionalDependencies, ...devDependencies });
  expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version as string))).toEqual([]);
});
