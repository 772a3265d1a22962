// Runs the demo as a command: its options, its exit code, and a hint if its packages are missing.
import { parseArgs } from 'node:util';
import { type CommandIo, processIo } from './command-io.js';

export const demoHelp = `\
portcullis demo [--once] [--port N]
portcullis demo --upstream URL [--once] [--port N]

Starts an identity provider, an MCP server and the gateway in front of it. All three are real and
run on loopback. The demo then acts as a client and prints the result of each step. After the last
step it prints commands for another terminal, and waits for Ctrl-C.

  --upstream URL  your own MCP server in place of that of the demo, such as
                  http://127.0.0.1:3000/mcp. It must serve Streamable HTTP. The demo lists its
                  tools and calls none
  --port N        the port of the gateway; by default a free one. The others take free ports
  --once          end after the last step
  --help          this text

Exit codes: 0 every step succeeded, 1 a step failed or a service could not start, 2 bad command
line.`;

/** The port, or the problem with it. */
function readPort(text: string | undefined): number | undefined | string {
  if (text === undefined) return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535
    ? port
    : `--port ${text}: write a port from 1 to 65535, such as 8080`;
}

/** The URL, or the problem with it. */
function readUpstream(text: string): URL | string {
  const example = 'such as http://127.0.0.1:3000/mcp';
  if (!URL.canParse(text)) return `--upstream ${text}: write all of the URL, ${example}`;
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol))
    return `--upstream ${text}: write an http or https URL, ${example}`;
  if (url.username !== '' || url.password !== '')
    return '--upstream: write the URL without user name and password';
  return url.hash === '' ? url : '--upstream: write the URL without # and the rest';
}

export async function demo(args: readonly string[], io: CommandIo = processIo): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      once: { type: 'boolean', default: false },
      port: { type: 'string' },
      upstream: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    io.write(demoHelp);
    return 0;
  }
  const port = readPort(values.port);
  const upstream = values.upstream === undefined ? null : readUpstream(values.upstream);
  if (typeof port === 'string' || typeof upstream === 'string') {
    io.writeError(`${typeof port === 'string' ? port : upstream}\n\n${demoHelp}`);
    return 2;
  }
  // Imports that run only here: all other commands work without the packages of the demo.
  const { packageProblem } = await import('./demo/packages.js');
  const problem = await packageProblem();
  if (problem !== null) {
    io.writeError(problem);
    return 1;
  }
  const scenes = await import('./demo/scenes.js');
  const options = { once: values.once, port };
  return upstream === null
    ? scenes.playTour(options, io)
    : scenes.playOwnServer(upstream, options, io);
}
