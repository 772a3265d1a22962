// Connects to Redis or Valkey, where all replicas count together. No command waits for a
// connection.
import { createRequire } from 'node:module';
import type { Redis } from 'ioredis';
import type { RateLimiterRedis } from 'rate-limiter-flexible';
import type { Secret } from '../../core/secret.js';

const require = createRequire(import.meta.url);

const CONNECT_TIMEOUT_MS = 2_000;
/** A host that is gone without a word: the connection ends, and the next one may find another. */
const SILENCE_MS = 5_000;
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 2_000;

/**
 * Adds to the count of a window. Never begins one with a negative count: undone calls of a window
 * that has ended would be calls too many in the next one.
 */
const COUNT = [
  'local left = redis.call("pttl", KEYS[1])',
  'if left > 0 then return {redis.call("incrby", KEYS[1], ARGV[1]), left} end',
  'if tonumber(ARGV[1]) < 0 then return {0, 1000 * ARGV[2]} end',
  'redis.call("set", KEYS[1], ARGV[1], "EX", ARGV[2])',
  'return {tonumber(ARGV[1]), 1000 * ARGV[2]}',
].join('\n');

export interface RedisLimiter {
  readonly limiter: RateLimiterRedis;
  /** False: a command would fail at once. */
  isConnected(): boolean;
  /** Why the connection is away, in the words of the system or of the store. */
  lastError(): string;
  /** Called each time that a connection can take commands. */
  onConnected(listener: () => void): void;
  onClosed(listener: () => void): void;
  close(): void;
}

/** `url`: redis: or rediss:, checked by the configuration. `random`: 0..1. */
export function connectRedis(url: Secret, random: () => number): RedisLimiter {
  const { Redis: Client } = require('ioredis') as { Redis: typeof Redis };
  const Limiter = require('rate-limiter-flexible/lib/RateLimiterRedis.js');
  let lastError = 'the connection closed';
  const client = new Client(url.reveal(), {
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SILENCE_MS,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) =>
      Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(times - 1, 10)) *
      (0.5 + random() / 2),
  });
  // Without a listener, the client would print the error.
  client.on('error', (error: Error) => {
    lastError = error.message;
  });
  const limiter: RateLimiterRedis = new Limiter({
    storeClient: client,
    points: Number.MAX_SAFE_INTEGER,
    duration: 60,
    keyPrefix: 'portcullis',
    customIncrTtlLuaScript: COUNT,
  });
  return {
    limiter,
    isConnected: () => client.status === 'ready',
    lastError: () => lastError,
    onConnected: (listener) => void client.on('ready', listener),
    onClosed: (listener) => void client.on('close', listener),
    close: () => client.disconnect(),
  };
}
