// Finds the endpoints for which a key gets a token, and the audience of that token (RFC 8707).
import { type ApiKey, isForEndpoint } from '../../core/api-key.js';
import type { Endpoint } from '../../core/endpoint.js';
import { type Refusal, refusal } from '../answers.js';
import { createFindResource } from '../known-resources.js';

export interface Resources {
  /** True where the key may use at least one bridged endpoint. */
  serves(key: ApiKey): boolean;
  /** `aud` for the requested resources; without any: for all endpoints that the key may use. */
  audience(key: ApiKey, requested: readonly string[]): readonly string[] | Refusal;
}

/** More would make a token that proxies reject, because they limit the head of a request. */
const MAX_AUDIENCE_CHARACTERS = 4_096;
const MAX_REQUESTED = 50;

const UNKNOWN = 'No such resource for this client';
const TOO_MANY = 'Name fewer resources: the token would be too long';

/** `endpoints`: those that take tokens of the bridge. */
export function createResources(endpoints: readonly Endpoint[]): Resources {
  const find = createFindResource(endpoints);

  return {
    serves: (key) => endpoints.some(({ name }) => isForEndpoint(key, name)),
    audience(key, requested) {
      if (requested.length > MAX_REQUESTED) return refusal('invalid_target', TOO_MANY);
      const named = requested.length > 0 ? requested.map(find) : endpoints;
      const usable = named.filter(
        (one) => one !== null && isForEndpoint(key, one.name),
      ) as Endpoint[];
      if (requested.length > 0 && usable.length < named.length)
        return refusal('invalid_target', UNKNOWN);
      const audience = [...new Set(usable.map(({ resource }) => resource))];
      return audience.join('","').length > MAX_AUDIENCE_CHARACTERS
        ? refusal('invalid_target', TOO_MANY)
        : audience;
    },
  };
}
