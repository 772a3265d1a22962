// Decides how the gateway proves to an introspection endpoint who it is (RFC 7662 section 2.1, C-81). Never decides what is asked there.
import { createPrivateKey, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { ClientAuthentication } from '../../config/resolved-config.js';
import type { Clock } from '../../core/clock.js';

/** Adds to the form what belongs there, and resolves to the headers that go with it. */
export type AuthenticateClient = (
  form: URLSearchParams,
) => Promise<Readonly<Record<string, string>>>;

/** An assertion is used at once: a copy of it is worth little a minute later. */
const ASSERTION_SECONDS = 60;
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** form-urlencoded before base64, as RFC 6749 section 2.3.1 asks: a secret with `:` or `%` works. */
function formEncode(value: string): string {
  return new URLSearchParams([['', value]]).toString().slice(1);
}

/** `issuer` is the audience of an assertion: one for the token endpoint or a guess at the URL could be replayed elsewhere. */
export function createClientAuthentication(
  client: ClientAuthentication,
  issuer: string,
  clock: Clock,
): AuthenticateClient {
  switch (client.auth) {
    case 'basic':
      return async () => {
        const pair = `${formEncode(client.clientId)}:${formEncode(client.clientSecret.reveal())}`;
        return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
      };
    case 'post':
      return async (form) => {
        form.set('client_id', client.clientId);
        form.set('client_secret', client.clientSecret.reveal());
        return {};
      };
    case 'private_key_jwt': {
      const key = createPrivateKey(client.privateKey.reveal());
      return async (form) => {
        const now = Math.floor(clock.wallMs() / 1000);
        // No kid: the issuer knows the key by a name that a PEM file does not hold.
        const assertion = await new SignJWT({})
          .setProtectedHeader({ alg: client.algorithm })
          .setIssuer(client.clientId)
          .setSubject(client.clientId)
          .setAudience(issuer)
          .setJti(randomUUID())
          .setIssuedAt(now)
          .setExpirationTime(now + ASSERTION_SECONDS)
          .sign(key);
        form.set('client_id', client.clientId);
        form.set('client_assertion_type', ASSERTION_TYPE);
        form.set('client_assertion', assertion);
        return {};
      };
    }
    case 'bearer':
      return async () => ({ authorization: `Bearer ${client.clientSecret.reveal()}` });
    case 'none':
      return async (form) => {
        if (client.clientId !== null) form.set('client_id', client.clientId);
        return {};
      };
  }
}
