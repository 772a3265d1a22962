// Distributes accepted connections among the workers in turn.
//
// The primary accepts, and not the workers. node:cluster hides its listening socket, so nothing
// could empty its queue before it closes. Workers that share one socket get unequal shares.
// A worker gets the next connection only after it has taken the last one, so a worker that hangs
// holds at most one.
import type { Socket } from 'node:net';

export interface Receiver {
  /** True while it takes connections. */
  isServing(): boolean;
  /** Sends the connection to the worker, and keeps it open here. */
  give(socket: Socket): void;
}

export interface HandOver {
  accepted(socket: Socket): void;
  /** The worker serves from now on, or took its connection. */
  taken(worker: Receiver): void;
  /** The worker is gone. A connection that it did not take goes to another one. */
  gone(worker: Receiver): void;
  /** Connections that no worker has taken. */
  waiting(): number;
}

/** `workers`: those that exist now. */
export function createHandOver(workers: () => readonly Receiver[]): HandOver {
  const queue: Socket[] = [];
  const given = new Map<Receiver, Socket>();
  let turn = 0;

  function free(): Receiver | null {
    const all = workers();
    for (let i = 0; i < all.length; i++) {
      const worker = all[(turn + i) % all.length] as Receiver;
      if (!worker.isServing() || given.has(worker)) continue;
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
      given.set(worker, socket);
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
      given.get(worker)?.destroy();
      given.delete(worker);
      distribute();
    },
    gone(worker) {
      const socket = given.get(worker);
      given.delete(worker);
      if (socket !== undefined) queue.unshift(socket);
      distribute();
    },
    waiting: () => queue.length + given.size,
  };
}
