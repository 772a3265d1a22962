// The two kinds of demo: the tour with the MCP server of the demo, and the operator's own server.
// Each starts its services, runs its steps, prints its commands, and stops.
import { ConfigError } from '../../config/problems.js';
import { isLoopbackHost } from '../../core/loopback.js';
import type { CommandIo } from '../command-io.js';
import { commandsToPaste } from './commands-to-paste.js';
import { isContact, makeContact } from './first-contact.js';
import { noContactLines, noContactTitle } from './no-contact.js';
import {
  contactLine,
  type OwnKnowledge,
  ownCommands,
  ownSteps,
  startInFrontOf,
} from './own-server.js';
import { startServices } from './services.js';
import { runSteps, runTour } from './tour.js';

interface Scene {
  readonly yaml: string;
  runSteps(): Promise<boolean>;
  commands(): string | Promise<string>;
  stop(): Promise<void>;
}

export interface DemoOptions {
  /** End after the steps. */
  readonly once: boolean;
  /** The port of the gateway; undefined: a free one. */
  readonly port: number | undefined;
}

/** How to fix an error of the start; null for any other error. */
function startProblem(error: NodeJS.ErrnoException & { port?: number }): string | null {
  if (error instanceof ConfigError) return error.message;
  if (error.syscall !== 'listen') return null;
  const { code, port } = error;
  if (code === 'EADDRINUSE')
    return `127.0.0.1:${port} is in use by another process; choose another --port`;
  if (code === 'EACCES') return `this user may not listen on port ${port}; choose one above 1023`;
  return `cannot listen on 127.0.0.1:${port}: ${code}; choose another --port`;
}

/** Resolves to the exit code. */
async function play(start: () => Promise<Scene>, once: boolean, io: CommandIo): Promise<number> {
  let scene: Scene;
  try {
    scene = await start();
  } catch (error) {
    const problem = startProblem(error as NodeJS.ErrnoException);
    if (problem === null) throw error;
    io.writeError(problem);
    return 1;
  }
  try {
    io.write(`The configuration of the gateway:\n\n${scene.yaml.replace(/^/gm, '  ')}\n`);
    const succeeded = await scene.runSteps();
    if (once || !succeeded) return succeeded ? 0 : 1;
    io.write(await scene.commands());
    await new Promise<void>((resolve) => {
      process.once('SIGINT', resolve);
      process.once('SIGTERM', resolve);
      // No terminal shows the commands.
      void io.readerGone?.then(resolve);
    });
    return 0;
  } finally {
    await scene.stop();
  }
}

export function playTour({ once, port }: DemoOptions, io: CommandIo): Promise<number> {
  io.write('Starting an identity provider, an MCP server and the gateway on loopback ...\n');
  const folder = io.started?.folder ?? null;
  const start = async (): Promise<Scene> => {
    const services = await startServices(port);
    return {
      yaml: services.yaml,
      runSteps: () => runTour(services, io.write),
      commands: () => commandsToPaste(services, folder),
      stop: services.stop,
    };
  };
  return play(start, once, io);
}

export async function playOwnServer(
  upstream: URL,
  { once, port }: DemoOptions,
  io: CommandIo,
): Promise<number> {
  if (port !== undefined && isLoopbackHost(upstream.hostname) && Number(upstream.port) === port) {
    io.writeError(`Your server listens on port ${port}; choose another --port for the gateway`);
    return 1;
  }
  const direct = await makeContact(upstream.href);
  if (!isContact(direct)) {
    const lines = noContactLines(upstream, direct);
    io.writeError([noContactTitle(upstream, direct), ...lines].join('\n  '));
    return 1;
  }
  io.write(`Your server answers: ${contactLine(direct)}`);
  io.write('Starting an identity provider and the gateway on loopback ...\n');
  const folder = io.started?.folder ?? null;
  const start = async (): Promise<Scene> => {
    const own = await startInFrontOf(upstream.href, port);
    const known: OwnKnowledge = { token: '' };
    return {
      yaml: own.gateway.yaml,
      // A failed step is the last, because each needs the one before.
      runSteps: () => runSteps(ownSteps(own, direct, known), io.write, true),
      commands: () => ownCommands(own, direct, known, folder),
      stop: own.stop,
    };
  };
  return play(start, once, io);
}
