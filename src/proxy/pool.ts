// Decides how many connections an upstream gets and who waits: nobody. Above the limits the answer is `upstream.busy`; nothing queues
// inside undici. Held streams have a pool of their own, because thousands of them make every other request three times dearer.
import { Client, type Dispatcher } from 'undici';
import type { Upstream } from '../core/endpoint.js';

/** A request whose answer has not begun. */
export interface Waiting {
  /** Where it stands among those that wait, and since which look; the watch's to write. */
  place: number;
  since: number;
  /** The upstream's head did not come in time. */
  late(): void;
}

export interface Slot {
  readonly dispatcher: Dispatcher;
  /** Until `headCame`, `waiting` is told when `headersMs` are over. */
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
/** Who waits too long is looked for this often in `headersMs`: one timer for all, because one for each costs every request. */
const LOOKS = 8;
const MIN_LOOK_MS = 25;
const MAX_LOOK_MS = 1_000;

/**
 * Those that wait for a head. An array, never a Map or Set: one that loses and gains an entry with every request replaces its table every few
 * requests, each dead table points at the next one, and V8's young collections then free nothing of what passed through (measured).
 */
function createWatch(headersMs: number): Pick<Slot, 'awaitHead' | 'headCame'> & { stop(): void } {
  const everyMs = Math.min(Math.max(Math.ceil(headersMs / LOOKS), MIN_LOOK_MS), MAX_LOOK_MS);
  const patience = Math.ceil(headersMs / everyMs);
  const waiting: Waiting[] = [];
  let looks = 0;
  const timer = setInterval(() => {
    looks++;
    for (const one of waiting.filter(({ since }) => looks - since > patience)) {
      leave(one);
      one.late();
    }
  }, everyMs).unref();
  function leave(one: Waiting): void {
    if (one.place < 0) return;
    const last = waiting.pop() as Waiting;
    if (last !== one) {
      waiting[one.place] = last;
      last.place = one.place;
    }
    one.place = -1;
  }
  return {
    awaitHead(one) {
      one.since = looks;
      one.place = waiting.push(one) - 1;
    },
    headCame: leave,
    stop: () => clearInterval(timer),
  };
}

interface Lane {
  take(): Slot | null;
  close(): Promise<void>;
}

/** One client of undici for each connection, the one used last first: its Pool searches all of them twice for each request. */
function lane(upstream: Upstream, limit: number): Lane {
  const watch = createWatch(upstream.headersMs);
  const clients: Client[] = [];
  const free: Slot[] = [];

  function connect(): Slot {
    const client = new Client(upstream.origin, {
      pipelining: 1,
      connect: { timeout: upstream.connectMs },
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
  const short = lane(upstream, upstream.inFlight);
  const held = lane(upstream, upstream.maxStreams);
  return {
    take: (isHeld) => (isHeld ? held : short).take(),
    close: async () => {
      await Promise.all([short.close(), held.close()]);
    },
  };
}
