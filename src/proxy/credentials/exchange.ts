// The upstream gets a token that the issuer gives in exchange for the token of the caller. The form
// is that of RFC 8693, or the assertion that Entra ID calls on-behalf-of. A failure never falls
// back to the caller's own token (A-42, token passthrough).
import type { Clock } from '../../core/clock.js';
import type { PrincipalCredential } from '../../core/endpoint-runtime.js';
import { exchangeGatewayRejected, exchangeRefused, tokenExpired } from '../../core/failures.js';
import type { Principal } from '../../core/principal.js';
import type { Result } from '../../core/result.js';
import type { ExchangeCredential } from '../../core/upstream-credential.js';
import { tokenHash } from '../../idp/token-hash.js';
import { ACCESS_TOKEN_TYPE, type IssuedToken, readIssued } from './issued-token.js';
import { type TokenClient, tokenForm } from './token-client.js';
import { createTokenSupply } from './token-supply.js';

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
/** RFC 7523 section 2.1. */
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Exchanges the token of a caller for one that the upstream accepts. */
export type Exchange = (subjectToken: string, isKnown: boolean) => Promise<Result<IssuedToken>>;

/** The form of RFC 8693 section 2.1, which asks for a token of this type. */
export const exchangeForm = (
  config: ExchangeCredential,
  subjectToken: string,
  requestedTokenType: string,
): URLSearchParams =>
  tokenForm(
    {
      grant_type: TOKEN_EXCHANGE,
      subject_token: subjectToken,
      subject_token_type: ACCESS_TOKEN_TYPE,
      // Without it, zitadel/oidc answers with a refresh token (measured).
      requested_token_type: requestedTokenType,
    },
    config,
  );

/** Entra ID knows neither `audience` nor `resource`: the scopes name the upstream. */
const onBehalfOfForm = (config: ExchangeCredential, assertion: string): URLSearchParams =>
  tokenForm(
    { grant_type: JWT_BEARER, assertion, requested_token_use: 'on_behalf_of' },
    { ...config, audience: [], resource: [] },
  );

/** The exchange at the issuer alone, whose answer goes to the upstream. */
export function createExchange(
  config: ExchangeCredential,
  client: TokenClient,
  clock: Clock,
): Exchange {
  const { grant, audience, resource } = config;
  const isExchange = grant === 'token-exchange';
  const expected = {
    issuedTokenType: isExchange ? ACCESS_TOKEN_TYPE : null,
    audience: [...audience, ...resource],
  };
  return async (subjectToken, isKnown) => {
    const form = isExchange
      ? exchangeForm(config, subjectToken, ACCESS_TOKEN_TYPE)
      : onBehalfOfForm(config, subjectToken);
    const askedAtMs = clock.wallMs();
    const answer = await client.request(form, isKnown, tokenHash(subjectToken));
    if (!answer.ok) return answer;
    return readIssued(answer.value, { ...expected, subjectToken }, askedAtMs, clock.wallMs());
  };
}

export interface ExchangeParts {
  readonly exchange: Exchange;
  readonly clock: Clock;
  /** 0..1, for jitter. */
  readonly random: () => number;
}

const noToken = (): Result<readonly string[]> =>
  exchangeRefused({
    detail: 'only a token of the issuer can be exchanged; give an API key upstreamAuthorization',
  });

export function exchangeCredential(
  { issuer }: Pick<ExchangeCredential, 'issuer'>,
  { exchange, clock, random }: ExchangeParts,
): PrincipalCredential {
  // By caller: one caller must not stop the others. Servers lock a client that fails too often.
  const remembered = [exchangeRefused, exchangeGatewayRejected];
  const supply = createTokenSupply({ clock, random, remembered });
  // The caches of verified tokens return one principal for one token, which saves its hash.
  const keys = new WeakMap<Principal, string>();

  return {
    headers(principal, presented) {
      // The gateway never sends a key or a token of the bridge to the issuer.
      if (presented.kind !== 'bearer' || principal.issuer !== issuer) return noToken();
      const { expiresAt } = principal;
      // The clock tolerance still accepts it, and no server exchanges it: Keycloak answers 400
      // (measured). After a 401 a client gets a new token; after a 403 its user sees an error.
      if (expiresAt !== null && clock.wallMs() >= expiresAt * 1000)
        return tokenExpired({ detail: 'within the clock tolerance, but it cannot be exchanged' });
      let key = keys.get(principal);
      if (key === undefined) {
        key = tokenHash(presented.token);
        keys.set(principal, key);
      }
      return supply.headers(key, expiresAt === null ? null : expiresAt * 1000, (isKnown) =>
        exchange(presented.token, isKnown),
      );
    },
    rejected(principal) {
      const key = keys.get(principal);
      if (key !== undefined) supply.drop(key);
    },
  };
}
