// Writes the WWW-Authenticate header of a failure: one line that begins with `Bearer `
// (RFC 6750 section 3, RFC 9728 section 5.1; A-25, Bearer first). The same case always gets the
// same bytes, because clients compare challenges (A-31, repeatable challenges).
import type { Endpoint } from '../core/endpoint.js';
import type { Failure, FailureDefinition } from '../core/failure.js';

/** Some clients cut a challenge at each comma or semicolon, even inside quotes. */
const withoutSeparators = (message: string | null): string =>
  (message ?? '').replaceAll(/[,;]/g, '');

function challengeFor(
  endpoint: Endpoint,
  definition: FailureDefinition,
  scopes: readonly string[],
): string {
  const parameters: string[] = [];
  if (endpoint.realm !== null) parameters.push(`realm="${endpoint.realm}"`);
  if (definition.challenge !== 'bare')
    parameters.push(
      `error="${definition.challenge}"`,
      `error_description="${withoutSeparators(definition.message)}"`,
    );
  if (scopes.length > 0) parameters.push(`scope="${scopes.join(' ')}"`);
  parameters.push(`resource_metadata="${endpoint.metadataUrl}"`);
  return `Bearer ${parameters.join(', ')}`;
}

/** The challenges without scopes of their own, by endpoint and row. A flood repeats one of them. */
const made = new WeakMap<Endpoint, Map<FailureDefinition, string>>();

/** The value of WWW-Authenticate; null where the failure has no challenge. */
export function challenge(endpoint: Endpoint, { definition, scopes }: Failure): string | null {
  if (definition.challenge === null) return null;
  if (scopes !== undefined) return challengeFor(endpoint, definition, scopes);
  const ofEndpoint = made.get(endpoint) ?? new Map<FailureDefinition, string>();
  made.set(endpoint, ofEndpoint);
  const value =
    ofEndpoint.get(definition) ?? challengeFor(endpoint, definition, endpoint.loginScopes);
  ofEndpoint.set(definition, value);
  return value;
}
