#!/usr/bin/env node
// Runs the command of the command line and ends the process with its exit code.
import { surviveClosedOutputs } from './commands/command-io.js';
import { runCommand } from './commands/run-command.js';

surviveClosedOutputs();
// process.exit, not process.exitCode: a connection that a library keeps open must not keep the
// process running.
process.exit(await runCommand(process.argv.slice(2)));
