// Selects the command that the operator named, and turns its outcome into an exit code.

import { version } from '../launch/version.js';
import { type CommandIo, processIo } from './command-io.js';
import { argumentHint, commandHint, plainMessage } from './command-line-hints.js';
import { demo, demoHelp } from './demo.js';
import { doctor, doctorHelp } from './doctor.js';
import { explain, explainHelp } from './explain.js';
import { hashKey, hashKeyHelp } from './hash-key.js';
import { serve, serveHelp } from './serve.js';

interface Command {
  /** Resolves to the exit code. */
  readonly run: (args: readonly string[], io: CommandIo) => Promise<number>;
  readonly help: string;
}

const commands: Readonly<Record<string, Command>> = {
  serve: { run: serve, help: serveHelp },
  demo: { run: demo, help: demoHelp },
  doctor: { run: doctor, help: doctorHelp },
  explain: { run: explain, help: explainHelp },
  'hash-key': { run: hashKey, help: hashKeyHelp },
};

export const help = `portcullis: an auth gateway in front of MCP servers

  portcullis serve [--config FILE]   run the gateway
  portcullis demo [--upstream URL]   see the gateway work on loopback, with a real identity provider
                                     and its own MCP server, or with yours
  portcullis doctor URL              test whether clients can reach a server, log in and call it,
                                     and say what to fix; --tool NAME calls that tool
  portcullis explain [TOKEN]         say why the gateway accepts or rejects a token;
                                     --tool NAME includes the rules for a call of that tool
  portcullis hash-key                make an API key and its entry for the configuration

  portcullis COMMAND --help          show the options of a command
  portcullis --version`;

/** Resolves to the exit code. */
export async function runCommand(
  [name, ...args]: readonly string[],
  io: CommandIo = processIo,
): Promise<number> {
  if (name === '--version') {
    io.write(version());
    return 0;
  }
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    io.write(help);
    return name === undefined ? 2 : 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    const hint = commandHint(name, args, Object.keys(commands));
    const problem = `There is no command ${name}.${hint === null ? '' : ` ${hint}`}`;
    io.writeError(`${problem}\n\n${help}`);
    return 2;
  }
  try {
    return await command.run(args, io);
  } catch (error) {
    // parseArgs reports a wrong option with this code. Any other error is a bug, and keeps its
    // stack.
    if (!String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS')) throw error;
    const { message } = error as Error;
    const hint = argumentHint(message, name, command.help);
    const plain = plainMessage(message, command.help);
    io.writeError(`${plain}${hint === null ? '' : `\n${hint}`}\n\n${command.help}`);
    return 2;
  }
}
