// Builds the clients of token endpoints, for upstream credentials and for `check`. One kind is for
// exchanges at the issuer of a caller, the other for the grant of the gateway itself.
import type {
  ClientCredentialsCredential,
  ExchangeCredential,
  IdJagServer,
} from '../core/upstream-credential.js';
import { urlForLog } from '../idp/discovery.js';
import { createMetadataSource, type MetadataSource } from '../idp/metadata.js';
import { createExchange, type Exchange } from '../proxy/credentials/exchange.js';
import { createIdJagExchange } from '../proxy/credentials/id-jag.js';
import type { Asker } from '../proxy/credentials/token-answer.js';
import { createTokenClient, type TokenClient } from '../proxy/credentials/token-client.js';
import type { RuntimeDependencies } from './shared-parts.js';

/** `metadata`: that of the issuer of the caller. `endpoint`: its name, for notices. */
export function exchangeAt(
  config: ExchangeCredential,
  metadata: MetadataSource | null,
  endpoint: string,
  dependencies: RuntimeDependencies,
): Exchange {
  const { issuer, idJag } = config;
  if (idJag !== null) {
    const { timeoutMs } = idJag;
    return createIdJagExchange(
      { ...config, idJag },
      {
        ...dependencies,
        issuerMetadata: metadata,
        serverMetadata: createMetadataSource({ ...dependencies, issuer: idJag.issuer, timeoutMs }),
        endpoint,
      },
    );
  }
  const client = createTokenClient({
    ...dependencies,
    server: config,
    metadata,
    // As for introspection: with the URL of the metadata as its audience, a server that an
    // attacker put there could replay an assertion elsewhere.
    assertionAudience: issuer,
    asker: 'caller',
    about: { endpoint, issuer },
  });
  return createExchange(config, client, dependencies.clock);
}

/** The authorization server of an upstream, which accepts ID-JAGs. */
export function idJagClient(
  server: IdJagServer,
  endpoint: string,
  dependencies: RuntimeDependencies,
): TokenClient {
  const { issuer, timeoutMs } = server;
  return createTokenClient({
    ...dependencies,
    server,
    metadata: createMetadataSource({ ...dependencies, issuer, timeoutMs }),
    assertionAudience: issuer,
    asker: 'caller',
    about: { endpoint, issuer },
    field: 'upstream.credential.idJag',
  });
}

/** `asker`: whom a 400 rejects. */
export function ownTokenClient(
  config: ClientCredentialsCredential,
  asker: Asker,
  endpoint: string,
  dependencies: RuntimeDependencies,
): TokenClient {
  const { tokenUrl } = config;
  return createTokenClient({
    ...dependencies,
    server: config,
    metadata: null,
    // The configuration names no issuer here. RFC 7523 section 3 allows the URL of the token
    // endpoint, and the operator wrote this one, so no attacker can choose it.
    assertionAudience: tokenUrl,
    asker,
    about: { endpoint, tokenUrl: urlForLog(tokenUrl) },
  });
}
