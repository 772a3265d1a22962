// Decides how many connections an upstream gets and who waits: nobody. Above the limits the answer is `upstream.busy`; nothing queues
// inside undici. Held streams have a pool of their own, because thousands of them make every other request three times dearer.
import { type Dispatcher, Pool } from 'undici';
import type { Upstream } from '../core/endpoint.js';

export interface Slot {
  readonly dispatcher: Dispatcher;
  release(): void;
}

export interface UpstreamPool {
  /** A place for one request, or null when all are taken. `held`: it is expected to stay open. */
  take(held: boolean): Slot | null;
  close(): Promise<void>;
}

const RESPONSE_HEADER_BYTES = 16 * 1024;

function lane(upstream: Upstream, limit: number): { take(): Slot | null; close(): Promise<void> } {
  const pool = new Pool(upstream.origin, {
    connections: limit,
    pipelining: 1,
    connect: { timeout: upstream.connectMs },
    headersTimeout: upstream.headersMs,
    // A quiet stream is not a dead one (B-72).
    bodyTimeout: 0,
    maxHeaderSize: RESPONSE_HEADER_BYTES,
  });
  let taken = 0;
  const slot: Slot = {
    dispatcher: pool,
    release: () => {
      taken--;
    },
  };
  return {
    take() {
      if (taken >= limit) return null;
      taken++;
      return slot;
    },
    close: () => pool.destroy(),
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
