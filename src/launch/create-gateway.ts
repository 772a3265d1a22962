// Runs a gateway inside a program of the operator. It never touches signals, the exit code or other
// state of the process: these belong to the program.
import type { Gateway } from '../app/app.js';
import type { ReloadSource } from '../app/reload.js';
import { loadApiKeys, reloadApiKeys } from '../config/api-keys-file.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { ConfigError } from '../config/problems.js';
import { type Source, sourceOf } from './config-source.js';
import type { GatewayOptions } from './gateway-options.js';
import { urlOf } from './listener-url.js';
import { type LineSink, lineSink, outputSink } from './log-lines.js';
import { DRAIN_MS, isReadyBefore, startHere, tlsProblem } from './start.js';

export interface CloseOptions {
  /** Seconds for running calls to finish, from 0 to 86400. Then it cuts them. Default: 25. */
  readonly drainSeconds?: number | undefined;
}

/** A gateway that listens. */
export interface RunningGateway {
  /** The address of the public listener, such as http://127.0.0.1:8080. */
  readonly url: string;
  /** The address of the admin listener, which has /metrics, /healthz and /readyz. */
  readonly adminUrl: string;
  /**
   * Resolves once /readyz answers 200: when the gateway has tried the keys of each issuer, and 10
   * seconds after the start at the latest. Rejects if the gateway closes before.
   */
  ready(): Promise<void>;
  /**
   * Reads the configuration again, with its secrets and API keys; no call fails because of that.
   * `config`: takes the place of the one that createGateway got. Rejects with the problems, as a
   * ConfigError where the configuration has them. The gateway then goes on as before.
   */
  reload(config?: GatewayConfig): Promise<void>;
  /**
   * Serves on for `drain.delaySeconds` of the configuration, while it is not ready. Then rejects
   * new calls, lets running ones finish, and frees listeners, connections and timers. Resolves to
   * the number of calls that it cut. A second call returns the promise of the first.
   */
  close(options?: CloseOptions): Promise<number>;
}

const MOST_DRAIN_SECONDS = 86_400;

const WORKERS_IGNORED =
  'workers has no effect here: a gateway in your program is one process. Start the program several ' +
  'times, or use portcullis serve';

function sinkOf(log: GatewayOptions['log']): LineSink {
  if (log === false) return { write: () => {}, close: () => {} };
  if (typeof log === 'function') return lineSink(log);
  return outputSink(process.stdout);
}

/** The text of a ConfigError, and the error itself for `reload`. */
function remembering(): { text(error: unknown): string; errorOf(text: string): Error } {
  let last: ConfigError | null = null;
  return {
    text(error) {
      if (!(error instanceof ConfigError)) throw error;
      last = error;
      return error.message;
    },
    errorOf: (text) => (last?.message === text ? last : new Error(text)),
  };
}

function reloadsOf(gateway: Gateway, first: Source): RunningGateway['reload'] {
  let current = first;
  /** The one of the last call, while its reload waits or runs. */
  let next: Source | null = null;
  const errors = remembering();
  return async (config) => {
    // A call without a configuration must not undo one that waits.
    const before = next ?? current;
    const source = config === undefined ? before : before.with(config);
    next = source;
    const reading: ReloadSource = {
      readConfig() {
        try {
          return source.read();
        } catch (error) {
          return errors.text(error);
        }
      },
      readKeys: (next, known) => reloadApiKeys(next, source.env, known).catch(errors.text),
      limits: null,
    };
    const problems = await gateway.reload(reading);
    if (next === source) next = null;
    if (problems !== null) throw errors.errorOf(problems);
    current = source;
  };
}

/**
 * Starts a gateway in this process, and resolves once it listens. Rejects with a ConfigError for a
 * bad configuration, and with a TypeError for wrong options. Where it cannot listen on an address,
 * it rejects with an Error that has the `code` of the system, such as EADDRINUSE.
 */
export async function createGateway(options: GatewayOptions = {}): Promise<RunningGateway> {
  const source = sourceOf(options);
  // Node reads the variable of the process, whatever `env` has.
  const insecure = tlsProblem(process.env);
  if (insecure !== null) throw new Error(insecure);
  const config = source.read();
  const loaded = { config, apiKeys: loadApiKeys(config, source.env) };
  const sink = sinkOf(options.log);
  const { reword } = source;
  const gateway = await startHere(loaded, { destination: sink, ...(reword && { reword }) });
  if (config.workers !== 1)
    gateway.notify({ event: 'workers.ignored', level: 'warn', detail: WORKERS_IGNORED });
  let closed: Promise<number> | null = null;

  async function close({ drainSeconds = DRAIN_MS / 1000 }: CloseOptions): Promise<number> {
    const cut = await gateway.close(
      drainSeconds * 1000,
      gateway.config().drain.delaySeconds * 1000,
    );
    sink.close();
    return cut;
  }

  return {
    url: urlOf(gateway.address),
    adminUrl: urlOf(gateway.adminAddress),
    async ready() {
      if (!(await isReadyBefore(() => closed !== null, gateway)))
        throw new Error('the gateway is closed');
    },
    reload: reloadsOf(gateway, source),
    // Not async: each call returns the same promise.
    close(how = {}) {
      const { drainSeconds = 0 } = how;
      if (!Number.isFinite(drainSeconds) || drainSeconds < 0 || drainSeconds > MOST_DRAIN_SECONDS)
        return Promise.reject(
          new RangeError(`close: drainSeconds: write a number from 0 to ${MOST_DRAIN_SECONDS}`),
        );
      closed ??= close(how);
      return closed;
    },
  };
}
