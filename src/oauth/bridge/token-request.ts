// Reads a token request: media type, form, grant type, scope (RFC 6749 section 4.4.2). It looks no
// client up, so it rejects every client in the same way.
import { type RequestHead, singleHeader } from '../../core/exchange.js';
import { type Refusal, refusal } from './answers.js';
import { type ClientPair, readClient } from './client-authentication.js';

export interface TokenRequest {
  /** The meanings of the sent credentials: one, or two. */
  readonly clients: readonly ClientPair[];
  /** Values of `resource` (RFC 8707), each once. */
  readonly resources: readonly string[];
}

const FORM_TYPE = /^application\/x-www-form-urlencoded[ \t]*(;|$)/i;
/** scope-token of RFC 6749 section 3.3. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

const invalid = (description: string): Refusal => refusal('invalid_request', description);

/** Parameters without a value count as absent, and none may repeat (RFC 6749 section 3.2). */
function readForm(body: Buffer): { form: Map<string, string>; resources: Set<string> } | Refusal {
  const form = new Map<string, string>();
  const resources = new Set<string>();
  for (const [name, value] of new URLSearchParams(body.toString())) {
    if (value === '') continue;
    if (name === 'resource') resources.add(value);
    else if (form.has(name)) return invalid('Send each parameter once; only resource may repeat');
    else form.set(name, value);
  }
  return { form, resources };
}

/** A secret in a URL ends in logs. */
function hasSecretInUrl({ target }: RequestHead): boolean {
  const query = target.indexOf('?');
  return query >= 0 && new URLSearchParams(target.slice(query)).has('client_secret');
}

export function readTokenRequest(head: RequestHead, body: Buffer): TokenRequest | Refusal {
  const type = singleHeader(head, 'content-type');
  if (typeof type !== 'string' || !FORM_TYPE.test(type))
    return invalid('Send the parameters as application/x-www-form-urlencoded');
  if (head.names.includes('content-encoding')) return invalid('Send the body without an encoding');
  if (hasSecretInUrl(head)) return invalid('Never send the client secret in the URL');
  const read = readForm(body);
  if ('error' in read) return read;
  const { form, resources } = read;
  const grantType = form.get('grant_type');
  if (grantType === undefined) return invalid('grant_type is missing');
  if (grantType !== 'client_credentials')
    return refusal('unsupported_grant_type', 'Only client_credentials is supported');
  const scopes = (form.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  if (!scopes.every((scope) => SCOPE.test(scope)))
    return refusal('invalid_scope', 'The scope is malformed');
  const clients = readClient(head, form);
  return 'error' in clients ? clients : { clients, resources: [...resources] };
}
