// Keeps the workers running: starts them, replaces those that die, and gives up where none of them
// can start.
import type { Notify } from '../../core/notice.js';
import type { Exit, WorkerProcess } from './worker-process.js';

/** The pause before a replacement, doubled up to the second value while a worker dies young. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** A worker that lived longer did not die of its start. */
const YOUNG_MS = 10_000;
/** With this many deaths in this time, before all workers were ready once, the start has failed. */
const START_DEATHS = 5;
const START_MS = 60_000;

export interface RosterDependencies {
  readonly count: number;
  /** Starts the worker with this number. */
  start(number: number): WorkerProcess;
  /** A worker is gone. Its number gets another one, unless the roster has stopped. */
  gone(worker: WorkerProcess): void;
  readonly notify: Notify;
  readonly monotonicMs: () => number;
  schedule(ms: number, run: () => void): () => void;
}

export interface Roster {
  /** In the order of their numbers. A number without a worker waits for its replacement. */
  workers(): WorkerProcess[];
  /** All workers have been ready at the same time once. */
  wasComplete(): boolean;
  /** Resolves to the reason where the start has failed. */
  readonly gaveUp: Promise<string>;
  /** Call it when a worker has become ready. */
  checkComplete(): void;
  /** From now on it replaces no worker. */
  stop(): void;
}

const endText = ({ code, signal }: Exit): string =>
  signal === null ? `with exit code ${code}` : `by ${signal}`;

export function createRoster(dependencies: RosterDependencies): Roster {
  const { count, start, gone, notify, monotonicMs, schedule } = dependencies;
  const slots = new Map<number, WorkerProcess>();
  const waiting = new Map<number, () => void>();
  const startedMs = monotonicMs();
  let isComplete = false;
  let isStopped = false;
  let deaths = 0;
  let giveUp = (_reason: string): void => {};
  const gaveUp = new Promise<string>((resolve) => {
    giveUp = resolve;
  });

  function stop(): void {
    isStopped = true;
    for (const cancel of waiting.values()) cancel();
    waiting.clear();
  }

  function died(worker: WorkerProcess, exit: Exit, livedMs: number, pauseMs: number): void {
    const { number, pid } = worker;
    const problem = worker.problem();
    slots.delete(number);
    gone(worker);
    if (isStopped) return;
    if (problem !== null && !isComplete) {
      stop();
      giveUp(problem);
      return;
    }
    const how = problem === null ? `ended ${endText(exit)}` : `cannot start: ${problem}`;
    const detail = `a worker ${how}; the gateway starts another one`;
    const seconds = Math.round(livedMs) / 1000;
    notify({
      event: 'worker.died',
      level: 'error',
      worker: number,
      pid,
      detail,
      livedSeconds: seconds,
    });
    deaths++;
    if (!isComplete && deaths >= START_DEATHS && monotonicMs() - startedMs <= START_MS) {
      stop();
      giveUp(
        `${deaths} workers ended within ${START_MS / 1000} s of the start, the last one ` +
          `${endText(exit)}: fix the cause, which is in the lines above, and start again`,
      );
      return;
    }
    const pause = livedMs > YOUNG_MS ? FIRST_PAUSE_MS : pauseMs;
    waiting.set(
      number,
      schedule(pause, () => run(number, Math.min(pause * 2, LONGEST_PAUSE_MS))),
    );
  }

  /** `pauseMs`: the pause after its death, if it dies young. */
  function run(number: number, pauseMs: number): void {
    waiting.delete(number);
    const bornMs = monotonicMs();
    const worker = start(number);
    slots.set(number, worker);
    void worker.exited.then((exit) => died(worker, exit, monotonicMs() - bornMs, pauseMs));
  }

  for (let number = 1; number <= count; number++) run(number, FIRST_PAUSE_MS);
  return {
    workers: () => [...slots].sort(([some], [other]) => some - other).map(([, worker]) => worker),
    wasComplete: () => isComplete,
    gaveUp,
    checkComplete() {
      isComplete ||=
        slots.size === count && [...slots.values()].every((worker) => worker.state() === 'ready');
    },
    stop,
  };
}
