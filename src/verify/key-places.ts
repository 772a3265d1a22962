// Adds to a rejected bearer token where the endpoint reads API keys. A caller may have sent a key
// as a token. The log and `explain` show it, and the answer does not.
import { carriersText } from '../core/api-key.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Failure } from '../core/failure.js';
import { tokenMalformed } from '../core/failures.js';

export function withKeyPlaces(
  failure: Failure,
  { apiKeys, issuers, isBridged }: Endpoint,
): Failure {
  const takesTokens = issuers.length > 0 || isBridged;
  const mayBeKey = failure.definition === tokenMalformed.definition || !takesTokens;
  if (apiKeys.length === 0 || !mayBeKey) return failure;
  return { ...failure, detail: `${failure.detail ?? ''}${carriersText(apiKeys)}` };
}
