// Keeps parts that outlive a swap of the configuration: what was configured the same stays the
// same object, with its keys, caches and connections.
import { createHash } from 'node:crypto';

export interface Keep<T> {
  /** The part that was built for an equal configuration, or a new one. */
  get(config: unknown, build: () => T): T;
  /** Every part that it holds, in the order of building. */
  all(): T[];
  /** Forgets all parts but these, and returns the forgotten ones. */
  retain(used: ReadonlySet<T>): T[];
}

type Revealing = { readonly reveal?: unknown };

/** A map prints as an empty object. */
const listed = (_key: string, value: unknown): unknown =>
  value instanceof Map ? [...value] : value;

/** A secret prints as a mask, so its value is revealed here: a changed secret is a change. */
function revealed(this: unknown, key: string, value: unknown): unknown {
  const original = (this as Readonly<Record<string, unknown>>)[key];
  const reveal = (original as Revealing | null | undefined)?.reveal;
  if (typeof reveal === 'function') return { secret: (reveal as () => string)() };
  return listed(key, value);
}

/** Equal for equal configurations. A hash, so that no key of a map holds a secret. */
export const fingerprintOf = (config: unknown, { withSecrets = true } = {}): string =>
  createHash('sha256')
    .update(JSON.stringify(config, withSecrets ? revealed : listed))
    .digest('base64');

export function createKeep<T>(): Keep<T> {
  const parts = new Map<string, T>();
  return {
    get(config, build) {
      const fingerprint = fingerprintOf(config);
      const kept = parts.get(fingerprint);
      if (kept !== undefined) return kept;
      const built = build();
      parts.set(fingerprint, built);
      return built;
    },
    all: () => [...parts.values()],
    retain(used) {
      const forgotten: T[] = [];
      for (const [fingerprint, part] of parts) {
        if (used.has(part)) continue;
        parts.delete(fingerprint);
        forgotten.push(part);
      }
      return forgotten;
    },
  };
}
