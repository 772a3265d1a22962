// Decides how long a good JWT verdict may be reused: only while its dates hold, the issuer's keys are usable now and the key that
// signed it is still published. Never keeps a token, a refusal or an introspection answer.
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../core/clock.js';
import type { PrincipalCaller } from '../../core/principal.js';
import type { Ok } from '../../core/result.js';
import { tokenHash } from '../token-hash.js';
import type { KeySet } from './jwk-set.js';
import type { KeySource } from './jwks.js';

export interface JwtCache {
  /** The verdict for this very token, if it still holds. Touches the key source, which may start a refresh. */
  get(token: string): Ok<PrincipalCaller> | undefined;
  put(
    token: string,
    verdict: Ok<PrincipalCaller>,
    keys: KeySource,
    thumbprint: string,
    goodUntilMs: number,
  ): void;
}

interface Entry {
  readonly verdict: Ok<PrincipalCaller>;
  readonly keys: KeySource;
  readonly thumbprint: string;
  /** Wall clock: `exp` and the tolerance. */
  readonly goodUntilMs: number;
  readonly bornMs: number;
  /** The set in which the key was last found: the same set need not be searched again. */
  seenIn: KeySet | null;
}

const ENTRIES = 10_000;
/** Letters of the tokens whose claims are kept: 10,000 of the longest would be 320 MB. */
const LETTERS = 16 * 1024 * 1024;
const LIFE_MS = 300_000;

export function createJwtCache(clock: Clock): JwtCache {
  const cache = new LRUCache<string, Entry>({ max: ENTRIES, maxSize: LETTERS });
  return {
    get(token) {
      const key = tokenHash(token);
      const entry = cache.get(key);
      if (entry === undefined) return undefined;
      const set = entry.keys.usable();
      if (set !== null && set !== entry.seenIn && set.thumbprints.has(entry.thumbprint))
        entry.seenIn = set;
      const holds = set !== null && set === entry.seenIn && clock.wallMs() < entry.goodUntilMs;
      if (holds && clock.monotonicMs() - entry.bornMs < LIFE_MS) return entry.verdict;
      cache.delete(key);
      return undefined;
    },
    put(token, verdict, keys, thumbprint, goodUntilMs) {
      const entry = {
        verdict,
        keys,
        thumbprint,
        goodUntilMs,
        bornMs: clock.monotonicMs(),
        seenIn: null,
      };
      cache.set(tokenHash(token), entry, { size: token.length + 1 });
    },
  };
}
