// Keeps the verified JWTs of one issuer for a while. An entry counts only while its dates hold, the
// issuer's keys are usable now, and its signing key is still published. The cache never holds a
// token, a failure or an introspection response.
import type { AccessToken } from '../../core/access-token.js';
import type { Clock } from '../../core/clock.js';
import { extended } from '../../core/extended.js';
import { createBoundedCache } from '../bounded-cache.js';
import type { KeySet } from './jwk-set.js';
import type { KeySource } from './jwks.js';

export interface JwtCache {
  /** `key`: see `tokenHash`. Reading touches the key source, which may start a refresh. */
  get(key: string): AccessToken | undefined;
  put(key: string, entry: NewEntry): void;
}

export interface NewEntry {
  readonly token: AccessToken;
  /** Characters of the token, which bound the memory of its claims. */
  readonly characters: number;
  /** Thumbprint of the key that signed it. */
  readonly thumbprint: string;
  /** Wall clock in milliseconds: `exp` and the tolerance. */
  readonly validUntilMs: number;
}

interface Entry extends NewEntry {
  /** Monotonic milliseconds. */
  readonly createdAtMs: number;
  /** The key set in which the signing key was last found: it need not be searched again. */
  foundIn: KeySet | null;
}

const ENTRIES = 10_000;
/** Characters of all tokens whose claims are kept: 10,000 of the longest would take 320 MB. */
const CHARACTERS = 16 * 1024 * 1024;
const LIFE_MS = 300_000;

export function createJwtCache(keys: KeySource, clock: Clock): JwtCache {
  const { entries, put } = createBoundedCache<Entry>(ENTRIES, CHARACTERS);
  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      const set = keys.usableKeySet();
      if (set !== null && set !== entry.foundIn && set.thumbprints.has(entry.thumbprint))
        entry.foundIn = set;
      const isValid = set !== null && set === entry.foundIn && clock.wallMs() < entry.validUntilMs;
      if (isValid && clock.monotonicMs() - entry.createdAtMs < LIFE_MS) return entry.token;
      entries.delete(key);
      return undefined;
    },
    put(key, entry) {
      const createdAtMs = clock.monotonicMs();
      put(key, extended(entry, { createdAtMs, foundIn: null }), entry.characters + 1);
    },
  };
}
