// Resolves how the gateway authenticates as an OAuth client, and checks that its secrets have the
// form that the method needs.
import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { ClientAuthentication } from '../core/client-authentication.js';
import { B64TOKEN } from '../core/credential.js';
import type { Secret } from '../core/secret.js';
import type { Path, Problem } from './problems.js';

/** The fields of `schema/client-authentication.ts` with their secrets read. */
export interface ClientInput {
  readonly auth: ClientAuthentication['auth'];
  readonly clientId?: string | undefined;
  readonly clientSecret?: Secret | undefined;
  readonly privateKey?: Secret | undefined;
}

const RSA_BITS = 2048;

function algorithmOf({
  asymmetricKeyType,
  asymmetricKeyDetails,
}: KeyObject): 'RS256' | 'ES256' | null {
  if (asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= RSA_BITS)
    return 'RS256';
  return asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1'
    ? 'ES256'
    : null;
}

/** Null for a key that the gateway cannot sign with. */
function signingAlgorithm(pem: Secret): 'RS256' | 'ES256' | null {
  try {
    return algorithmOf(createPrivateKey(pem.reveal()));
  } catch {
    // The error could quote the key.
    return null;
  }
}

/** Secrets of the wrong form. Each is checked only for the method that uses it. */
export function clientProblems(
  {
    auth,
    clientSecret,
    privateKey,
  }: { readonly [Field in keyof ClientInput]?: ClientInput[Field] | undefined },
  path: Path,
): Problem[] {
  if (auth === 'private_key_jwt' && privateKey !== undefined && !signingAlgorithm(privateKey)) {
    const message =
      'this private key cannot be used; use PEM without a passphrase, ' +
      `RSA of ${RSA_BITS} bits or more, or EC on P-256`;
    return [{ path: [...path, 'privateKey'], message }];
  }
  if (auth === 'bearer' && clientSecret !== undefined && !B64TOKEN.test(clientSecret.reveal())) {
    const message =
      'this is not a bearer token; it has characters other than letters, digits and -._~+/';
    return [{ path: [...path, 'clientSecret'], message }];
  }
  return [];
}

/** For credentials that `validate` found to fit their method (C-81, client authentication). */
export function resolveClient(input: ClientInput): ClientAuthentication {
  const { auth } = input;
  const clientId = input.clientId as string;
  const clientSecret = input.clientSecret as Secret;
  if (auth === 'none') return { auth, clientId: input.clientId ?? null };
  if (auth === 'bearer') return { auth, clientSecret };
  if (auth !== 'private_key_jwt') return { auth, clientId, clientSecret };
  const privateKey = input.privateKey as Secret;
  const algorithm = signingAlgorithm(privateKey) as 'RS256' | 'ES256';
  return { auth, clientId, privateKey, algorithm };
}
