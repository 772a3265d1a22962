// What a gateway may answer to a JWT: proven bad 401, proven good 200, unknown 503. Written from the rule alone (each key set that the
// issuer might publish now), with numbers for keys; it knows nothing of src/ and decides nothing in it.

/** What was done to a token that no key could make good; `none`: nothing. */
export type Flaw = 'none' | 'expired' | 'early' | 'no exp' | 'audience' | 'issuer' | 'algorithm' | 'typ' | 'crit' | 'ID token';

/** Keys are numbers, and so are key ids: key 3 is published under kid 3. */
export interface OracleToken {
  readonly flaw: Flaw;
  /** The key that signed it. */
  readonly key: number;
  /** The kid in its header; null for none. */
  readonly kid: number | null;
}

export type KeyList = readonly number[];

export interface World {
  /** The last key set that the gateway has got, and how old it is; null before the first. */
  readonly held: { readonly keys: KeyList; readonly ageSeconds: number } | null;
  /** What the issuer publishes at this moment. */
  readonly published: KeyList;
  /** Whether the gateway can have that now: the issuer answers well, and no pause after a failure is running. */
  readonly reachable: boolean;
}

/** Seconds for which a set is authoritative, and the declared grace after that. */
const FRESH_SECONDS = 600;
const GRACE_SECONDS = 3_600;

export type Answer = 200 | 401 | 503;

/** What one key set says of a token that is good but for its signature; null where it does not know the kid. */
function judge(keys: KeyList, { key, kid }: OracleToken): Answer | null {
  // Without a kid there must be no choice.
  const named = kid === null ? (keys.length === 1 ? keys : []) : keys.filter((one) => one === kid);
  if (named.length === 0) return kid === null ? 401 : null;
  return named.includes(key) ? 200 : 401;
}

export function oracle(token: OracleToken, { held, published, reachable }: World): Answer {
  // Unacceptable for every key set.
  if (token.flaw !== 'none') return 401;
  const counts = held !== null && held.ageSeconds < FRESH_SECONDS + GRACE_SECONDS;
  // A set that counts speaks for the keys it has. One that it has not may have been published since: only the issuer can tell.
  const known = counts ? judge(held.keys, token) : null;
  if (known !== null) return known;
  // The answer depends on what we could not get.
  if (!reachable) return 503;
  // Just fetched, so it is authoritative in both ways.
  return judge(published, token) ?? 401;
}
