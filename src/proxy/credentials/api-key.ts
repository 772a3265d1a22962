// The secret swap: the upstream gets the Authorization header that the operator configured for an
// API key. It never gets the key itself, in whatever header the caller sent it (A-42, no passthrough).
import type { UpstreamCredential } from '../../core/endpoint-runtime.js';
import { ok } from '../../core/result.js';

/** `others`: the credential for other callers, and for keys without one of their own. */
export const keyCredential = (others: UpstreamCredential): UpstreamCredential => ({
  headers(caller) {
    const own = caller.kind === 'pass-through' ? undefined : caller.key?.upstreamAuthorization;
    return own === undefined || own === null
      ? others.headers(caller)
      : ok(['authorization', own.reveal()]);
  },
});
