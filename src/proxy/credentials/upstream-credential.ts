// Everything that the gateway presents to an upstream at one call: the identity headers, then the
// credential. A caller that the upstream itself verifies keeps its own header, and gets neither.
import type { PrincipalCredential, UpstreamCredential } from '../../core/endpoint-runtime.js';
import { ok, type Result } from '../../core/result.js';
import type { UpstreamHeader } from '../../core/upstream-credential.js';
import { createIdentityHeaders } from '../identity-headers.js';

export function createUpstreamCredential(
  credential: PrincipalCredential,
  headers: readonly UpstreamHeader[],
): UpstreamCredential {
  const identityHeaders = headers.length === 0 ? null : createIdentityHeaders(headers);
  return {
    rejected(caller, presented) {
      if (caller.kind !== 'pass-through') credential.rejected?.(caller, presented);
    },
    headers(caller, presented) {
      if (caller.kind === 'pass-through')
        return ok([caller.credential.header, caller.credential.value]);
      if (identityHeaders === null) return credential.headers(caller, presented);
      const own = identityHeaders(caller);
      // A caller without a required claim causes no request to an identity provider.
      if (!own.ok) return own;
      const join = (found: Result<readonly string[]>): Result<readonly string[]> =>
        found.ok ? ok([...own.value, ...found.value]) : found;
      const found = credential.headers(caller, presented);
      return found instanceof Promise ? found.then(join) : join(found);
    },
  };
}
