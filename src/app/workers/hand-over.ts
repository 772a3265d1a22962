// Distributes accepted connections among the workers in turn.
//
// The primary accepts, and not the workers. node:cluster hides its listening socket, so nothing
// could empty its queue before it closes. Workers that accept for themselves get unequal shares.
// (measured: 40 connections to two idle workers, the smaller share. SCHED_NONE: 0 to 20, median 11
// in 40 runs. reusePort, which Node 20 does not have: 12 to 20, median 18 in 20 runs.)
//
// Strictly in turn, also where one worker is slower at this moment. A connection often lives for
// hours, and unequal shares would stay. (measured: a worker that gets the next connection only
// after it took the last one had 3 of 40 on a busy machine)
import type { Socket } from 'node:net';

export interface Receiver {
  /** True while it takes connections. */
  isServing(): boolean;
  /** Sends the connection to the worker, and keeps it open here. */
  give(socket: Socket): void;
}

export interface HandOver {
  accepted(socket: Socket): void;
  /** The worker is ready, or took its oldest connection. */
  taken(worker: Receiver): void;
  /** The worker is gone. Connections that it did not take go to others. */
  gone(worker: Receiver): void;
  /** Hands over all connections that wait, also to workers that hang: the port has closed. */
  handAll(): void;
  /** Connections that no worker has taken. */
  waiting(): number;
}

/** A worker that takes no connection in this time hangs, and gets no more until it does. */
const HANGS_MS = 1_000;

interface Given {
  readonly socket: Socket;
  readonly atMs: number;
}

/** `workers`: those that exist now. */
export function createHandOver(
  workers: () => readonly Receiver[],
  monotonicMs: () => number,
): HandOver {
  const queue: Socket[] = [];
  /** By worker: the connections that it did not take yet, the oldest first. */
  const given = new Map<Receiver, Given[]>();
  let turn = 0;
  let isClosed = false;

  const hangs = (worker: Receiver): boolean => {
    const [oldest] = given.get(worker) ?? [];
    return !isClosed && oldest !== undefined && monotonicMs() - oldest.atMs > HANGS_MS;
  };

  function free(): Receiver | null {
    const all = workers();
    for (let i = 0; i < all.length; i++) {
      const worker = all[(turn + i) % all.length] as Receiver;
      if (!worker.isServing() || hangs(worker)) continue;
      turn = (turn + i + 1) % all.length;
      return worker;
    }
    return null;
  }

  function distribute(): void {
    while (queue.length > 0) {
      const worker = free();
      if (worker === null) return;
      const socket = queue.shift() as Socket;
      if (socket.destroyed) continue;
      const ofWorker = given.get(worker) ?? [];
      ofWorker.push({ socket, atMs: monotonicMs() });
      given.set(worker, ofWorker);
      worker.give(socket);
    }
  }

  return {
    accepted(socket) {
      queue.push(socket);
      distribute();
    },
    taken(worker) {
      // The worker has its own descriptor now: this closes only ours.
      given.get(worker)?.shift()?.socket.destroy();
      distribute();
    },
    gone(worker) {
      const left = given.get(worker) ?? [];
      given.delete(worker);
      queue.unshift(...left.map(({ socket }) => socket));
      distribute();
    },
    handAll() {
      isClosed = true;
      distribute();
    },
    waiting: () =>
      [...given.values()].reduce((sum, ofWorker) => sum + ofWorker.length, queue.length),
  };
}
