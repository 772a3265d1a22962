// Reads a token request: form, grant type, scope (RFC 6749 section 4.4.2). It looks no client up,
// so it rejects every client in the same way.
import type { RequestHead } from '../../core/exchange.js';
import { type Refusal, refusal } from '../answers.js';
import { type ClientPair, readClient } from '../client-authentication.js';
import { readForm, readScopes } from '../form.js';

export interface TokenRequest {
  /** The meanings of the sent credentials: one, or two. */
  readonly clients: readonly ClientPair[];
  /** Values of `resource` (RFC 8707), each once. */
  readonly resources: readonly string[];
}

export function readTokenRequest(head: RequestHead, body: Buffer): TokenRequest | Refusal {
  const read = readForm(head, body);
  if ('error' in read) return read;
  const { form, resources } = read;
  const grantType = form.get('grant_type');
  if (grantType === undefined) return refusal('invalid_request', 'grant_type is missing');
  if (grantType !== 'client_credentials')
    return refusal('unsupported_grant_type', 'Only client_credentials is supported');
  const scopes = readScopes(form);
  if ('error' in scopes) return scopes;
  const clients = readClient(head, form);
  return 'error' in clients ? clients : { clients, resources: [...resources] };
}
