// Runs the gateway as a process: reads the configuration, waits for a signal, sets the exit code.
import { isatty } from 'node:tty';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { pino } from 'pino';
import type { Gateway } from '../app/app.js';
import { configFile } from '../config/config-file.js';
import { variableNotice } from '../config/environment-variables.js';
import { DestinationError } from '../core/destination-error.js';
import { reloadSource } from '../launch/reload-source.js';
import { DRAIN_MS, isReadyBefore, ListenError, startHere, tlsProblem } from '../launch/start.js';
import { version } from '../launch/version.js';
import { type CommandIo, processIo } from './command-io.js';
import { handleSignals } from './signals.js';
import { createStartLines } from './start-lines.js';
import { optimizeParserLater, releaseStartMemory, resumeOptimizers } from './start-memory.js';

/** The time limit for writing the last log lines. */
const LAST_LINES_MS = 2_000;

export const serveHelp = `portcullis serve [--config FILE] [--watch]

Runs the gateway. Without a file it reads the environment: PORTCULLIS_UPSTREAM,
PORTCULLIS_PUBLIC_URL and PORTCULLIS_ISSUER are enough for one server. .env.example lists every
variable.

  --config FILE   YAML with publicUrl, issuers and endpoints; without it, the file that the variable
                  PORTCULLIS_CONFIG names
  --watch         reads the file again when it changes, or one of its secrets or its API keys
  --help          this text

The log goes to standard output as JSON lines. On a terminal, a few lines of words about endpoints
and issuers come first.
SIGTERM, SIGINT or SIGQUIT drains for up to ${DRAIN_MS / 1000} s. A second signal ends the
process at once.
With drain.delaySeconds, the gateway first serves on for that time, while /readyz returns 503.
Kubernetes kills a process 30 s after the signal, unless terminationGracePeriodSeconds is longer.
SIGHUP reads the file again, with its secrets and API keys. A file with a problem changes nothing:
the log says why, and the gateway goes on. To change listen or admin, restart the gateway.
SIGUSR1 and SIGUSR2 only write a line to the log.
Exit codes: 0 stopped, 1 bad configuration or address, 2 bad command line.`;

/**
 * V8 allocates an object in the old generation if objects of its kind survived before. Here that
 * is a trap: each such object keeps its whole finished request alive until the next full
 * collection, and more kinds then look long-lived. (measured: half of each young generation
 * survives, a collection takes 4 ms instead of 0.8, and chance decides the state at the start)
 */
const keepRequestsYoung = (): void => setFlagsFromString('--no-allocation-site-pretenuring');

/**
 * Standard output, with a close that waits for pending lines. A synchronous write of the last
 * line would overtake them.
 */
function openOutput(): {
  write(lines: Buffer): unknown;
  written(done: () => void): void;
  close(): Promise<void>;
} {
  const destination = pino.destination({ fd: 1, sync: false, contentMode: 'buffer' });
  let closed = false;
  return {
    // The types of sonic-boom know only its text mode. A fetch that is still running may log after
    // the last line; the process does not wait for it.
    write: (lines) => closed || destination.write(lines as unknown as string),
    written: (done) => void destination.once('drain', done),
    close: () =>
      new Promise((resolve) => {
        closed = true;
        // The reader of the output may be gone.
        setTimeout(resolve, LAST_LINES_MS);
        destination.once('close', () => resolve()).once('error', () => resolve());
        destination.end();
      }),
  };
}

export async function serve(args: readonly string[], io: CommandIo = processIo): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      config: { type: 'string' },
      watch: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    io.write(serveHelp);
    return 0;
  }
  const insecure = tlsProblem(io.env);
  if (insecure !== null) {
    io.writeError(insecure);
    return 1;
  }
  optimizeParserLater();
  const files = values.watch
    ? (await import('../launch/files-read.js')).createFilesRead()
    : undefined;
  const source = reloadSource(values.config, io.env, files);
  const loaded = source.load();
  if (typeof loaded === 'string') {
    io.writeError(loaded);
    return 1;
  }
  const { config, apiKeys } = loaded;
  keepRequestsYoung();
  const signals = handleSignals(isatty(0) || isatty(1));
  const output = openOutput();
  const write = (line: string): void => void output.write(Buffer.from(`${line}\n`));
  const describesStart = io.isTerminal === true && ['debug', 'info'].includes(config.logLevel);
  const lines = { version: version(), write, keyCount: apiKeys.length };
  let gateway: Gateway;
  try {
    gateway = await startHere(loaded, {
      destination: output,
      ...(configFile(values.config, io.env) === null && { reword: variableNotice }),
      ...(describesStart && { announce: createStartLines(config, lines) }),
    });
  } catch (error) {
    if (!(error instanceof ListenError || error instanceof DestinationError)) throw error;
    io.writeError(error.message);
    return 1;
  }
  resumeOptimizers();
  void isReadyBefore(() => false, gateway).then(releaseStartMemory);
  const { notify } = gateway;
  signals.reportTo(notify);
  signals.accept();
  const reload = (): Promise<unknown> => gateway.reload(source);
  const watch =
    files === undefined
      ? null
      : (await import('../launch/watch-files.js')).watchFiles({ files, reload, notify });
  signals.reloadWith(() => void reload().then(() => watch?.follow()));
  await watch?.start();
  await signals.stopped;
  watch?.close();
  await gateway.close(DRAIN_MS, gateway.config().drain.delaySeconds * 1000);
  await output.close();
  return 0;
}
