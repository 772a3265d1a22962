// The secret swap: the upstream gets the Authorization header that the operator configured for an
// API key. Never forwards the key itself, whatever header the caller used (A-42, passthrough).
import type { PrincipalCredential } from '../../core/endpoint-runtime.js';
import { ok } from '../../core/result.js';

/** `others`: the credential for other callers, and for keys without one of their own. */
export const keyCredential = (others: PrincipalCredential): PrincipalCredential => ({
  headers(principal, presented) {
    const own = principal.key?.upstreamAuthorization;
    return own === undefined || own === null
      ? others.headers(principal, presented)
      : ok(['authorization', own.reveal()]);
  },
});
