// The sunset of a credential. From that moment on the gateway rejects the credential.
import type { Caller } from './principal.js';

/** `sunsetMs`: milliseconds since the epoch; null: the credential has no end. */
export const isPastSunset = (sunsetMs: number | null, nowMs: number): boolean =>
  sunsetMs !== null && nowMs >= sunsetMs;

/** The sunset of the credential that the caller presented; null for a token of an issuer. */
export function sunsetMsOf(caller: Caller): number | null {
  if (caller.kind === 'pass-through') return caller.credential.rule.sunsetMs;
  return caller.key === null ? null : caller.key.sunsetMs;
}
