// Selects the command that the operator named, and turns its outcome into an exit code.

import { version } from '../launch/version.js';
import { type CommandIo, processIo } from './command-io.js';
import { argumentHint, commandHint, plainMessage } from './command-line-hints.js';
import { suitedTo } from './how-started.js';
import { keepYoungSpaceSmall } from './start-memory.js';

interface Command {
  /** Resolves to the exit code. */
  readonly run: (args: readonly string[], io: CommandIo) => Promise<number>;
  readonly help: string;
}

/**
 * Loads only the parts of one command. `health` runs every few seconds in a container. (measured:
 * 0.2 s of processor time instead of 0.8)
 */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => {
    // Before the parts of the command: most of the start is their code.
    keepYoungSpaceSmall();
    const { serve, serveHelp } = await import('./serve.js');
    return { run: serve, help: serveHelp };
  },
  health: async () => {
    const { health, healthHelp } = await import('./health.js');
    return { run: health, help: healthHelp };
  },
  demo: async () => {
    const { demo, demoHelp } = await import('./demo.js');
    return { run: demo, help: demoHelp };
  },
  doctor: async () => {
    const { doctor, doctorHelp } = await import('./doctor.js');
    return { run: doctor, help: doctorHelp };
  },
  check: async () => {
    const { check, checkHelp } = await import('./check.js');
    return { run: check, help: checkHelp };
  },
  explain: async () => {
    const { explain, explainHelp } = await import('./explain.js');
    return { run: explain, help: explainHelp };
  },
  'hash-key': async () => {
    const { hashKey, hashKeyHelp } = await import('./hash-key.js');
    return { run: hashKey, help: hashKeyHelp };
  },
  schema: async () => {
    const { schema, schemaHelp } = await import('./schema.js');
    return { run: schema, help: schemaHelp };
  },
};

export const help = `portcullis: an auth gateway in front of MCP servers

  portcullis serve [--config FILE]   run the gateway
  portcullis health [--ready]        say whether the gateway that runs here is healthy
  portcullis demo [--upstream URL]   see the gateway work on loopback, with a real identity provider
                                     and its own MCP server, or with yours
  portcullis check [FILE]            test a configuration: its issuers, its MCP servers and
                                     its addresses, and say what to fix
  portcullis doctor URL              test whether clients can reach a server, log in and call it,
                                     and say what to fix; --tool NAME calls that tool
  portcullis explain [TOKEN]         say why the gateway accepts or rejects a token;
                                     --tool NAME includes the rules for a call of that tool
  portcullis hash-key                make an API key and its entry for the configuration
  portcullis schema                  print the JSON Schema of the configuration, for editors

  portcullis COMMAND --help          show the options of a command
  portcullis --version`;

const NAME = 'portcullis';

/** The help has columns, so it keeps the short name. */
const helpHere = ({ started }: CommandIo): string =>
  started === undefined || started.command === NAME
    ? help
    : `${help}\n\nHere, write ${started.command} for ${NAME}.`;

/** The same surroundings, whose outputs name commands in the form of this start. */
function suitedIo(io: CommandIo): CommandIo {
  const { started } = io;
  if (started === undefined || started.command === NAME) return io;
  const suited = suitedTo(started, Object.keys(commands));
  // The prototype keeps the getter of standard input, which a copy would open.
  return Object.assign(Object.create(io), {
    write: (text: string) => io.write(suited(text)),
    writeError: (text: string) => io.writeError(suited(text)),
  });
}

/** Resolves to the exit code. */
export async function runCommand(
  [name, ...args]: readonly string[],
  given: CommandIo = processIo,
): Promise<number> {
  const io = suitedIo(given);
  if (name === '--version') {
    io.write(version());
    return 0;
  }
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    given.write(helpHere(given));
    return name === undefined ? 2 : 0;
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load === undefined) {
    const hint = commandHint(name, args, Object.keys(commands));
    io.writeError(`There is no command ${name}.${hint === null ? '' : ` ${hint}`}\n`);
    given.writeError(helpHere(given));
    return 2;
  }
  const command = await load();
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
