// The Go SDKs of the lab: the official one and mcp-go, each built once into the cache folder.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copySources } from './sources.mjs';

const SOURCES = fileURLToPath(new URL('go', import.meta.url));
const MODERN = '2026-07-28';
const LEGACY = '2025-11-25';
/** The versions of go.mod. `client` and `server` are arguments of the programs. */
const SDKS = [
  { name: 'go-sdk', version: '1.8.0', folder: 'gosdk', notes: LEGACY },
  { name: 'go-sdk modern', version: '1.8.0', folder: 'gosdk', server: ['-modern'], notes: MODERN },
  { name: 'mcp-go', version: '1.2.1', folder: 'mcpgo', client: ['-legacy'], notes: LEGACY },
  { name: 'mcp-go modern', version: '1.2.1', folder: 'mcpgo', notes: MODERN },
];

/** Builds the programs. The build adds go.sum to the copy of the sources in the cache folder. */
export async function sdks({ folder, run, say }) {
  const cwd = join(folder, 'src');
  copySources(SOURCES, cwd);
  const env = { GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local' };
  const program = (sdk, kind) => join(folder, `${sdk}-${kind}`);
  for (const sdk of new Set(SDKS.map(({ folder }) => folder))) {
    say(`building the programs of Go: ${sdk}`);
    for (const kind of ['client', 'server']) {
      const args = ['build', '-p', '2', '-o', program(sdk, kind), `./${sdk}/${kind}`];
      await run('go', args, { cwd, env });
    }
  }
  return SDKS.map(({ name, version, folder: sdk, client = [], server = [], notes }) => ({
    name,
    version,
    client: { command: program(sdk, 'client'), args: client },
    server: { command: program(sdk, 'server'), args: server },
    notes,
  }));
}
