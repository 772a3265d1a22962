// Decides how many connections an upstream gets and who waits: nobody. Above the limits the answer is `upstream.busy`; nothing queues
// inside undici. Held streams have a pool of their own, because thousands of them make every other request three times dearer.
import { Client, type Dispatcher } from 'undici';
import type { Upstream } from '../core/endpoint.js';
import { type ListEntry, SwapRemoveList } from './swap-remove-list.js';

/** A request whose answer has not begun. */
export interface Waiting extends ListEntry {
  /** Since which look it waits; the watch's to write. */
  since: number;
  /** The upstream's head did not come in time. */
  late(): void;
}

export interface Slot {
  readonly dispatcher: Dispatcher;
  /** Until `headCame`, `waiting` is told when `headersTimeoutMs` are over. */
  awaitHead(waiting: Waiting): void;
  headCame(waiting: Waiting): void;
  release(): void;
}

export interface UpstreamPool {
  /** A place for one request, or null when all are taken. `held`: it is expected to stay open. */
  take(held: boolean): Slot | null;
  close(): Promise<void>;
}

const RESPONSE_HEADER_BYTES = 16 * 1024;
/** Who waits too long is looked for this often in `headersTimeoutMs`: one timer for all, because one for each costs every request. */
const LOOKS = 8;
const MIN_LOOK_MS = 25;
const MAX_LOOK_MS = 1_000;

/** Those that wait for a head. */
function createWatch(
  headersTimeoutMs: number,
): Pick<Slot, 'awaitHead' | 'headCame'> & { stop(): void } {
  const everyMs = Math.min(Math.max(Math.ceil(headersTimeoutMs / LOOKS), MIN_LOOK_MS), MAX_LOOK_MS);
  const patience = Math.ceil(headersTimeoutMs / everyMs);
  const waiting = new SwapRemoveList<Waiting>();
  let looks = 0;
  const timer = setInterval(() => {
    looks++;
    for (const one of waiting.all.filter(({ since }) => looks - since > patience)) {
      waiting.remove(one);
      one.late();
    }
  }, everyMs).unref();
  return {
    awaitHead(one) {
      one.since = looks;
      waiting.add(one);
    },
    headCame: (one) => waiting.remove(one),
    stop: () => clearInterval(timer),
  };
}

interface Lane {
  take(): Slot | null;
  close(): Promise<void>;
}

/** One client of undici for each connection, the one used last first: its Pool searches all of them twice for each request. */
function lane(upstream: Upstream, limit: number): Lane {
  const watch = createWatch(upstream.headersTimeoutMs);
  const clients: Client[] = [];
  const free: Slot[] = [];

  function connect(): Slot {
    const client = new Client(upstream.origin, {
      pipelining: 1,
      connect: { timeout: upstream.connectTimeoutMs },
      // Watched here.
      headersTimeout: 0,
      // A quiet stream is not a dead one (B-72).
      bodyTimeout: 0,
      maxHeaderSize: RESPONSE_HEADER_BYTES,
    });
    clients.push(client);
    const slot: Slot = {
      dispatcher: client,
      awaitHead: watch.awaitHead,
      headCame: watch.headCame,
      release: () => void free.push(slot),
    };
    return slot;
  }

  return {
    take: () => free.pop() ?? (clients.length < limit ? connect() : null),
    async close() {
      watch.stop();
      await Promise.all(clients.map((client) => client.destroy()));
    },
  };
}

export function createPool(upstream: Upstream): UpstreamPool {
  const short = lane(upstream, upstream.maxConcurrentRequests);
  const held = lane(upstream, upstream.maxStreams);
  return {
    take: (isHeld) => (isHeld ? held : short).take(),
    close: async () => {
      await Promise.all([short.close(), held.close()]);
    },
  };
}
