// The SDKs for Python, each in a virtual environment of its own.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGES = [
  { name: 'Python mcp 1.x', pin: 'mcp==1.30.0', programs: 'v1' },
  { name: 'Python mcp 2.x', pin: 'mcp==2.3.0', programs: 'v2' },
  { name: 'Python mcp 2.x legacy', pin: 'mcp==2.3.0', programs: 'v2', env: { MODE: 'legacy' } },
  { name: 'FastMCP 2', pin: 'fastmcp==2.14.7', programs: 'fastmcp' },
  { name: 'FastMCP 3', pin: 'fastmcp==3.4.11', programs: 'fastmcp' },
  { name: 'FastMCP 4', pin: 'fastmcp==4.2.3', programs: 'fastmcp' },
];

const source = (name) => fileURLToPath(new URL(`python/${name}.py`, import.meta.url));

/** Installs a package into a virtual environment, unless it is there, and returns its folder. */
export async function environment({ folder, run, say }, pin) {
  const home = join(folder, pin);
  const done = join(home, 'done');
  if (existsSync(done)) return home;
  say(`installing ${pin}`);
  await run('python3', ['-m', 'venv', '--clear', home]);
  await run(join(home, 'bin', 'python'), ['-m', 'pip', 'install', '-q', pin]);
  await run('touch', [done]);
  return home;
}

export async function sdks(context) {
  const list = [];
  for (const { name, pin, programs, env = {} } of PACKAGES) {
    const python = join(await environment(context, pin), 'bin', 'python');
    const program = (kind) => ({
      command: python,
      args: ['-W', 'ignore', source(`${kind}_${programs}`)],
      env: { FASTMCP_LOG_LEVEL: 'ERROR', PYTHONDONTWRITEBYTECODE: '1', ...env },
    });
    list.push({
      name,
      version: pin.split('==')[1],
      client: program('client'),
      server: program('server'),
      notes: '',
    });
  }
  return list;
}
