// Authenticates the gateway to an introspection endpoint (RFC 7662 section 2.1) or a token endpoint
// (RFC 6749 section 3.2.1).
import { createPrivateKey, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose/jwt/sign';
import type { ClientAuthentication } from '../core/client-authentication.js';
import type { Clock } from '../core/clock.js';

/** Adds the credentials of the client to the form, or resolves to headers that hold them. */
export type AuthenticateClient = (
  form: URLSearchParams,
) => Promise<Readonly<Record<string, string>>>;

/** The gateway sends an assertion at once. A stolen copy is worthless after a minute. */
const ASSERTION_SECONDS = 60;
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/**
 * Basic credentials are form-urlencoded before base64 (RFC 6749 section 2.3.1), so that a secret
 * with `:` or `%` works (C-81, client authentication). A space is `%20`, which every server reads:
 * some do not decode `+`.
 */
function formEncode(value: string): string {
  return new URLSearchParams([['', value]]).toString().slice(1).replaceAll('+', '%20');
}

/** True: Basic sends this client id or secret encoded, and some servers decode it differently. */
export function isEncodedForBasic(client: ClientAuthentication): boolean {
  if (client.auth !== 'basic') return false;
  const { clientId, clientSecret } = client;
  return [clientId, clientSecret.reveal()].some((value) => formEncode(value) !== value);
}

/** The advice for such a client, for the log. */
export const TRY_POST =
  'the client id or the secret has reserved characters, which Basic must encode and some servers ' +
  'decode differently: try auth: post';

/**
 * `assertionAudience`: the issuer, or a URL that the operator wrote where no issuer is known. With
 * a URL of the metadata, a server that an attacker put there could replay an assertion elsewhere.
 */
export function createClientAuthentication(
  client: ClientAuthentication,
  assertionAudience: string,
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
        // Without a kid: a PEM file does not hold the name under which the issuer knows the key.
        const assertion = await new SignJWT({})
          .setProtectedHeader({ alg: client.algorithm })
          .setIssuer(client.clientId)
          .setSubject(client.clientId)
          .setAudience(assertionAudience)
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
