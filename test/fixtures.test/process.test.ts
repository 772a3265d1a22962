// The process fixture, against a small script with the same contract as the gateway.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startProcess } from '../fixtures/process.js';

const SCRIPT = `
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
const at = process.argv.indexOf('--config');
const file = at > 0 ? readFileSync(process.argv[at + 1], 'utf8') : '';
const portOf = (name, variable) => Number(/\\d+$/m.exec(file.match(new RegExp(name + ': .*'))?.[0] ?? process.env[variable])?.[0]);
if (process.env.BROKEN) {
  console.error('configuration error');
  process.exit(2);
}
console.log(JSON.stringify({ msg: 'started', command: process.argv[2], names: Object.keys(process.env).sort() }));
createServer((req, res) => res.end(req.url)).listen(portOf('listen', 'PORTCULLIS_LISTEN'), '127.0.0.1');
createServer((req, res) => res.end('up 1')).listen(portOf('admin', 'PORTCULLIS_ADMIN'), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
`;

let directory: string;
let entry: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'portcullis-test-'));
  entry = join(directory, 'stand-in.mjs');
  await writeFile(entry, SCRIPT);
});
afterAll(() => rm(directory, { recursive: true }));

test('configured by environment: a clean environment, parsed logs, metrics, exit code', async () => {
  const gateway = await startProcess({ entry, env: { EXTRA: '1' } });
  expect(gateway.logs()).toEqual([
    {
      msg: 'started',
      command: 'serve',
      names: expect.arrayContaining(['EXTRA', 'PATH', 'PORTCULLIS_ADMIN', 'PORTCULLIS_LISTEN']),
    },
  ]);
  expect(gateway.logs()[0]?.names).not.toContain('HOME');
  expect(await gateway.metrics()).toBe('up 1');
  expect(await gateway.stop()).toBe(0);
  expect(await gateway.exited).toEqual({ code: 0, signal: null });
});

test('configured by a file with port placeholders', async () => {
  const gateway = await startProcess({ entry, config: 'listen: 127.0.0.1:{{port}}\nadmin: 127.0.0.1:{{adminPort}}\n' });
  expect(gateway.logs()[0]?.names).not.toContain('PORTCULLIS_LISTEN');
  expect(await gateway.stop('SIGKILL')).toBe(null);
});

test('a process that ends by itself fails the start with its output, or is awaited', async () => {
  await expect(startProcess({ entry, env: { BROKEN: '1' } })).rejects.toThrow('configuration error');
  const gateway = await startProcess({ entry, env: { BROKEN: '1' }, ready: false });
  expect(await gateway.exited).toEqual({ code: 2, signal: null });
  expect(gateway.output()).toBe('configuration error');
});
