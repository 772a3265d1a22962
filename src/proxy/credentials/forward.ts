// The upstream gets the caller's own token. Only for a server that the same operator runs: it can
// use the token wherever the caller can (A-42, token passthrough).
import type { PrincipalCredential } from '../../core/endpoint-runtime.js';
import { exchangeRefused } from '../../core/failures.js';
import { ok } from '../../core/result.js';

export const forwardCredential: PrincipalCredential = {
  headers: ({ key }, presented) =>
    // A token of the bridge stands for a key, and only the gateway accepts it.
    presented.kind === 'bearer' && key === null
      ? ok(['authorization', `Bearer ${presented.token}`])
      : exchangeRefused({ detail: 'an API key is not forwarded; give it upstreamAuthorization' }),
};
