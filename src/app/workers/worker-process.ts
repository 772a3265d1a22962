// One worker, as the primary sees it: a child process of node:cluster with a channel for messages
// and connections, and a pipe for its log.
import cluster from 'node:cluster';
import type { Socket } from 'node:net';
import type { Notify } from '../../core/notice.js';
import type { LogSink } from '../../observe/log.js';
import type { Receiver } from './hand-over.js';
import type { Question, ToPrimary, ToWorker, WorkerStart } from './messages.js';
import { createQuestions } from './questions.js';
import { createWholeLines } from './whole-lines.js';

/** `starting`: it has got its settings. */
export type WorkerState = 'loading' | 'starting' | 'ready';

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface WorkerProcess extends Receiver {
  /** From 1 to the number of workers. Its replacement has the same. */
  readonly number: number;
  readonly pid: number | undefined;
  state(): WorkerState;
  /** Null, or why it refused to start. */
  problem(): string | null;
  /** Rejects when no answer comes in time, or when it ends. */
  ask(question: Question, milliseconds: number): Promise<unknown>;
  tellReadiness(isReady: boolean): void;
  kill(): void;
  /** Settles once it is gone and all its log lines are written. */
  readonly exited: Promise<Exit>;
}

export interface WorkerDependencies {
  /** The settings of a worker that starts now. */
  start(): WorkerStart;
  readonly destination: LogSink;
  readonly notify: Notify;
  /** It is ready. */
  isReady(worker: WorkerProcess): void;
  /** It took a connection. */
  taken(worker: WorkerProcess): void;
}

/** `file`: the script of a worker. */
export function setUpWorkers(file: string): void {
  cluster.setupPrimary({
    exec: file,
    args: [],
    // Not JSON: it has no Map, and no undefined.
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
}

export function startWorkerProcess(
  number: number,
  dependencies: WorkerDependencies,
): WorkerProcess {
  const { start, destination, notify, isReady, taken } = dependencies;
  const child = cluster.fork();
  let state: WorkerState = 'loading';
  let problem: string | null = null;
  let isGone = false;
  const send = (message: ToWorker, socket?: Socket): void => {
    // A channel that closes at this moment: `exited` follows.
    if (!isGone) child.process.send(message, socket, { keepOpen: true }, () => {});
  };
  const questions = createQuestions<Question>((id, question) =>
    send({ kind: 'ask', id, question }),
  );
  const lines = createWholeLines((whole) => destination.write(whole));
  child.process.stdout?.on('data', lines.add);

  const onMessage = (message: ToPrimary): void => {
    if (message.kind === 'loaded') {
      state = 'starting';
      send({ kind: 'start', ...start() });
    } else if (message.kind === 'ready') {
      state = 'ready';
      isReady(worker);
    } else if (message.kind === 'taken') taken(worker);
    else if (message.kind === 'refused') problem = message.problem;
    else if (message.kind === 'notice') notify(message.notice);
    else if (message.kind === 'answer') questions.answered(message.id, message.answer);
    else if (message.kind === 'failed') questions.failed(message.id, message.problem);
  };
  child.on('message', onMessage);
  const exited = new Promise<Exit>((resolve) => {
    const end = (exit: Exit): void => {
      isGone = true;
      lines.end();
      questions.end();
      resolve(exit);
    };
    // After the last message and the last byte of its log.
    child.process.once('close', (code, signal) => end({ code, signal }));
    child.once('error', () => {
      if (child.process.pid === undefined) end({ code: null, signal: null });
    });
  });

  const worker: WorkerProcess = {
    number,
    pid: child.process.pid,
    state: () => state,
    problem: () => problem,
    isServing: () => state === 'ready' && !isGone,
    give: (socket) => send({ kind: 'connection' }, socket),
    ask: questions.ask,
    tellReadiness: (isReady) => send({ kind: 'readiness', isReady }),
    kill: () => void child.process.kill('SIGKILL'),
    exited,
  };
  return worker;
}
