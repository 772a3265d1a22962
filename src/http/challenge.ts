// Decides how a challenge is written (RFC 6750 section 3, RFC 9728 section 5.1): one line, `Bearer ` first, the same bytes for the same
// case, because clients compare them. Never decides whether there is one.
import type { Endpoint } from '../core/endpoint.js';
import type { Failure } from '../core/failure.js';

/** Some clients cut a challenge at every comma or semicolon, also between quotes: texts on the wire keep theirs, and this goes without. */
const described = (message: string | null): string => (message ?? '').replaceAll(/[,;]/g, '');

/** Value of WWW-Authenticate, or null where the failure carries none. */
export function challenge(endpoint: Endpoint, failure: Failure): string | null {
  const { definition } = failure;
  if (definition.challenge === null) return null;
  const parameters: string[] = [];
  if (endpoint.realm !== null) parameters.push(`realm="${endpoint.realm}"`);
  if (definition.challenge !== 'bare')
    parameters.push(
      `error="${definition.challenge}"`,
      `error_description="${described(definition.message)}"`,
    );
  const scopes = failure.scopes ?? endpoint.scopes;
  if (scopes.length > 0) parameters.push(`scope="${scopes.join(' ')}"`);
  parameters.push(`resource_metadata="${endpoint.metadataUrl}"`);
  return `Bearer ${parameters.join(', ')}`;
}
