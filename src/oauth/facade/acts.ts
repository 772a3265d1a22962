// The acts of the facade for a client, as the audit records them. Registrations, consents and
// logins are not proven: anyone can cause them, before the identity provider vouched for a grant.
import type { FacadeAct } from '../../core/audited.js';
import { redirectPlace } from '../../core/redirect-uri.js';
import { hashOf, type LoginFacts } from './texts.js';

/** `name`: as the client wrote it. */
export const registrationAct = (
  issuer: string,
  clientId: string,
  name: string | null,
): FacadeAct => ({
  act: 'registration',
  issuer,
  client: hashOf(clientId),
  clientName: name,
  isProven: false,
});

export const loginAct = (
  act: 'consent' | 'login',
  issuer: string,
  { client, resource, scopes, redirectUri }: LoginFacts,
): FacadeAct => ({
  ...{ act, issuer, client, resource, scopes },
  place: redirectPlace(redirectUri).text,
  isProven: false,
});

/** `facts`: the client as `hashOf` names it, and what the grant is for. */
export const grantAct = (
  act: 'token' | 'refresh' | 'revocation',
  issuer: string,
  facts: Required<Pick<FacadeAct, 'client' | 'resource' | 'scopes'>>,
): FacadeAct => ({ act, issuer, ...facts, isProven: true });
