// Lets a pass-through credential go to the upstream, which verifies it. The gateway rejects it
// after its sunset, and rejects a JWT in it: that would be a tunnel around the audience check
// (C-102, JWT under another scheme).
import type { Clock } from '../../core/clock.js';
import type { PassThroughCredential } from '../../core/credential.js';
import type { Authenticator } from '../../core/endpoint-runtime.js';
import { audienceLegacy, keySunset } from '../../core/failures.js';
import { ok } from '../../core/result.js';
import { isPastSunset } from '../../core/sunset.js';
import { containsJws } from '../jws.js';

export function createPassThroughAuthenticator(clock: Clock): Authenticator<PassThroughCredential> {
  return {
    authenticate(credential) {
      if (isPastSunset(credential.rule.sunsetMs, clock.wallMs())) return keySunset();
      // Anywhere in the value, in quotes or after `token=`: an upstream may look there.
      if (containsJws(credential.key))
        return audienceLegacy({ detail: 'a JWT in a pass-through credential' });
      return ok({ kind: 'pass-through', credential });
    },
  };
}
