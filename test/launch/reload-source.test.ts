// A reload reads files again, but no pipe and no device, which could block the gateway.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { reloadSource, type ServedSource } from '../../src/launch/reload-source.js';

let file: string;
let secret: string;
let source: ServedSource;
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-reload-source-'));
  file = join(folder, 'portcullis.yaml');
  secret = join(folder, 'secret');
  writeFileSync(secret, 'Token abcdefgh');
  const credential = { kind: 'static', authorization: `\${file:${secret}}` };
  const endpoints = [{ path: '/mcp', issuers: ['main'], upstream: { url: 'http://127.0.0.1:1/mcp', credential } }];
  const issuers = { main: { issuer: 'https://issuer.example.com' } };
  writeFileSync(file, JSON.stringify({ publicUrl: 'https://mcp.example.com', issuers, endpoints }));
  source = reloadSource(file, {});
});

const problem = async (): Promise<string> => {
  const read = await source.readConfig();
  return typeof read === 'string' ? read : 'none';
};

/** A pipe without a writer, a device without an end, and a device without a byte. */
const KINDS: readonly (readonly [string, (path: string) => void])[] = [
  ['a pipe', (path) => void execFileSync('mkfifo', [path])],
  ['an endless device', (path) => symlinkSync('/dev/zero', path)],
  ['an empty device', (path) => symlinkSync('/dev/null', path)],
];

describe.each([
  ['the configuration', () => file],
  ['a secret', () => secret],
])('%s', (_name, pathOf) => {
  test.each(KINDS)('is %s now: a problem, and no wait', async (_kind, make) => {
    expect(await problem()).toBe('none');
    rmSync(pathOf());
    make(pathOf());
    expect(await problem()).toContain(`${pathOf()} is a pipe or a device, which cannot be read again; write the path of a file`);
  });

  test('is a link that leads to itself: the reader says it', async () => {
    rmSync(pathOf());
    symlinkSync(pathOf(), pathOf());
    expect(await problem()).toMatch(/leads to itself|cannot be read/);
  });
});
