// The reload of a gateway with workers. The primary reads and checks the files. Then each worker
// takes the result, and the log has the outcome of all of them once.
import type { ResolvedConfig } from '../../config/resolved-config.js';
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
  /** The active configuration and the keys of the registry. */
  question(): Question;
  workers(): readonly WorkerProcess[];
  isStopping(): boolean;
}

export function createWorkerReloads(dependencies: WorkerReloadDependencies): Reloads {
  const { apiKeys, notify, wallMs, active, activate, question, workers, isStopping } = dependencies;
  /** The lines of a reload wait until the workers have taken it. */
  let lines: Notice[] = [];
  let isChanged = false;
  const reloads = createReloads({
    apiKeys,
    notify: (notice) => void lines.push(notice),
    wallMs,
    active,
    async prepare(next) {
      // The workers open them.
      await checkDestinations(next);
      return () => {};
    },
    build: async (next) => () => {
      activate(next);
      isChanged = true;
    },
    keysChanged() {
      isChanged = true;
    },
    isStopping,
  });
  let running: Promise<string | null> = Promise.resolve(null);

  /** Null, or the worker with its problem. */
  async function take(worker: WorkerProcess, asked: Question): Promise<string | null> {
    const answer = await worker.ask(asked, TAKE_MS).catch((error: Error) => error.message);
    return typeof answer === 'string' ? `worker ${worker.number}: ${answer}` : null;
  }

  /** Null where all workers have taken the new state. */
  async function distribute(before: ResolvedConfig): Promise<Notice | null> {
    isChanged = false;
    const asked = question();
    // Another one gets the new state at its start.
    const all = workers().filter((worker) => worker.state() !== 'loading');
    const outcomes = await Promise.all(all.map((worker) => take(worker, asked)));
    const problems = outcomes.filter((outcome) => outcome !== null);
    if (problems.length === 0) return null;
    const text = problems.join('; ');
    const failed = { event: 'worker.reload_failed', level: 'error' } as const;
    if (problems.length === all.length) {
      activate(before);
      return {
        ...failed,
        detail: `${text}. The workers keep the configuration that they run with`,
      };
    }
    // It must not go on serving callers whom the new state rejects.
    for (const [i, worker] of all.entries()) if (outcomes[i] !== null) worker.kill();
    return { ...failed, detail: `${text}. The gateway replaces these workers` };
  }

  return {
    reload(source) {
      const before = active();
      const read = reloads.reload(source);
      running = Promise.all([read, running]).then(async ([problems]) => {
        const written = lines;
        lines = [];
        const untaken = isChanged ? await distribute(before) : null;
        for (const notice of untaken === null ? written : [untaken, ...written]) notify(notice);
        return problems ?? (untaken === null ? null : String(untaken.detail));
      });
      return running;
    },
    states: reloads.states,
    config: reloads.config,
  };
}
