// Finds out who logged in: from the verified ID token, or at the user endpoint. Rejects a person
// without the claims that the operator requires.
import type { ResolvedIssued } from '../../config/resolved-config.js';
import { grantUnavailable } from '../../core/failures.js';
import type { Person, VerifyIdToken } from '../../core/issued-token.js';
import { isPresent } from '../../core/json.js';
import { ok, type Result } from '../../core/result.js';
import { type Refusal, refusal } from '../answers.js';
import type { IdpTokens } from './idp-tokens.js';
import type { Login } from './texts.js';
import type { AskUser } from './user-endpoint.js';

export interface Persons {
  /** `login`: of the refresh token; null: a person has just logged in, with this nonce. */
  find(tokens: IdpTokens, nonce: string, login: Login | null): Promise<Result<Person | Refusal>>;
}

/** Sealed in a refresh token and signed in an access token, which travels in a header. */
const MAX_CLAIM_BYTES = 4_096;

const rejected = (detail: string): Refusal =>
  refusal('invalid_grant', 'The identity provider does not vouch for the person', detail);

const notAllowed = (claim: string): Refusal =>
  refusal(
    'invalid_grant',
    'The person may not log in here, ask the operator of the server',
    `requiredClaims: the person lacks ${claim}, or has another value of it`,
  );

type Required = ResolvedIssued['requiredClaims'];

const own = (claims: Person['claims'], name: string): unknown =>
  Object.hasOwn(claims, name) ? claims[name] : undefined;

/** Some identity providers write `email_verified` as a text. An empty list or text says nothing. */
function isNegative(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isNegative);
  if (typeof value === 'string') return ['false', ''].includes(value.trim().toLowerCase());
  return !isPresent(value) || value === false;
}

/** A list in a list, or an object, has no text that an operator could mean. */
const isValue = (one: unknown, value: string): boolean =>
  ['string', 'number', 'boolean'].includes(typeof one) && String(one) === value;

/** The first claim that the person lacks, or undefined. */
export const missingClaim = (claims: Person['claims'], required: Required): string | undefined =>
  Object.entries(required).find(([name, values]) => {
    const found = own(claims, name);
    if (values === true) return isNegative(found);
    return ![found].flat().some((one) => values.some((value) => isValue(one, value)));
  })?.[0];

export function createPersons(
  { claims: copied, requiredClaims }: ResolvedIssued,
  verifyIdToken: VerifyIdToken,
  askUser: AskUser | null,
): Persons {
  const names = [...new Set([...copied, ...Object.keys(requiredClaims)])];

  async function fromIdToken(
    idToken: string | null,
    nonce: string,
    login: Login | null,
  ): Promise<Result<Person | Refusal>> {
    // An issuer without a user endpoint now: the gateway asked no issuer about the person.
    if (login?.isAccess === true) return ok(rejected('the login was at a user endpoint'));
    if (idToken === null)
      // The answer to a refresh may leave it out (OpenID Connect Core section 12.2).
      return login === null
        ? grantUnavailable({ detail: 'the identity provider sent no ID token' })
        : ok(login.person);
    const verified = await verifyIdToken(idToken, { nonce, isRefreshed: login !== null });
    if (verified.ok) return verified;
    const { reason, blame } = verified.definition;
    const detail = `the ID token: ${reason}${verified.detail ? `, ${verified.detail}` : ''}`;
    return blame === 'caller' ? ok(rejected(detail)) : grantUnavailable({ detail });
  }

  return {
    async find({ idToken, accessToken }, nonce, login) {
      const found =
        askUser === null
          ? await fromIdToken(idToken, nonce, login)
          : await askUser(accessToken, login !== null);
      if (!found.ok || 'error' in found.value) return found;
      const { subject, claims } = found.value;
      if (login !== null && subject !== login.person.subject)
        return ok(rejected('the refresh is about another person'));
      const missing = missingClaim(claims, requiredClaims);
      if (missing !== undefined) return ok(notAllowed(missing));
      const kept = Object.fromEntries(
        names.flatMap((name) => {
          const value = own(claims, name);
          return isPresent(value) ? [[name, value]] : [];
        }),
      );
      if (Buffer.byteLength(JSON.stringify(kept)) > MAX_CLAIM_BYTES)
        return ok(rejected('the claims are too long for a token'));
      return ok({ subject, claims: kept });
    },
  };
}
