// The registry of API keys: finds a presented key by its hash, and never by a walk over the keys.
import { hash, timingSafeEqual } from 'node:crypto';
import { type ApiKey, type ApiKeys, fingerprintOf, isSameKey } from '../core/api-key.js';
import { atOnce } from '../core/slices.js';

/** The number of keys of each sort, by their hash. */
export interface KeyChanges {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}

export interface ApiKeyRegistry extends ApiKeys {
  /** Replaces all keys at once. An entry that is equal to one before stays the same object. */
  replace(keys: readonly ApiKey[]): KeyChanges;
  /**
   * Gets ready to replace all keys, and yields after each thousand of them, so that requests need
   * not wait. The returned function replaces them at once.
   */
  prepare(keys: readonly ApiKey[]): Generator<undefined, () => KeyChanges>;
  count(): number;
  /** The first sunset after `nowMs`, in ms since the epoch; null without one. */
  nextSunsetMs(nowMs: number): number | null;
  /** The entry with a SHA-256 (64 hex digits in lower case). */
  withHash(sha256: string): ApiKey | undefined;
  /** Each key, in the order of the last replacement. */
  all(): Iterable<ApiKey>;
}

/** Keys between two yields. */
const SLICE = 1000;

const HEX_DIGITS = 64;
/** Compared where no entry has the hash, so that an unknown key takes as long as a known one. */
const NO_HASH = '0'.repeat(HEX_DIGITS);

/** Used again for each key: two new buffers cost more than the hash lookup (measured). */
const presentedHash = Buffer.alloc(HEX_DIGITS);
const storedHash = Buffer.alloc(HEX_DIGITS);

function isSameHash(presented: string, stored: string): boolean {
  presentedHash.write(presented, 'latin1');
  storedHash.write(stored, 'latin1');
  return timingSafeEqual(presentedHash, storedHash);
}

export function createApiKeyRegistry(): ApiKeyRegistry {
  let byHash = new Map<string, ApiKey>();
  let byName = new Map<string, ApiKey>();

  function* prepare(keys: readonly ApiKey[]): Generator<undefined, () => KeyChanges> {
    const nextByHash = new Map<string, ApiKey>();
    const nextByName = new Map<string, ApiKey>();
    let added = 0;
    let changed = 0;
    for (const [i, key] of keys.entries()) {
      if (i % SLICE === SLICE - 1) yield undefined;
      const before = byHash.get(key.sha256);
      const isKept = before !== undefined && isSameKey(before, key);
      if (before === undefined) added++;
      else if (!isKept) changed++;
      const kept = isKept ? before : key;
      nextByHash.set(kept.sha256, kept);
      nextByName.set(kept.name, kept);
    }
    return () => {
      const removed = byHash.size + added - nextByHash.size;
      byHash = nextByHash;
      byName = nextByName;
      return { added, removed, changed };
    };
  }

  return {
    find(key) {
      const sha256 = hash('sha256', key, 'hex');
      const found = byHash.get(sha256);
      const isEqual = isSameHash(sha256, found === undefined ? NO_HASH : found.sha256);
      return found !== undefined && isEqual ? found : null;
    },
    named(name, fingerprint) {
      const found = byName.get(name);
      return found !== undefined && fingerprintOf(found) === fingerprint ? found : null;
    },
    has: (key) => byHash.get(key.sha256) === key,
    prepare,
    replace: (keys) => atOnce(prepare(keys))(),
    count: () => byHash.size,
    nextSunsetMs(nowMs) {
      let next: number | null = null;
      for (const { sunsetMs } of byHash.values())
        if (sunsetMs !== null && sunsetMs > nowMs && (next === null || sunsetMs < next))
          next = sunsetMs;
      return next;
    },
    withHash: (sha256) => byHash.get(sha256),
    all: () => byHash.values(),
  };
}
