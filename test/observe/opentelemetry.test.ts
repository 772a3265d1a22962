// The packages of OpenTelemetry: optional peers, at the versions that the start names.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DestinationError } from '../../src/core/destination-error.js';
import { loading, PACKAGES } from '../../src/observe/opentelemetry.js';

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const names = Object.keys(PACKAGES);

test('the versions are those that the tests run with, and each package is an optional peer', () => {
  expect(names.length).toBeGreaterThan(5);
  expect(Object.fromEntries(names.map((name) => [name, manifest.devDependencies[name]]))).toEqual(PACKAGES);
  expect(Object.keys(manifest.peerDependencies)).toEqual(names);
  expect(manifest.peerDependenciesMeta).toEqual(Object.fromEntries(names.map((name) => [name, { optional: true }])));
});

test('a package that is not installed: the message has the command that installs all of them', async () => {
  const missing = 'portcullis-package-that-is-not-there';
  const error = await loading('traces.otlp', () => import(missing)).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(DestinationError);
  expect((error as Error).message).toMatch(/^traces\.otlp needs packages that are not installed; install them: npm install @/);
  for (const [name, version] of Object.entries(PACKAGES)) expect((error as Error).message).toContain(`${name}@${version}`);
});

test('another error of a package stays what it is', async () => {
  const cause = new Error('broken');
  await expect(loading('traces.otlp', () => Promise.reject(cause))).rejects.toBe(cause);
});
