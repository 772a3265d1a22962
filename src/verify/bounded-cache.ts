// A cache with two bounds: the number of its entries, and the sum of their sizes.
import { LRUCache } from 'lru-cache';

export interface BoundedCache<V extends object> {
  readonly entries: LRUCache<string, V>;
  /** `size`: in the unit of the bound. */
  put(key: string, value: V, size: number): void;
}

/**
 * Both bounds are one sum. With the `max` of the library an empty cache takes 300 KB, and there may
 * be 1,000 of them.
 */
export function createBoundedCache<V extends object>(
  mostEntries: number,
  mostSize: number,
): BoundedCache<V> {
  const entries = new LRUCache<string, V>({ maxSize: mostEntries * mostSize });
  return {
    entries,
    put: (key, value, size) =>
      void entries.set(key, value, { size: Math.max(mostSize, size * mostEntries) }),
  };
}
