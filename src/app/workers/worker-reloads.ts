// The reload of a gateway with workers. The primary reads and checks the files. Then each worker
// takes the result, and the log has the outcome of all of them once.
import type { ResolvedConfig } from '../../config/resolved-config.js';
import type { ApiKey } from '../../core/api-key.js';
import type { Notice, Notify } from '../../core/notice.js';
import type { ApiKeyRegistry } from '../../verify/api-keys.js';
import { checkDestinations } from '../destinations.js';
import { createReloads, type Reloads } from '../reload.js';
import type { Question } from './messages.js';
import type { WorkerProcess } from './worker-process.js';

/** A worker that has not answered by then hangs. */
const TAKE_MS = 30_000;

export interface WorkerReloadDependencies {
  readonly apiKeys: ApiKeyRegistry;
  readonly notify: Notify;
  readonly wallMs: () => number;
  active(): ResolvedConfig;
  /** Makes a configuration the active one of the primary. */
  activate(config: ResolvedConfig): void;
  question(config: ResolvedConfig, keys: Iterable<ApiKey>): Question;
  workers(): readonly WorkerProcess[];
  isStopping(): boolean;
}

export function createWorkerReloads(dependencies: WorkerReloadDependencies): Reloads {
  const { apiKeys, notify, wallMs, active, activate, question, workers, isStopping } = dependencies;
  /** The lines of a reload wait until the workers have taken it. */
  let lines: Notice[] = [];
  /** The workers that were asked to take the new state. */
  let asked = new Set<WorkerProcess>();
  let isChanged = false;
  /** Not all workers took the new state. */
  let failure: string | null = null;

  /**
   * Asks the workers that have another state, and ends those that do not take this one. They must
   * not go on serving callers whom it rejects. Rejects instead, where `mayFail` and none takes it.
   */
  async function distribute(
    config: ResolvedConfig,
    keys: Iterable<ApiKey>,
    mayFail: boolean,
  ): Promise<void> {
    // Another one gets the active state at its start.
    const all = workers().filter((worker) => worker.state() !== 'loading' && !asked.has(worker));
    if (all.length === 0) return;
    const asking = question(config, keys);
    asked = new Set([...asked, ...all]);
    const outcomes = await Promise.all(
      all.map((worker) => worker.ask(asking, TAKE_MS).catch((error: Error) => error.message)),
    );
    const refusing = all.flatMap((worker, i) =>
      typeof outcomes[i] === 'string' ? [{ worker, problem: outcomes[i] }] : [],
    );
    if (refusing.length === 0) return;
    if (mayFail && refusing.length === all.length)
      throw new Error([...new Set(refusing.map(({ problem }) => problem))].join('; '));
    for (const { worker } of refusing) worker.kill();
    const texts = refusing.map(({ worker, problem }) => `worker ${worker.number}: ${problem}`);
    const detail = `${texts.join('; ')}. The gateway replaces these workers`;
    lines.push({ event: 'worker.reload_failed', level: 'error', detail });
    failure = detail;
  }

  const reloads = createReloads({
    apiKeys,
    notify: (notice) => void lines.push(notice),
    wallMs,
    active,
    async prepare(next, keys) {
      // The workers open them.
      await checkDestinations(next);
      asked = new Set();
      await distribute(next, keys, true);
      return () => {};
    },
    build: async (next) => () => {
      activate(next);
      isChanged = true;
    },
    keysChanged() {
      asked = new Set();
      isChanged = true;
    },
    isStopping,
  });
  let running: Promise<string | null> = Promise.resolve(null);

  return {
    reload(source) {
      const read = reloads.reload(source);
      running = Promise.all([read, running]).then(async ([problems]) => {
        const mustDistribute = isChanged;
        isChanged = false;
        // New keys alone, or a worker that has started meanwhile.
        if (mustDistribute) await distribute(active(), apiKeys.all(), false);
        for (const notice of lines) notify(notice);
        const outcome = problems ?? failure;
        lines = [];
        failure = null;
        return outcome;
      });
      return running;
    },
    states: reloads.states,
    config: reloads.config,
  };
}
