// Decides which credentials go with which authentication at an introspection endpoint (C-81), and which private keys will do. Never decides
// how they are presented.
import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { Secret } from '../core/secret.js';
import type { Partially } from './partial-parse.js';
import type { Path, Problem } from './problems.js';
import type { ClientAuthentication, ResolvedIntrospection } from './resolved-config.js';
import { CLIENT_ID_HINT, SECRET_HINT } from './schema/fields.js';
import type { IntrospectionInput } from './schema/issuer.js';
import { type Environment, resolveSecret } from './secrets.js';

type Auth = ClientAuthentication['auth'];
type Key = 'clientSecret' | 'privateKey';
type Field = 'clientId' | Key;

const HINTS: Readonly<Record<Field, string>> = {
  clientId: CLIENT_ID_HINT,
  clientSecret: SECRET_HINT,
  privateKey: `auth: private_key_jwt signs with it; ${SECRET_HINT}`,
};

const RULES: Readonly<
  Record<Auth, { readonly needs: readonly Field[]; readonly refuses: readonly Key[] }>
> = {
  basic: { needs: ['clientId', 'clientSecret'], refuses: ['privateKey'] },
  post: { needs: ['clientId', 'clientSecret'], refuses: ['privateKey'] },
  private_key_jwt: { needs: ['clientId', 'privateKey'], refuses: ['clientSecret'] },
  // A client id may stand beside it; it is not sent.
  bearer: { needs: ['clientSecret'], refuses: ['privateKey'] },
  none: { needs: [], refuses: ['clientSecret', 'privateKey'] },
};
const USED_BY: Readonly<Record<Key, string>> = {
  clientSecret: 'basic, post or bearer',
  privateKey: 'private_key_jwt',
};

/** What an Authorization header can hold behind `Bearer` (RFC 6750 section 2.1). */
const BEARER = /^[A-Za-z0-9\-._~+/]+=*$/;

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

function signingAlgorithm(pem: Secret): 'RS256' | 'ES256' | null {
  try {
    return algorithmOf(createPrivateKey(pem.reveal()));
  } catch {
    // The reason could quote the key.
    return null;
  }
}

/** What is missing, and what is there for nothing: each with what to write instead. */
export function misplacedFields(
  input: Partially<IntrospectionInput>,
): { field: Field; message: string }[] {
  if (input.auth === undefined) return [];
  const { needs, refuses } = RULES[input.auth];
  const missing = needs.filter((field) => input[field] === undefined);
  const idle = refuses.filter((field) => input[field] !== undefined);
  return [
    ...missing.map((field) => ({ field, message: HINTS[field] })),
    ...idle.map((field) => ({
      field,
      message: `auth: ${input.auth} makes no use of it; remove it, or write auth: ${USED_BY[field]}`,
    })),
  ];
}

function clientOf(
  input: Partially<IntrospectionInput>,
  path: Path,
  environment: Environment,
  problems: Problem[],
): ClientAuthentication | null {
  const { auth, clientId = null } = input;
  const resolve = (field: Key): Secret | null => {
    const reference = input[field];
    return reference === undefined
      ? null
      : resolveSecret(reference, [...path, field], environment, problems);
  };
  if (auth === undefined) {
    resolve('clientSecret');
    resolve('privateKey');
    return null;
  }
  if (auth === 'none') return { auth, clientId };
  if (auth === 'private_key_jwt') {
    const privateKey = resolve('privateKey');
    if (clientId === null || privateKey === null) return null;
    const algorithm = signingAlgorithm(privateKey);
    if (algorithm !== null) return { auth, clientId, privateKey, algorithm };
    const message = `is no private key that will do; give PEM without a passphrase, RSA of ${RSA_BITS} bits or more, or EC on P-256`;
    problems.push({ path: [...path, 'privateKey'], message });
    return null;
  }
  const clientSecret = resolve('clientSecret');
  if (clientSecret === null) return null;
  if (auth !== 'bearer') return clientId === null ? null : { auth, clientId, clientSecret };
  if (BEARER.test(clientSecret.reveal())) return { auth, clientSecret };
  const message = 'is no bearer token: it has other characters than letters, digits and -._~+/';
  problems.push({ path: [...path, 'clientSecret'], message });
  return null;
}

/** Null where it is not whole; null, and problems more, where the secrets are not there or will not do. */
export function resolveIntrospection(
  input: Partially<IntrospectionInput>,
  path: Path,
  environment: Environment,
  problems: Problem[],
): ResolvedIntrospection | null {
  const client = clientOf(input, path, environment, problems);
  const { url, audience, activeCacheSeconds, inactiveCacheSeconds } = input;
  if (
    client === null ||
    audience === undefined ||
    activeCacheSeconds === undefined ||
    inactiveCacheSeconds === undefined
  )
    return null;
  return { url: url ?? null, client, audience, activeCacheSeconds, inactiveCacheSeconds };
}
