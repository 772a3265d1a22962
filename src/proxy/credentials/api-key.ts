// The secret swap: the upstream gets the Authorization header that the operator configured for an
// API key. Never forwards the key itself, whatever header the caller used (A-42, passthrough).
import type { PrincipalCredential } from '../../core/endpoint-runtime.js';
import type { Principal } from '../../core/principal.js';
import { ok } from '../../core/result.js';
import type { Secret } from '../../core/secret.js';

const ownOf = ({ key }: Principal): Secret | null => key?.upstreamAuthorization ?? null;

/** `others`: the credential for other callers, and for keys without one of their own. */
export const keyCredential = (others: PrincipalCredential): PrincipalCredential => ({
  headers(principal, presented) {
    const own = ownOf(principal);
    return own === null
      ? others.headers(principal, presented)
      : ok(['authorization', own.reveal()]);
  },
  rejected(principal, presented) {
    if (ownOf(principal) === null) others.rejected?.(principal, presented);
  },
});
