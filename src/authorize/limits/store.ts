// Creates the store of the counts: the memory of this process, that of the primary of a cluster, or
// Redis. Loads the libraries of the chosen kind only.
import type { Secret } from '../../core/secret.js';
import { type Counter, createMemoryCounter, type SureCounter } from './counter.js';
import { memoryLimiter, workerLimiter } from './process-limiters.js';
import { connectRedis } from './redis-limiter.js';
import { createSharedCounter, type SharedCounterDependencies } from './shared-counter.js';

/** Where the counts are. */
export type LimitStoreKind =
  | { readonly kind: 'memory' }
  /** In a worker: the primary counts for all workers. */
  | { readonly kind: 'cluster' }
  | { readonly kind: 'redis'; readonly url: Secret; readonly onStoreDown: 'local' | 'reject' };

export interface LimitStore extends Counter {
  /** For limits that must count while the store is away, whatever `onStoreDown` says. */
  readonly sure: SureCounter;
  /** Null: the counts are in this machine, so they cannot be away. */
  isUp(): boolean | null;
  close(): void;
}

export interface LimitStoreDependencies extends SharedCounterDependencies {
  /** 0..1, for jitter. */
  readonly random: () => number;
}

/** Where the primary does not answer in time, the worker counts on its own. */
function createWorkerCounter(clock: SharedCounterDependencies['clock']): SureCounter {
  const shared = createMemoryCounter(workerLimiter(), clock);
  const own = createMemoryCounter(memoryLimiter(), clock);
  return {
    add: (...counted) => shared.add(...counted).catch(() => own.add(...counted)),
  };
}

export function createLimitStore(
  store: LimitStoreKind,
  dependencies: LimitStoreDependencies,
): LimitStore {
  const { clock, random } = dependencies;
  if (store.kind === 'redis') {
    const local = createMemoryCounter(memoryLimiter(), clock);
    const redis = connectRedis(store.url, random);
    return createSharedCounter(redis, local, store.onStoreDown, dependencies);
  }
  const counter =
    store.kind === 'cluster'
      ? createWorkerCounter(clock)
      : createMemoryCounter(memoryLimiter(), clock);
  return { add: counter.add, sure: counter, isUp: () => null, close() {} };
}
