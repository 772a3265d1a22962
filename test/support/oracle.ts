// The correct status for a JWT: 401 for one proven bad, 200 for one proven good, 503 for unknown.
// It follows from the rule alone (each key set that the issuer might publish now), with numbers for
// keys. It shares no code with src/.

/** A flaw that makes a token bad for every key; `none` for a token without one. */
export type Flaw =
  | 'none'
  | 'expired'
  | 'not yet valid'
  | 'no exp'
  | 'audience'
  | 'issuer'
  | 'algorithm'
  | 'typ'
  | 'crit'
  | 'ID token';

/** Keys and key ids are numbers: key 3 is published under kid 3. */
export interface OracleToken {
  readonly flaw: Flaw;
  /** The key that signed it. */
  readonly key: number;
  /** The kid in its header; null for none. */
  readonly kid: number | null;
}

export type KeyList = readonly number[];

export interface World {
  /** The last key set that the gateway loaded, and its age; null before the first load. */
  readonly cached: { readonly keys: KeyList; readonly ageSeconds: number } | null;
  /** The keys that the issuer publishes now. */
  readonly published: KeyList;
  /** True: the issuer answers correctly, and the gateway is not in a back-off. */
  readonly reachable: boolean;
}

/** Seconds for which a set is authoritative, and the grace period after that. */
const FRESH_SECONDS = 600;
const GRACE_SECONDS = 3_600;

export type Answer = 200 | 401 | 503;

/** The status by one key set, for a token without a flaw; null where the set may lack its key. */
function statusBy(keys: KeyList, { key, kid }: OracleToken): Answer | null {
  // Without a kid, any of the keys may have signed it, and so may one that the set lacks.
  if (kid === null) return keys.includes(key) ? 200 : null;
  if (!keys.includes(kid)) return null;
  return key === kid ? 200 : 401;
}

export function oracle(token: OracleToken, { cached, published, reachable }: World): Answer {
  // Bad for every key set.
  if (token.flaw !== 'none') return 401;
  const isUsable = cached !== null && cached.ageSeconds < FRESH_SECONDS + GRACE_SECONDS;
  // A usable set decides about the keys that it has. Another key may be published since: only the
  // issuer knows.
  const known = isUsable ? statusBy(cached.keys, token) : null;
  if (known !== null) return known;
  // The status depends on a key set that the gateway cannot load.
  if (!reachable) return 503;
  // A set that is fetched now also proves that a key is unknown.
  return statusBy(published, token) ?? 401;
}
