// Reads from the metadata of an authorization server (RFC 8414) who can log in there.
import type { JsonObject } from './document.js';

/** True: no person with a browser can log in, only a program with a client id and a secret. */
export function isForProgramsAlone(json: JsonObject): boolean {
  const { grant_types_supported: grants, response_types_supported: responses } = json;
  return (
    Array.isArray(grants) &&
    grants.includes('client_credentials') &&
    !grants.includes('authorization_code') &&
    !(Array.isArray(responses) && responses.includes('code'))
  );
}
