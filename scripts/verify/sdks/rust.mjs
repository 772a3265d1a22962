// The Rust SDK of the lab: rmcp, built once into the cache folder.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copySources } from './sources.mjs';

const SOURCES = fileURLToPath(new URL('rust', import.meta.url));
// The version of Cargo.toml.
const VERSION = '3.11.0';

/** Builds the programs. The cache folder keeps the lock file and all that the build makes. */
export async function sdks({ folder, run, say }) {
  const cwd = join(folder, 'src');
  copySources(SOURCES, cwd);
  say(`building rmcp ${VERSION}`);
  const target = join(folder, 'target');
  await run('cargo', ['build', '-j', '2', '--target-dir', target], { cwd, minutes: 40 });
  const program = (name, args) => ({ command: join(target, 'debug', name), args });
  const server = program('server', []);
  return [
    {
      name: 'rmcp',
      version: VERSION,
      client: program('client', []),
      server,
      notes: '2025-11-25',
    },
    {
      name: 'rmcp modern',
      version: VERSION,
      client: program('client', ['-modern']),
      server,
      notes: '2026-07-28',
    },
  ];
}
