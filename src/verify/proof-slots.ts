// Bounds the work for tokens that the gateway has not proven yet. Few of them start in one turn of
// the event loop, and few signatures are checked at once. The rest waits, and client addresses take
// turns. So a flood of forged tokens delays no known caller, and no other address.
import { networkOf } from '../core/client-network.js';
import type { MaybeLater } from '../core/endpoint-runtime.js';
import type { Exchange } from '../core/exchange.js';
import { verifyBusy } from '../core/failures.js';
import type { Result } from '../core/result.js';

export interface ProofSlots {
  /**
   * Runs the work for a token that a client presents. With a free slot it runs now, otherwise in
   * a later turn. Null: too many wait already, and the work never runs.
   */
  run<T>(clientAddress: string, work: () => MaybeLater<T>): MaybeLater<T> | null;
  /** Runs one check of a signature, which calls `done` once. A few run at the same time. */
  check(start: (done: () => void) => void): void;
}

export interface ProofLimits {
  /** Tokens whose work starts in one turn of the event loop. */
  readonly perTurn: number;
  /** Checks of signatures at once. */
  readonly running: number;
  /**
   * Tokens that wait. Each network may have an equal part, and one part stays free: so no few
   * networks fill the queue, and a new one finds room.
   */
  readonly waiting: number;
}

type Start = () => void;

export function createProofSlots(limits: ProofLimits): ProofSlots {
  /** By network, in the order of their turns. */
  const queues = new Map<string, Start[]>();
  /** Checks of tokens that began before, and waited for keys since. */
  const late: Start[] = [];
  let waiting = 0;
  let running = 0;
  let started = 0;

  /** False while checks are late: each check that ends gives its place to one of them. */
  const hasSlot = (): boolean => started < limits.perTurn && running < limits.running;

  function takeSlot(): void {
    if (started++ === 0) setImmediate(nextTurn);
  }

  function nextTurn(): void {
    started = 0;
    startWaiting();
  }

  /** One of each network in turn. */
  function startWaiting(): void {
    while (waiting > 0 && hasSlot()) {
      const [network, queue] = queues.entries().next().value as [string, Start[]];
      queues.delete(network);
      const start = queue.shift() as Start;
      if (queue.length > 0) queues.set(network, queue);
      waiting--;
      takeSlot();
      start();
    }
  }

  function enqueue(network: string, start: Start): boolean {
    const queue = queues.get(network) ?? [];
    const part = limits.waiting / (queues.size + 1);
    if (waiting >= limits.waiting || queue.length >= part) return false;
    if (queue.push(start) === 1) queues.set(network, queue);
    waiting++;
    return true;
  }

  function checkNow(start: (done: () => void) => void): void {
    running++;
    start(() => {
      running--;
      const next = late.shift();
      if (next !== undefined) next();
      else startWaiting();
    });
  }

  return {
    run<T>(clientAddress: string, work: () => MaybeLater<T>): MaybeLater<T> | null {
      if (waiting === 0 && hasSlot()) {
        takeSlot();
        return work();
      }
      let start: Start = () => {};
      const result = new Promise<T>((resolve, reject) => {
        start = () => {
          try {
            resolve(work());
          } catch (error) {
            reject(error);
          }
        };
      });
      return enqueue(networkOf(clientAddress), start) ? result : null;
    },
    check(start) {
      if (running < limits.running) checkNow(start);
      else late.push(() => checkNow(start));
    },
  };
}

/**
 * The process has one thread pool, so its gateways share the slots. With more starts in a turn,
 * known callers wait longer; with fewer, a flood of good new tokens is slower. A queue of this
 * length is empty after about half a second.
 */
export const proofSlots = createProofSlots({
  perTurn: 8,
  running: 16,
  waiting: 4_096,
});

/** Runs the work for a new token in a slot of the process. A failure where too many wait. */
export const inProofSlot = <T>(
  client: Pick<Exchange, 'clientAddress'> | undefined,
  work: () => MaybeLater<Result<T>>,
): MaybeLater<Result<T>> =>
  proofSlots.run(client?.clientAddress ?? '', work) ??
  verifyBusy({ detail: 'too many new tokens wait for a check', retryAfterSeconds: 1 });
