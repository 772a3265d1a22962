// The SDKs for TypeScript. They are development dependencies of this repository.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const MODULES = new URL('../../../node_modules/@modelcontextprotocol/', import.meta.url);

const versionOf = (name) =>
  JSON.parse(readFileSync(new URL(`${name}/package.json`, MODULES), 'utf8')).version;

const program = (name) => ({
  command: process.execPath,
  args: [fileURLToPath(new URL(`typescript/${name}.mjs`, import.meta.url))],
});

/** The first one is the reference: the other SDKs run with its server and its client too. */
export async function sdks() {
  return [
    {
      name: 'TypeScript 1.x',
      version: versionOf('sdk'),
      client: program('client-v1'),
      server: program('server-v1'),
      notes: '',
    },
    {
      name: 'TypeScript 2.x',
      version: versionOf('client'),
      client: program('client-v2'),
      server: program('server-v2'),
      notes: 'revision 2026-07-28',
    },
    {
      name: 'TypeScript 2.x legacy',
      version: versionOf('client'),
      client: { ...program('client-v2'), env: { MODE: 'legacy' } },
      server: program('server-v2'),
      notes: 'revision 2025-11-25, the default of this SDK',
    },
  ];
}
