// Limits how long the gateway uses an issued token: never past its end, and never past the end of
// the token of the caller (C-128, both expiries).

/** For a token whose server names no end. */
const UNKNOWN_MS = 60_000;
/** The gateway asks the server again after this time, even if the issued token lives longer. */
const LONGEST_MS = 3_600_000;
/** Before its end, for the way to the upstream and for clocks that differ a little. */
const MARGIN_MS = 5_000;
/** The part of its time of use after which the gateway renews a token. */
const RENEWED_PART = 0.8;

export interface TokenLife {
  /** Milliseconds from now. 0: for this call only. */
  readonly usableMs: number;
  /** Milliseconds from now. Infinite: the caller's token ends first, so no renewal can help. */
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
