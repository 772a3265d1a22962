// Builds what the gateway presents to the upstream of each endpoint. A swap of the configuration
// keeps the tokens of what was configured the same.
import type { ResolvedConfig } from '../config/resolved-config.js';
import type { Endpoint } from '../core/endpoint.js';
import type { PrincipalCredential, UpstreamCredential } from '../core/endpoint-runtime.js';
import { IDENTITY_TYP, type IdentityClaims } from '../core/identity-token.js';
import type { FetchJson } from '../idp/fetch-json.js';
import { createSigningRing, type SigningRing } from '../oauth/signing-keys.js';
import { keyCredential } from '../proxy/credentials/api-key.js';
import { forwardCredential } from '../proxy/credentials/forward.js';
import { identityCredential } from '../proxy/credentials/identity.js';
import { noCredential } from '../proxy/credentials/none.js';
import { staticCredential } from '../proxy/credentials/static.js';
import { createUpstreamCredential } from '../proxy/credentials/upstream-credential.js';
import type { Keep } from './keep.js';
import type { RuntimeDependencies } from './shared-parts.js';

export interface UpstreamCredentials {
  /** The key set of the identity ring as JSON; null without one. */
  readonly identityKeys: Buffer | null;
  of(endpoint: Endpoint): UpstreamCredential;
  /** Those that the configuration uses, for `Keep.retain`. */
  readonly used: ReadonlySet<PrincipalCredential>;
}

interface Shared extends RuntimeDependencies {
  readonly upstreamCredentials: Keep<PrincipalCredential>;
  /** Absent: the usual one. `explain` records the requests. */
  readonly fetchJson?: FetchJson;
}

export function createUpstreamCredentials(
  { identity }: Pick<ResolvedConfig, 'identity'>,
  shared: Shared,
): UpstreamCredentials {
  const { clock, upstreamCredentials } = shared;
  const ring: SigningRing<IdentityClaims> | null =
    identity === null ? null : createSigningRing(identity.keys, IDENTITY_TYP);
  const used = new Set<PrincipalCredential>();

  function build({ upstreamCredential: config }: Endpoint): PrincipalCredential {
    switch (config.kind) {
      case 'none':
        return noCredential;
      case 'static':
        return staticCredential(config);
      case 'forward':
        return forwardCredential;
      case 'identity':
        if (identity === null || ring === null)
          throw new Error('the configuration has no identity');
        return identityCredential(config, { issuer: identity.issuer, sign: ring.sign, clock });
      case 'exchange':
      case 'client-credentials':
        throw new Error('not built yet');
    }
  }

  function kept(endpoint: Endpoint): PrincipalCredential {
    const { path, upstream, upstreamCredential: config } = endpoint;
    const ofRing = config.kind === 'identity' ? identity : null;
    const key = { path, url: upstream.url, config, ofRing };
    const credential = upstreamCredentials.get(key, () => build(endpoint));
    used.add(credential);
    return credential;
  }

  return {
    identityKeys: ring === null ? null : ring.jwks,
    of(endpoint) {
      const own = kept(endpoint);
      const credential = endpoint.apiKeys.length > 0 ? keyCredential(own) : own;
      return createUpstreamCredential(credential, endpoint.upstreamHeaders);
    },
    used,
  };
}
