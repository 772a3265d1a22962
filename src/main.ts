#!/usr/bin/env node
// Decides which command was asked for, nothing else.
import { readFileSync } from 'node:fs';
import { demo, demoHelp } from './commands/demo.js';
import { doctor, doctorHelp } from './commands/doctor.js';
import { explain, explainHelp } from './commands/explain.js';
import { serve, serveHelp } from './commands/serve.js';

const commands: Readonly<
  Record<string, { run: (args: readonly string[]) => Promise<number>; help: string }>
> = {
  serve: { run: serve, help: serveHelp },
  demo: { run: demo, help: demoHelp },
  doctor: { run: doctor, help: doctorHelp },
  explain: { run: explain, help: explainHelp },
};

const help = `portcullis: the gate in front of MCP servers

  portcullis serve [--config FILE]   run the gateway
  portcullis demo [--once]           see it work on real parts, on loopback
  portcullis doctor URL              whether the clients of a server can reach it, log in and call, and what to mend;
                                     --tool NAME calls that tool
  portcullis explain [TOKEN]         why a token passes the gateway, or why not; --tool NAME judges a call of that tool

  portcullis COMMAND --help          what a command takes
  portcullis --version`;

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === '--version') {
    const { version } = JSON.parse(
      readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
    ) as { version: string };
    console.log(version);
    return 0;
  }
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    console.log(help);
    return name === undefined ? 2 : 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    console.error(`There is no command ${name}.\n\n${help}`);
    return 2;
  }
  try {
    return await command.run(args);
  } catch (error) {
    // parseArgs tells of a wrong flag by this code; anything else is a bug and keeps its stack.
    if (!String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS')) throw error;
    console.error(`${(error as Error).message}\n\n${command.help}`);
    return 2;
  }
}

// Not exitCode: a connection that some library keeps must not keep the process.
process.exit(await main(process.argv.slice(2)));
