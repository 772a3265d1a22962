// Runs the demo as a command: its options, its exit code, and a hint if its packages are missing.
import { parseArgs } from 'node:util';
import { type CommandIo, processIo } from './command-io.js';

export const demoHelp = `portcullis demo [--once]

Starts an identity provider, an MCP server and the gateway in front of it. All three are real and
run on loopback. The demo then acts as a client and prints the result of each step. After the last
step it prints commands for another terminal, and waits for Ctrl-C.

  --once   end after the last step; the exit code is 0 only if every step succeeded
  --help   this text`;

const NOT_INSTALLED =
  'The demo needs the development packages (oidc-provider and the MCP SDK). ' +
  'An installed package does not have them.\n' +
  'Run it from a clone of the repository: npm install && npm run demo';

export async function demo(args: readonly string[], io: CommandIo = processIo): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { once: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    io.write(demoHelp);
    return 0;
  }
  const modules = await Promise.all([
    import('./demo/services.js'),
    import('./demo/tour.js'),
    import('./demo/commands-to-paste.js'),
  ]).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_MODULE_NOT_FOUND') return null;
    throw error;
  });
  if (modules === null) {
    io.writeError(NOT_INSTALLED);
    return 1;
  }
  const [{ startServices }, { runTour }, { commandsToPaste }] = modules;
  io.write('Starting an identity provider, an MCP server and the gateway on loopback ...\n');
  const services = await startServices();
  try {
    const succeeded = await runTour(services, io.write);
    if (values.once || !succeeded) return succeeded ? 0 : 1;
    io.write(await commandsToPaste(services));
    await new Promise<void>((resolve) => {
      process.once('SIGINT', resolve);
      process.once('SIGTERM', resolve);
    });
    return 0;
  } finally {
    await services.stop();
  }
}
