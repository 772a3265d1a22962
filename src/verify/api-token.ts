// Decides what becomes of a legacy credential that the upstream itself verifies: handed on as it came, unless it is past its day or a
// JWT in disguise, which would be a tunnel around the audience check (C-102).
import type { LegacyCredential } from '../core/credential.js';
import { audienceLegacy, keySunset } from '../core/failure.js';
import type { Clock } from '../core/ports.js';
import type { PassThroughCaller } from '../core/principal.js';
import { good, type Verdict } from '../core/verdict.js';
import { containsJws } from './jws.js';

export function passThrough(
  credential: LegacyCredential,
  clock: Clock,
): Verdict<PassThroughCaller> {
  const { sunsetMs } = credential.rule;
  if (sunsetMs !== null && clock.wallMs() >= sunsetMs) return keySunset();
  // Wherever it stands, in quotes or behind `token=`: an upstream may well look there.
  if (containsJws(credential.key)) return audienceLegacy({ detail: 'a JWT under a legacy scheme' });
  return good({ kind: 'pass-through', credential });
}
