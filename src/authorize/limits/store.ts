// Creates the store of the counts: the memory of this process, that of the primary of a cluster, or
// Redis. Loads the libraries of the chosen kind only.
import type { Secret } from '../../core/secret.js';
import { type Counter, createMemoryCounter } from './counter.js';
import { memoryLimiter, workerLimiter } from './process-limiters.js';
import { connectRedis } from './redis-limiter.js';
import { createSharedCounter, type SharedCounterDependencies } from './shared-counter.js';

/** Where the counts are. */
export type LimitStoreKind =
  | { readonly kind: 'memory' }
  /** In a worker: the primary counts for all workers. */
  | { readonly kind: 'cluster' }
  | { readonly kind: 'redis'; readonly url: Secret; readonly onStoreDown: 'local' | 'refuse' };

export interface LimitStore extends Counter {
  /** Null: the counts are in this machine, so they cannot be away. */
  isUp(): boolean | null;
  close(): void;
}

export interface LimitStoreDependencies extends SharedCounterDependencies {
  /** 0..1, for jitter. */
  readonly random: () => number;
}

/** Where the primary does not answer in time, the worker counts on its own. */
function createWorkerCounter(clock: SharedCounterDependencies['clock']): Counter {
  const shared = createMemoryCounter(workerLimiter(), clock);
  const own = createMemoryCounter(memoryLimiter(), clock);
  return {
    add: (key, calls, rate) => shared.add(key, calls, rate).catch(() => own.add(key, calls, rate)),
  };
}

export function createLimitStore(
  store: LimitStoreKind,
  dependencies: LimitStoreDependencies,
): LimitStore {
  const { clock, random } = dependencies;
  if (store.kind === 'redis') {
    const local =
      store.onStoreDown === 'refuse' ? null : createMemoryCounter(memoryLimiter(), clock);
    return createSharedCounter(connectRedis(store.url, random), local, dependencies);
  }
  const counter =
    store.kind === 'cluster'
      ? createWorkerCounter(clock)
      : createMemoryCounter(memoryLimiter(), clock);
  return { add: counter.add, isUp: () => null, close() {} };
}
