// Limits how long the gateway uses an issued token: never past its end, and never past the end of
// the token of the caller (C-128, both expiries).

/** For a token whose server names no end. */
const UNKNOWN_MS = 60_000;
/** The server sees the caller's token again after this time, however long its answer lives. */
const LONGEST_MS = 3_600_000;
/** The way to the upstream, and clocks that differ a little. A token used up to its end is late. */
const MARGIN_MS = 5_000;
/** The part of its life after which a token is renewed while it still serves. */
const RENEWED_PART = 0.8;

export interface TokenLife {
  /** Milliseconds from now. 0: for this call only. */
  readonly usableMs: number;
  /** Milliseconds from now. Infinite: a new token would end at the same time. */
  readonly renewAfterMs: number;
}

/**
 * All are wall clock. `endsAtMs`: null for an unknown end. `callerEndsAtMs`: the end of the token
 * of the caller; null for an unknown end, and for a token of the gateway itself.
 */
export function lifeOf(
  endsAtMs: number | null,
  callerEndsAtMs: number | null,
  nowMs: number,
): TokenLife {
  const ownMs = Math.min(endsAtMs === null ? UNKNOWN_MS : endsAtMs - nowMs, LONGEST_MS);
  const callerMs = callerEndsAtMs === null ? Number.POSITIVE_INFINITY : callerEndsAtMs - nowMs;
  const usableMs = Math.max(0, Math.min(ownMs, callerMs) - MARGIN_MS);
  const renewAfterMs = ownMs < callerMs ? usableMs * RENEWED_PART : Number.POSITIVE_INFINITY;
  return { usableMs, renewAfterMs };
}
