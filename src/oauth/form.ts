// Reads the form of a POST to an OAuth endpoint (RFC 6749 section 3.2): media type and parameters.
import { type RequestHead, singleHeader } from '../core/exchange.js';
import { type Refusal, refusal } from './answers.js';

export interface Form {
  /** The parameters, without empty ones and without `resource`. */
  readonly form: ReadonlyMap<string, string>;
  /** Values of `resource` (RFC 8707), each once. */
  readonly resources: ReadonlySet<string>;
}

const FORM_TYPE = /^application\/x-www-form-urlencoded[ \t]*(;|$)/i;
/** scope-token of RFC 6749 section 3.3. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

const invalid = (description: string): Refusal => refusal('invalid_request', description);

/** Parameters without a value count as absent, and none may repeat (RFC 6749 section 3.1). */
export function readParameters(text: string): Form | Refusal {
  const form = new Map<string, string>();
  const resources = new Set<string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (value === '') continue;
    if (name === 'resource') resources.add(value);
    else if (form.has(name)) return invalid('Send each parameter once; only resource may repeat');
    else form.set(name, value);
  }
  return { form, resources };
}

/** The query of a request target, without its question mark. */
export function queryOf({ target }: RequestHead): string {
  const query = target.indexOf('?');
  return query >= 0 ? target.slice(query + 1) : '';
}

/** A secret in a URL ends in logs. */
const hasSecretInUrl = (head: RequestHead): boolean =>
  new URLSearchParams(queryOf(head)).has('client_secret');

export function readForm(head: RequestHead, body: Buffer): Form | Refusal {
  const type = singleHeader(head, 'content-type');
  if (typeof type !== 'string' || !FORM_TYPE.test(type))
    return invalid('Send the parameters as application/x-www-form-urlencoded');
  if (head.names.includes('content-encoding')) return invalid('Send the body without an encoding');
  if (hasSecretInUrl(head)) return invalid('Never send the client secret in the URL');
  return readParameters(body.toString());
}

/** The scopes of a request, without empty ones; a refusal where one is malformed. */
export function readScopes(form: ReadonlyMap<string, string>): readonly string[] | Refusal {
  const scopes = (form.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  return scopes.every((scope) => SCOPE.test(scope))
    ? scopes
    : refusal('invalid_scope', 'The scope is malformed');
}
