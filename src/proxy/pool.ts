// Limits the connections to one upstream. Above the limit, requests wait for a moment; then the
// gateway answers `upstream.busy`. Held streams have their own connections, because thousands of
// streams in one pool make each other request cost three times as much.
import { createRequire } from 'node:module';
import type { buildConnector, Client as Connection, Dispatcher } from 'undici';
import type { Upstream } from '../core/endpoint.js';
import { lookup } from '../idp/lookup.js';
import { createSlotQueue, type SlotLine, type SlotQueue } from './slot-queue.js';
import { type ListEntry, SwapRemoveList } from './swap-remove-list.js';

const require = createRequire(import.meta.url);
/** This part alone: all of undici costs 9 MB of memory more. (measured) */
const Client = require('undici/lib/dispatcher/client.js') as typeof Connection;
const createConnector = require('undici/lib/core/connect.js') as typeof buildConnector;

/** A request that waits for the head (status and headers) of its response. */
export interface HeadWaiter extends ListEntry {
  /** The tick at which the wait began. Only the pool writes it. */
  sinceTick: number;
  /** Called once where the head does not arrive within `headersTimeoutMs`. */
  headTimedOut(): void;
}

export interface Slot {
  readonly dispatcher: Dispatcher;
  /** Starts the timeout of a request. */
  awaitHead(waiter: HeadWaiter): void;
  /** Ends the timeout of a request; it may have ended before. */
  headReceived(waiter: HeadWaiter): void;
  /** Gives the connection back. */
  release(): void;
}

/** Connections that carry a request, and how many may. */
export interface Usage {
  readonly inUse: number;
  readonly limit: number;
}

export interface UpstreamPool {
  /** A connection for one request; null above the limit. `held`: the response stays open long. */
  take(held: boolean): Slot | null;
  /** Where requests above the limit wait for a connection. As many may wait as the limit has. */
  queue(held: boolean): SlotLine<Slot>;
  usage(held: boolean): Usage;
  /**
   * Closes each connection as soon as it is free, because no new request comes. Requests that were
   * accepted before may still take one.
   */
  retire(): void;
  close(): Promise<void>;
}

const RESPONSE_HEADER_BYTES = 16 * 1024;
/** One timer serves all requests, because a timer for each is costly. It ticks this often. */
const TICKS_PER_TIMEOUT = 8;
const MIN_TICK_MS = 25;
const MAX_TICK_MS = 1_000;

/** The timeouts of the requests that wait for a head. */
function createHeadTimeouts(
  headersTimeoutMs: number,
): Pick<Slot, 'awaitHead' | 'headReceived'> & { stop(): void } {
  const everyMs = Math.min(
    Math.max(Math.ceil(headersTimeoutMs / TICKS_PER_TIMEOUT), MIN_TICK_MS),
    MAX_TICK_MS,
  );
  const timeoutTicks = Math.ceil(headersTimeoutMs / everyMs);
  const waiters = new SwapRemoveList<HeadWaiter>();
  let ticks = 0;
  let timer: NodeJS.Timeout | null = null;

  function stop(): void {
    if (timer !== null) clearInterval(timer);
    timer = null;
  }
  function tick(): void {
    ticks++;
    for (const late of waiters.entries.filter(
      ({ sinceTick }) => ticks - sinceTick > timeoutTicks,
    )) {
      waiters.remove(late);
      late.headTimedOut();
    }
    // The pools of 1,000 quiet endpoints need no timers, nor does one that a reload retired.
    if (waiters.entries.length === 0) stop();
  }
  return {
    awaitHead(waiter) {
      waiter.sinceTick = ticks;
      waiters.add(waiter);
      timer ??= setInterval(tick, everyMs).unref();
    },
    headReceived: (waiter) => waiters.remove(waiter),
    stop,
  };
}

type Connector = buildConnector.connector;

interface Connections {
  readonly queue: SlotQueue<Slot>;
  take(): Slot | null;
  usage(): Usage;
  retire(): void;
  close(): Promise<void>;
}

/**
 * One undici Client for each connection; the last one used is taken first. The Pool of undici would
 * search all its connections twice for each request.
 */
function createConnections(upstream: Upstream, limit: number, connector: Connector): Connections {
  const timeouts = createHeadTimeouts(upstream.headersTimeoutMs);
  const origin = new URL(upstream.origin);
  const clients = new Set<Connection>();
  const free: Slot[] = [];
  let retired = false;
  const queue = createSlotQueue<Slot>(limit);

  function end(client: Connection): void {
    clients.delete(client);
    // The client is still busy with the end of its last response.
    setImmediate(() => void client.destroy());
  }

  function connect(): Slot {
    const client = new Client(origin, {
      pipelining: 1,
      connect: connector,
      // `createHeadTimeouts` replaces it.
      headersTimeout: 0,
      // A quiet stream may be alive (B-72, quiet streams).
      bodyTimeout: 0,
      maxHeaderSize: RESPONSE_HEADER_BYTES,
    });
    clients.add(client);
    const slot: Slot = {
      dispatcher: client,
      awaitHead: timeouts.awaitHead,
      headReceived: timeouts.headReceived,
      release() {
        if (queue.give(slot)) return;
        if (retired) end(client);
        else free.push(slot);
      },
    };
    return slot;
  }

  return {
    queue,
    take: () => free.pop() ?? (clients.size < limit ? connect() : null),
    usage: () => ({ inUse: clients.size - free.length, limit }),
    retire() {
      retired = true;
      for (const { dispatcher } of free.splice(0)) end(dispatcher as Connection);
    },
    async close() {
      timeouts.stop();
      queue.close();
      await Promise.all([...clients].map((client) => client.destroy()));
    },
  };
}

export function createPool(upstream: Upstream): UpstreamPool {
  // One for all connections: each would keep a cache of TLS sessions of its own.
  const connector = createConnector({
    timeout: upstream.connectTimeoutMs,
    // Overrides NODE_TLS_REJECT_UNAUTHORIZED, which a program around the gateway may set.
    rejectUnauthorized: true,
    lookup,
  });
  const short = createConnections(upstream, upstream.maxConcurrentRequests, connector);
  const held = createConnections(upstream, upstream.maxStreams, connector);
  return {
    take: (isHeld) => (isHeld ? held : short).take(),
    queue: (isHeld) => (isHeld ? held : short).queue,
    usage: (isHeld) => (isHeld ? held : short).usage(),
    retire() {
      short.retire();
      held.retire();
    },
    close: async () => {
      await Promise.all([short.close(), held.close()]);
    },
  };
}
