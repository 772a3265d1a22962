// Records the introspections of a token for `explain`: the endpoint, the response, and a hint where
// the response rejects a token that may be good.
import { USUAL_CLAIMS } from '../core/claim-rules.js';
import type { Values } from '../core/explanation.js';
import type { Failure } from '../core/failure.js';
import { audienceMismatch, tokenInactive } from '../core/failures.js';
import { isPresent } from '../core/json.js';
import type { Result } from '../core/result.js';
import { verifySignature } from './authenticators/jwt-signature.js';
import { introspectionValues } from './explain-values.js';
import type { IssuerRuntime } from './issuer/issuer-runtime.js';
import type { Selection } from './select-verifier.js';

/** One introspection that the authenticator made for a token. */
export interface Introspected {
  /** The members of a response about an active token; null for every other outcome. */
  readonly claims: Values | null;
  readonly failure: Failure | null;
}

export interface IntrospectionRecord {
  /** The same issuers. Their introspections are recorded. */
  readonly issuers: ReadonlyMap<string, IssuerRuntime>;
  /** The first introspection of this token since the last call; null: there was none. */
  take(token: string): Introspected | null;
}

export function recordIntrospections(
  issuers: ReadonlyMap<string, IssuerRuntime>,
): IntrospectionRecord {
  const byToken = new Map<string, Introspected>();
  const recording = (issuer: IssuerRuntime): IssuerRuntime => {
    const { introspect } = issuer;
    if (introspect === null) return issuer;
    return {
      ...issuer,
      async introspect(token) {
        let claims: Values | null = null;
        const result = await introspect(token, (answer) => {
          claims = answer;
        });
        // A result from the cache has no response, but its principal has the claims.
        if (result.ok) claims = result.value.principal.claims;
        if (!byToken.has(token)) byToken.set(token, { claims, failure: result.ok ? null : result });
        return result;
      },
    };
  };
  return {
    issuers: new Map([...issuers].map(([name, issuer]) => [name, recording(issuer)])),
    take(token) {
      const introspected = byToken.get(token) ?? null;
      byToken.delete(token);
      return introspected;
    },
  };
}

/** The URL of the endpoint, and what its response says of issuer, subject and client. */
export async function observedIntrospection(
  { issuer }: Selection,
  { claims, failure }: Introspected,
): Promise<Values> {
  const url = (await issuer.introspectionUrl?.()) ?? null;
  const isInactive = failure?.definition === tokenInactive.definition;
  return {
    ...(typeof url === 'string' ? { url } : {}),
    ...(isInactive && failure.detail === undefined ? { active: false } : {}),
    ...(claims === null ? {} : introspectionValues(claims, issuer)),
  };
}

const NOT_ITS_OWN =
  'The endpoint may answer only about tokens that its client got, or that name its client in aud ' +
  '(docs/failures.md#tokeninactive)';
const GENUINE = `the keys of the issuer prove this token genuine. Was it revoked? ${NOT_ITS_OWN}`;
const OPAQUE =
  'it expired or was revoked, or the issuer did not issue it. Is every good token inactive? ' +
  NOT_ITS_OWN;

async function inactiveHint(token: string, { issuer, jwt }: Selection): Promise<string | null> {
  if (jwt === null) return OPAQUE;
  const signed = await verifySignature(token, jwt, issuer.keys);
  return signed.ok ? GENUINE : null;
}

/** Where the response has a client and no audience, the operator can accept that client. */
function noAudienceHint({ issuer }: Selection, claims: Values): string | null {
  const { aud } = claims;
  const namesAudience = Array.isArray(aud) ? aud.length > 0 : isPresent(aud);
  const names = (issuer.policy.claims ?? USUAL_CLAIMS).client;
  const client = names.map((name) => claims[name]).find(isPresent);
  if (namesAudience || client === undefined) return null;
  return (
    `the response has no aud. If every token of the client ${JSON.stringify(client)} is for this ` +
    'endpoint, list that client in introspection.audienceClients'
  );
}

/** The same result, with a hint in the detail of a failure that misleads. */
export async function withHint<T>(
  verified: Result<T>,
  token: string,
  selection: Selection,
  introspected: Introspected,
): Promise<Result<T>> {
  if (verified.ok) return verified;
  let hint: string | null = null;
  if (verified.definition === tokenInactive.definition) hint = await inactiveHint(token, selection);
  if (verified.definition === audienceMismatch.definition && introspected.claims !== null)
    hint = noAudienceHint(selection, introspected.claims);
  if (hint === null) return verified;
  const details = verified.detail === undefined ? [hint] : [verified.detail, hint];
  return { ...verified, detail: details.join('; ') };
}
