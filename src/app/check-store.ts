// Checks the store of the limits: whether the gateway can connect to it, and log in.
import { setTimeout as sleep } from 'node:timers/promises';
import { connectRedis, type RedisLimiter } from '../authorize/limits/redis-limiter.js';
import type { ResolvedConfig } from '../config/resolved-config.js';
import { connectionFix, fail, ok, type Verdict, warn } from './check-finding.js';

/** Longer than one attempt to connect. */
const DEADLINE_MS = 5_000;
const POLL_MS = 50;

/** The words before the first error. */
const NO_ERROR = 'the connection closed';

async function connects(redis: RedisLimiter): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < DEADLINE_MS; waitedMs += POLL_MS) {
    if (redis.isConnected()) return true;
    if (redis.lastError() !== NO_ERROR) return false;
    await sleep(POLL_MS);
  }
  return false;
}

/** Null: the limits need no store. */
export async function checkStore(
  { limits: { store, onStoreDown } }: Pick<ResolvedConfig, 'limits'>,
  random: () => number,
): Promise<Verdict | null> {
  if (store === null) return null;
  const redis = connectRedis(store, random);
  const isConnected = await connects(redis);
  const error = redis.lastError();
  redis.close();
  if (isConnected) return ok('accepts the gateway');
  const observed = error === NO_ERROR ? `no answer within ${DEADLINE_MS} ms` : error;
  const fix = /NOAUTH|WRONGPASS|NOPERM/.test(error)
    ? 'correct user and password in the URL of limits.store'
    : connectionFix(observed);
  return onStoreDown === 'reject'
    ? fail(`${observed}, so calls get 503 (onStoreDown: reject)`, fix)
    : warn(`${observed}, so each process counts alone (onStoreDown: local)`, fix);
}
