// Runs the gateway as a process: reads the configuration, waits for a signal, sets the exit code.
import { isatty } from 'node:tty';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Gateway } from '../app/app.js';
import type { PrimaryGateway } from '../app/workers/primary.js';
import { configFile } from '../config/config-file.js';
import { variableNotice } from '../config/environment-variables.js';
import { DestinationError } from '../core/destination-error.js';
import { packageFolder } from '../launch/package-folder.js';
import { reloadSource } from '../launch/reload-source.js';
import {
  DRAIN_MS,
  isReadyBefore,
  ListenError,
  startHere,
  startWorkers,
  tlsProblem,
} from '../launch/start.js';
import { version } from '../launch/version.js';
import { workerCount } from '../launch/worker-count.js';
import { type CommandIo, processIo } from './command-io.js';
import { openOutput } from './output.js';
import { handleSignals } from './signals.js';
import { createStartLines } from './start-lines.js';
import {
  keepRequestsYoung,
  letYoungSpaceGrow,
  optimizeParserLater,
  releaseStartMemory,
} from './start-memory.js';

/** The script of a worker. */
const WORKER_FILE = fileURLToPath(new URL('dist/worker.js', packageFolder()));

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
the log says why, and the gateway goes on. To change listen, admin or workers, restart it.
With workers, send all signals to this process: it passes on what its workers need.
SIGUSR1 and SIGUSR2 only write a line to the log.
Exit codes: 0 stopped, 1 bad configuration or address, 2 bad command line.`;

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
  const count = workerCount(config);
  const options = {
    destination: output,
    ...(configFile(values.config, io.env) === null && { reword: variableNotice }),
    ...(describesStart && { announce: createStartLines(config, lines) }),
  };
  let gateway: Gateway & Partial<PrimaryGateway>;
  try {
    gateway = await (count === 1
      ? startHere(loaded, options)
      : startWorkers(loaded, options, { count, file: WORKER_FILE }));
  } catch (error) {
    if (!(error instanceof ListenError || error instanceof DestinationError)) throw error;
    io.writeError(error.message);
    return 1;
  }
  letYoungSpaceGrow();
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
  const stopped = signals.stopped.then(() => null);
  const failure = await Promise.race([stopped, gateway.gaveUp ?? stopped]);
  if (failure !== null) io.writeError(failure);
  watch?.close();
  const delayMs = failure === null ? gateway.config().drain.delaySeconds * 1000 : 0;
  await gateway.close(DRAIN_MS, delayMs);
  await output.close();
  return failure === null ? 0 : 1;
}
