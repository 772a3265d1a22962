// Remembers the result of a search by name. Callers choose the names, so the memory is bounded.

/** A caller that invents names causes new searches, but no more memory. */
const MAX_CACHED = 1_000;
const LONGEST_CACHED = 256;

export function cachedByName<T extends object>(find: (name: string) => T): (name: string) => T {
  let cache = new Map<string, T>();
  return (name) => {
    const cached = cache.get(name);
    if (cached !== undefined) return cached;
    const found = find(name);
    if (name.length > LONGEST_CACHED) return found;
    if (cache.size >= MAX_CACHED) cache = new Map();
    cache.set(name, found);
    return found;
  };
}
