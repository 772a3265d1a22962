// Loads the limiters of the library that count in a process: in this one, or in the primary of a
// cluster for all its workers. Never loads them where no limit is configured.
import { createRequire } from 'node:module';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';

const require = createRequire(import.meta.url);

/** The primary answers within a millisecond, unless the machine is very busy. */
const PRIMARY_TIMEOUT_MS = 1_000;
// No limit here: limiter.ts compares the counts with each rate.
const OPTIONS = { points: Number.MAX_SAFE_INTEGER, duration: 60, keyPrefix: 'portcullis' };

/** The whole package has limiters for many databases, and loading it takes 10 MB. */
export function memoryLimiter(): RateLimiterAbstract {
  const Memory = require('rate-limiter-flexible/lib/RateLimiterMemory.js');
  return new Memory(OPTIONS);
}

/** In a worker of node:cluster. The primary has called `serveWorkers`. */
export function workerLimiter(): RateLimiterAbstract {
  const { RateLimiterCluster } = require('rate-limiter-flexible/lib/RateLimiterCluster.js');
  return new RateLimiterCluster({ ...OPTIONS, timeoutMs: PRIMARY_TIMEOUT_MS });
}

/** In the primary of node:cluster, before it starts a worker: counts for all workers. */
export function serveWorkers(): void {
  const { RateLimiterClusterMaster } = require('rate-limiter-flexible/lib/RateLimiterCluster.js');
  new RateLimiterClusterMaster();
}
