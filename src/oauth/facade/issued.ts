// Issues the tokens of a facade in mode `issued`: an access token for one resource (RFC 9068), and
// a refresh token that asks the identity provider again.
import { randomUUID } from 'node:crypto';
import type { ResolvedFacade, ResolvedIssued } from '../../config/resolved-config.js';
import type { Clock } from '../../core/clock.js';
import type { Endpoint } from '../../core/endpoint.js';
import type { FacadeAnswer } from '../../core/facade-server.js';
import { ISSUED_TYP, type IssuedClaims, type Person } from '../../core/issued-token.js';
import { ok, type Result } from '../../core/result.js';
import type { Refusal } from '../answers.js';
import { createSigningRing } from '../signing-keys.js';
import { json } from './answers.js';
import type { IdpTokens } from './idp-tokens.js';
import type { Persons } from './persons.js';
import type { FacadeTexts, Login } from './texts.js';

/** A grant that was proven, and for which the identity provider answered. */
export interface IssuedGrant {
  /** `hashOf` the client id. */
  readonly client: string;
  readonly endpoint: Endpoint;
  /** Those that the person agreed to. */
  readonly scopes: readonly string[];
  /** Those among them that the client requests now. Empty: all. */
  readonly narrowed: readonly string[];
  readonly nonce: string;
  /** Null: the person has just logged in. */
  readonly login: Login | null;
}

export interface Issuance {
  /** The key set (RFC 7517 section 5) as JSON. */
  readonly jwks: Buffer;
  issue(tokens: IdpTokens, grant: IssuedGrant): Promise<Result<FacadeAnswer | Refusal>>;
}

export function createIssuance(
  { issuer, keys }: ResolvedFacade,
  { tokenSeconds, claims: copied, userUrl }: ResolvedIssued,
  parts: {
    /** The issuer of the identity provider. */
    readonly behind: string;
    readonly persons: Persons;
    readonly texts: Pick<FacadeTexts, 'refresh'>;
    readonly clock: Clock;
  },
): Issuance {
  const { behind, persons, texts, clock } = parts;
  const ring = createSigningRing<IssuedClaims>(keys, ISSUED_TYP);

  const copyOf = ({ claims }: Person): Person['claims'] =>
    Object.fromEntries(Object.entries(claims).filter(([name]) => copied.includes(name)));

  /** Null: the client keeps the one that it has, or there is none. */
  function refreshToken(tokens: IdpTokens, grant: IssuedGrant, person: Person): string | null {
    const { client, endpoint, scopes, nonce, login } = grant;
    const isAccess = tokens.refreshToken === null && userUrl !== null && login === null;
    const token = isAccess ? tokens.accessToken : tokens.refreshToken;
    if (token === null) return null;
    const { resource } = endpoint;
    const facts = { token, client, resource, scopes, login: { person, nonce, isAccess } };
    // Without an end: the identity provider decides how long it is good.
    return texts.refresh.seal(facts, null);
  }

  return {
    jwks: ring.jwks,
    async issue(tokens, grant) {
      const { client, endpoint, narrowed, nonce, login } = grant;
      const found = await persons.find(tokens, nonce, login);
      if (!found.ok) return found;
      const person = found.value;
      if ('error' in person) return ok(person);
      // An operator can have taken a scope away since the person agreed to it.
      const scopes = (narrowed.length > 0 ? narrowed : grant.scopes).filter((scope) =>
        [...endpoint.ownScopes, ...endpoint.scopes].includes(scope),
      );
      const scope = scopes.length > 0 ? { scope: scopes.join(' ') } : {};
      const iat = Math.floor(clock.wallMs() / 1000);
      const token = await ring.sign({
        ...copyOf(person),
        iss: issuer,
        sub: `${behind}|${person.subject}`,
        aud: endpoint.resource,
        client_id: client,
        ...scope,
        iat,
        exp: iat + tokenSeconds,
        jti: randomUUID(),
      });
      const refresh = refreshToken(tokens, grant, person);
      return ok(
        json(200, {
          access_token: token,
          token_type: 'Bearer',
          expires_in: tokenSeconds,
          ...scope,
          ...(refresh === null ? {} : { refresh_token: refresh }),
        }),
      );
    },
  };
}
