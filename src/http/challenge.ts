// Writes the WWW-Authenticate header of a failure: one line that begins with `Bearer `
// (RFC 6750 section 3, RFC 9728 section 5.1; A-25, Bearer first). The same case always gets the
// same bytes, because clients compare challenges (A-31, repeatable challenges).
import type { Endpoint } from '../core/endpoint.js';
import type { Failure } from '../core/failure.js';

/** Some clients cut a challenge at each comma or semicolon, even inside quotes. */
const withoutSeparators = (message: string | null): string =>
  (message ?? '').replaceAll(/[,;]/g, '');

/** The value of WWW-Authenticate; null where the failure has no challenge. */
export function challenge(endpoint: Endpoint, failure: Failure): string | null {
  const { definition } = failure;
  if (definition.challenge === null) return null;
  const parameters: string[] = [];
  if (endpoint.realm !== null) parameters.push(`realm="${endpoint.realm}"`);
  if (definition.challenge !== 'bare')
    parameters.push(
      `error="${definition.challenge}"`,
      `error_description="${withoutSeparators(definition.message)}"`,
    );
  const scopes = failure.scopes ?? endpoint.loginScopes;
  if (scopes.length > 0) parameters.push(`scope="${scopes.join(' ')}"`);
  parameters.push(`resource_metadata="${endpoint.metadataUrl}"`);
  return `Bearer ${parameters.join(', ')}`;
}
