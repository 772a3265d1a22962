// The Go SDKs of the lab: the official one and mcp-go, each built once into the cache folder.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCES = fileURLToPath(new URL('go', import.meta.url));
// The versions of go.mod.
const SDKS = [
  { name: 'go-sdk', version: '1.8.0', folder: 'gosdk' },
  { name: 'mcp-go', version: '1.2.1', folder: 'mcpgo' },
];

/** Builds the programs. The build keeps go.sum in the cache folder and asks for no other tool. */
export async function sdks({ folder, run, say }) {
  const cwd = join(folder, 'src');
  cpSync(SOURCES, cwd, { recursive: true });
  const env = { ...process.env, GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local' };
  const built = [];
  for (const { name, version, folder: sources } of SDKS) {
    say(`building ${name} ${version}`);
    const program = (kind) => join(folder, `${sources}-${kind}`);
    for (const kind of ['client', 'server']) {
      const build = ['go', 'build', '-p', '2', '-o', program(kind), `./${sources}/${kind}`];
      await run('nice', ['-n', '5', ...build], { cwd, env });
    }
    const server = { command: program('server'), args: [] };
    const client = { command: program('client'), args: [] };
    built.push({ name, version, client, server, notes: '' });
  }
  return built;
}
