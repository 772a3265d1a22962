// Runs the gateway of one worker: serves the connections that the primary hands over, and answers
// its questions. It reads no file, and listens on no port.
import cluster from 'node:cluster';
import type { Socket } from 'node:net';
import type { ResolvedConfig } from '../../config/resolved-config.js';
import type { ApiKey } from '../../core/api-key.js';
import { DestinationError } from '../../core/destination-error.js';
import type { Secret } from '../../core/secret.js';
import type { Listener } from '../../http/server.js';
import { type Dependencies, type Gateway, startGateway } from '../app.js';
import type { Observers } from '../observers.js';
import type { Question, ToPrimary, ToWorker, WorkerStart } from './messages.js';
import { unpack } from './packed.js';

export type WorkerDependencies = Pick<
  Dependencies,
  'clock' | 'random' | 'usesProxy' | 'destination'
> & {
  /** Resolves once the gateway is ready. */
  untilReady(gateway: Gateway): Promise<unknown>;
  /** The time of its drain, where its primary is gone. */
  readonly drainMs: number;
};

interface Parts {
  readonly gateway: Gateway;
  readonly listener: Listener;
  readonly observers: Pick<Observers, 'metrics' | 'status'>;
}

const send = (message: ToPrimary): void => {
  // The primary may be gone: `disconnect` follows.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
};

/** Resolves when the worker has drained. The process should end then. */
export async function runWorker(dependencies: WorkerDependencies): Promise<void> {
  const { untilReady, drainMs, ...surroundings } = dependencies;
  // Otherwise node:cluster ends the process at once where the primary is gone.
  if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
  let isReady = false;
  let parts: Parts | null = null;
  let started = (): void => {};
  const hasStarted = new Promise<void>((resolve) => {
    started = resolve;
  });
  let drained = (): void => {};
  const ended = new Promise<void>((resolve) => {
    drained = resolve;
  });

  async function start({ version, ...given }: WorkerStart): Promise<void> {
    const { address, adminAddress } = given;
    const connected: Partial<Omit<Parts, 'gateway'>> = {};
    isReady = given.isReady;
    const gateway = await startGateway(unpack(given.config) as ResolvedConfig, {
      ...surroundings,
      version,
      apiKeys: unpack(given.apiKeys) as ApiKey[],
      announce(notice) {
        send({ kind: 'notice', notice });
        return process.connected;
      },
      primary: {
        sessionKey: unpack(given.sessionKey) as Secret,
        readiness: { isReady: () => isReady },
        connect(listener, observers) {
          Object.assign(connected, { listener, observers });
          listener.listenToAdopted();
          return { address, adminAddress, closeAdmin: async () => {} };
        },
      },
    });
    parts = { gateway, ...(connected as Required<typeof connected>) };
    started();
    await untilReady(gateway);
    send({ kind: 'ready' });
  }

  /** Another error ends the process: the primary starts another one. */
  function refuse(error: unknown): void {
    if (!(error instanceof DestinationError)) throw error;
    send({ kind: 'refused', problem: error.message });
    drained();
  }

  async function answer(question: Question): Promise<unknown> {
    await hasStarted;
    const { gateway, listener, observers } = parts as unknown as Parts;
    if (question.what === 'metrics') return observers.metrics.text();
    if (question.what === 'status') return observers.status();
    if (question.what === 'announce') return void listener.announce(0);
    if (question.what === 'drain') return gateway.close(question.drainMs);
    const config = unpack(question.config) as ResolvedConfig;
    const apiKeys = unpack(question.apiKeys) as ApiKey[];
    return gateway.reload({
      readConfig: () => config,
      readKeys: async () => apiKeys,
      limits: null,
    });
  }

  function onMessage(message: ToWorker, socket?: Socket): void {
    if (message.kind === 'start') void start(message).catch(refuse);
    else if (message.kind === 'connection') {
      send({ kind: 'taken' });
      // Without one, the client has left meanwhile.
      if (socket !== undefined) parts?.listener.adopt(socket);
    } else if (message.kind === 'readiness') isReady = message.isReady;
    else if (message.kind === 'ask') {
      const { id, question } = message;
      answer(question)
        .then(
          (given) => send({ kind: 'answer', id, answer: given }),
          (error: unknown) => send({ kind: 'failed', id, problem: String(error) }),
        )
        .then(() => question.what === 'drain' && drained());
    }
  }
  process.on('message', onMessage as (message: unknown) => void);
  process.once('disconnect', () => {
    if (parts === null) drained();
    else void parts.gateway.close(drainMs).then(drained, drained);
  });
  send({ kind: 'loaded' });
  await ended;
}
