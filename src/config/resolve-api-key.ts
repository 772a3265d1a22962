// Resolves the entries of the registry of API keys, and the places where callers write keys.
import type { ApiKey, ApiKeyCarrier } from '../core/api-key.js';
import type { Secret } from '../core/secret.js';
import type { Partially } from './partial-parse.js';
import type { Problem } from './problems.js';
import type { WithSecrets } from './resolve-secrets.js';
import type { ApiKeyInput } from './schema/api-key.js';
import type { ApiKeyCarrierInput } from './schema/api-key-carrier.js';

export const resolveApiKey = (name: string, input: WithSecrets<ApiKeyInput>): ApiKey => ({
  name,
  sha256: input.sha256.toLowerCase(),
  scopes: input.scopes,
  tenant: input.tenant ?? null,
  upstreamAuthorization: input.upstreamAuthorization ?? null,
  sunsetMs: input.sunset === undefined ? null : Date.parse(input.sunset),
  endpoints: input.endpoints ?? null,
});

export function resolveCarrier(input: WithSecrets<ApiKeyCarrierInput>): ApiKeyCarrier {
  const { scheme, header, bearerPrefix } = input;
  return {
    scheme: bearerPrefix === undefined ? (scheme?.toLowerCase() ?? null) : 'bearer',
    header: header?.toLowerCase() ?? 'authorization',
    bearerPrefix: bearerPrefix ?? null,
  };
}

/** A field value that every server takes (RFC 9110 section 5.5). */
const LINE = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;
const MOST_CHARACTERS = 8_192;

/** The problem with a secret that cannot be the value of a header; null where it can. */
export function upstreamAuthorizationProblem(value: Secret): string | null {
  const text = value.reveal();
  if (text.length <= MOST_CHARACTERS && LINE.test(text)) return null;
  return (
    'the secret must be one line of visible ASCII, such as Bearer and a token, without spaces ' +
    `around it and of at most ${MOST_CHARACTERS} characters; correct the variable or the file`
  );
}

/** Secrets of the wrong form. */
export const apiKeyProblems = (
  apiKeys: WithSecrets<Partially<Readonly<Record<string, ApiKeyInput>>>>,
): Problem[] =>
  Object.entries(apiKeys).flatMap(([name, key]) => {
    const value = key?.upstreamAuthorization;
    const message = value === undefined ? null : upstreamAuthorizationProblem(value);
    return message === null ? [] : [{ path: ['apiKeys', name, 'upstreamAuthorization'], message }];
  });
