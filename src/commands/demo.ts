// Decides how the demo runs as a command: its flags, its exit code, and what it says when its parts are not installed.
import { parseArgs } from 'node:util';

export const demoHelp = `portcullis demo [--once]

Starts an identity provider, an MCP server and the gateway before it, all real and all on loopback; then acts as a client
would and says, step by step, what happened. Afterwards it prints lines to paste into a terminal, and waits for Ctrl-C.

  --once   end after the tour: exit code 0 only if every step was right
  --help   this text`;

const NOT_INSTALLED = `The demo needs the development packages (oidc-provider and the MCP SDK), which an installed package does not have.
Run it from a clone of the repository: npm install && npm run demo`;

export async function demo(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { once: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    console.log(demoHelp);
    return 0;
  }
  const parts = await Promise.all([import('./demo/parts.js'), import('./demo/tour.js')]).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ERR_MODULE_NOT_FOUND') return null;
      throw error;
    },
  );
  if (parts === null) {
    console.error(NOT_INSTALLED);
    return 1;
  }
  const [{ startParts }, { tour, linesToPaste }] = parts;
  console.log('Starting an identity provider, an MCP server and the gateway on loopback ...\n');
  const running = await startParts();
  try {
    const right = await tour(running);
    if (values.once || !right) return right ? 0 : 1;
    console.log(await linesToPaste(running));
    await new Promise<void>((resolve) => {
      process.once('SIGINT', resolve);
      process.once('SIGTERM', resolve);
    });
    return 0;
  } finally {
    await running.stop();
  }
}
