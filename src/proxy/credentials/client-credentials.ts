// The upstream gets a token of the gateway itself, the same for every caller (RFC 6749 section
// 4.4).
import type { Clock } from '../../core/clock.js';
import type { PrincipalCredential } from '../../core/endpoint-runtime.js';
import { exchangeGatewayRejected } from '../../core/failures.js';
import type { Result } from '../../core/result.js';
import type { ClientCredentialsCredential } from '../../core/upstream-credential.js';
import { type IssuedToken, readIssued } from './issued-token.js';
import { type TokenClient, tokenForm } from './token-client.js';
import { createTokenSupply } from './token-supply.js';

export interface ClientCredentialsParts {
  readonly client: TokenClient;
  readonly clock: Clock;
  /** 0..1, for jitter. */
  readonly random: () => number;
}

/** The one token has one key. */
const KEY = '';

export function clientCredentials(
  config: ClientCredentialsCredential,
  { client, clock, random }: ClientCredentialsParts,
): PrincipalCredential {
  // A wrong secret is tried again after five seconds, not at every call: servers lock clients.
  const supply = createTokenSupply({ clock, random, remembered: [exchangeGatewayRejected] });
  const expected = {
    issuedTokenType: null,
    audience: [...config.audience, ...config.resource],
    subjectToken: null,
  };

  async function ask(isKnown: boolean): Promise<Result<IssuedToken>> {
    const form = tokenForm({ grant_type: 'client_credentials' }, config);
    const askedAtMs = clock.wallMs();
    const answer = await client.request(form, isKnown);
    if (!answer.ok) return answer;
    return readIssued(answer.value, expected, askedAtMs, clock.wallMs());
  }

  return {
    headers: () => supply.headers(KEY, null, ask),
    rejected: () => supply.drop(KEY),
  };
}
