// Builds what the gateway presents to the upstream of each endpoint. A reload keeps the tokens of
// each credential whose configuration is the same.
import type { ResolvedConfig, ResolvedIssuer } from '../config/resolved-config.js';
import type { Endpoint } from '../core/endpoint.js';
import type { PrincipalCredential, UpstreamCredential } from '../core/endpoint-runtime.js';
import { IDENTITY_TYP, type IdentityClaims } from '../core/identity-token.js';
import type {
  ClientCredentialsCredential,
  ExchangeCredential,
  UpstreamCredentialConfig,
} from '../core/upstream-credential.js';
import { createSigningRing, type SigningRing } from '../oauth/signing-keys.js';
import { keyCredential } from '../proxy/credentials/api-key.js';
import { clientCredentials } from '../proxy/credentials/client-credentials.js';
import { exchangeCredential } from '../proxy/credentials/exchange.js';
import { forwardCredential } from '../proxy/credentials/forward.js';
import { identityCredential } from '../proxy/credentials/identity.js';
import { noCredential } from '../proxy/credentials/none.js';
import { staticCredential } from '../proxy/credentials/static.js';
import { createUpstreamCredential } from '../proxy/credentials/upstream-credential.js';
import type { IssuerRuntime } from '../verify/issuer/issuer-runtime.js';
import { exchangeAt, ownTokenClient } from './exchanges.js';
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
}

/** The kinds with a state or a secret of their own. */
type Kept = Exclude<UpstreamCredentialConfig, { kind: 'none' | 'forward' }>;

export function createUpstreamCredentials(
  { identity, issuers }: Pick<ResolvedConfig, 'identity' | 'issuers'>,
  runtimes: ReadonlyMap<string, Pick<IssuerRuntime, 'metadata'>>,
  shared: Shared,
): UpstreamCredentials {
  const { clock, upstreamCredentials } = shared;
  const ring: SigningRing<IdentityClaims> | null =
    identity === null ? null : createSigningRing(identity.keys, IDENTITY_TYP);
  const used = new Set<PrincipalCredential>();

  function exchange(config: ExchangeCredential, name: string): PrincipalCredential {
    const metadata = runtimes.get(config.issuer)?.metadata ?? null;
    const exchange = exchangeAt(config, metadata, name, shared);
    return exchangeCredential(config, { ...shared, exchange });
  }

  function ofGateway(config: ClientCredentialsCredential, name: string): PrincipalCredential {
    const client = ownTokenClient(config, 'gateway', name, shared);
    return clientCredentials(config, { ...shared, client });
  }

  function build(config: Kept, name: string): PrincipalCredential {
    switch (config.kind) {
      case 'static':
        return staticCredential(config);
      case 'identity':
        if (identity === null || ring === null)
          throw new Error('the configuration has no identity');
        return identityCredential(config, { issuer: identity.issuer, sign: ring.sign, clock });
      case 'exchange':
        return exchange(config, name);
      case 'client-credentials':
        return ofGateway(config, name);
    }
  }

  /** Part of the key below: other settings of the issuer make another credential. */
  const issuerOf = (config: UpstreamCredentialConfig): ResolvedIssuer | null =>
    config.kind === 'exchange'
      ? (issuers.find(({ issuer }) => issuer === config.issuer) ?? null)
      : null;

  function kept(endpoint: Endpoint): PrincipalCredential {
    const { name, upstream, upstreamCredential: config } = endpoint;
    if (config.kind === 'none') return noCredential;
    if (config.kind === 'forward') return forwardCredential;
    const ofRing = config.kind === 'identity' ? identity : null;
    const key = { name, url: upstream.url, config, ofRing, issuer: issuerOf(config) };
    const credential = upstreamCredentials.get(key, () => build(config, name));
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
