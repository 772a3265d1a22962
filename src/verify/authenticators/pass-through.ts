// Decides what becomes of a legacy credential that the upstream itself verifies: handed on as it came, unless it is past its day or a
// JWT in disguise, which would be a tunnel around the audience check (C-102).

import type { Clock } from '../../core/clock.js';
import type { PassThroughCredential } from '../../core/credential.js';
import { audienceLegacy, keySunset } from '../../core/failures.js';
import type { PassThroughCaller } from '../../core/principal.js';
import { ok, type Result } from '../../core/result.js';
import { containsJws } from '../jws.js';

export function passThrough(
  credential: PassThroughCredential,
  clock: Clock,
): Result<PassThroughCaller> {
  const { sunsetMs } = credential.rule;
  if (sunsetMs !== null && clock.wallMs() >= sunsetMs) return keySunset();
  // Wherever it stands, in quotes or behind `token=`: an upstream may well look there.
  if (containsJws(credential.key)) return audienceLegacy({ detail: 'a JWT under a legacy scheme' });
  return ok({ kind: 'pass-through', credential });
}
