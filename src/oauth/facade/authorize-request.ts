// Reads a request of the authorization endpoint (RFC 6749 section 4.1.1, RFC 7636, RFC 8707).
import type { Endpoint } from '../../core/endpoint.js';
import type { FacadeAnswer } from '../../core/facade-server.js';
import { readParameters, readScopes } from '../form.js';
import type { FindResource } from '../known-resources.js';
import { errorPage, type LoginRefusal, loginRefusal, returnError, tooMany } from './answers.js';
import { looksLikeUrl } from './client-documents.js';
import type { Client, Clients } from './clients.js';

export interface AuthorizeRequest {
  readonly client: Client;
  readonly redirectUri: string;
  /** As the client registered it. */
  readonly registeredUri: string;
  readonly state: string | null;
  readonly resource: string;
  readonly scopes: readonly string[];
  readonly challenge: string;
  readonly prompt: string | null;
}

/** A request, or the answer that rejects it. */
export type ReadAuthorize = AuthorizeRequest | FacadeAnswer;

export const isAnswer = (value: object): value is FacadeAnswer => 'status' in value;

/** SHA-256 in base64url (RFC 7636 section 4.2). */
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;
/** `state`, `scope` and `prompt` are sealed as JSON, and go to the identity provider in a URL. */
const MAX_BYTES = 2_048;
/** OpenID Connect Core section 3.1.2.1. */
const PROMPTS = ['none', 'login', 'consent', 'select_account'];

type Form = ReadonlyMap<string, string>;

function readChallenge(form: Form): string | LoginRefusal {
  const challenge = form.get('code_challenge');
  if (challenge === undefined || form.get('code_challenge_method') !== 'S256')
    return loginRefusal('invalid_request', 'PKCE with code_challenge_method S256 is required');
  return CHALLENGE.test(challenge)
    ? challenge
    : loginRefusal('invalid_request', 'code_challenge is malformed');
}

/** Rejects a request for something else than a code. Null: it is for a code. */
function rejectForm(form: Form): LoginRefusal | null {
  if (form.has('request')) return loginRefusal('request_not_supported', 'Send plain parameters');
  if (form.has('request_uri'))
    return loginRefusal('request_uri_not_supported', 'Send plain parameters');
  if (form.get('response_type') !== 'code')
    return loginRefusal('unsupported_response_type', 'Only response_type=code is supported');
  if ((form.get('response_mode') ?? 'query') !== 'query')
    return loginRefusal('invalid_request', 'Only response_mode=query is supported');
  const bytesOf = (name: string): number => Buffer.byteLength(JSON.stringify(form.get(name) ?? ''));
  const isLong = ['state', 'scope', 'prompt'].some((name) => bytesOf(name) > MAX_BYTES);
  return isLong ? loginRefusal('invalid_request', 'state, scope or prompt is too long') : null;
}

const UNKNOWN_CLIENT = [
  'Unknown app',
  'This app is not registered here. Remove the server from the app, and add it again.',
] as const;
const BAD_DOCUMENT = [
  'Unknown app',
  'The app describes itself on a web page, and this server cannot use it. Try again in a minute.',
] as const;
const UNKNOWN_URI = [
  'Wrong return address',
  'The app named an address for the end of the login that it did not register.',
] as const;

/**
 * The scopes of a token that the gateway issues: those that the endpoint knows. A client that
 * requests none of them means the base scopes (RFC 6749 section 3.3).
 */
export function grantedScopes(
  requested: readonly string[],
  { ownScopes, scopes }: Pick<Endpoint, 'ownScopes' | 'scopes'>,
): readonly string[] {
  const known = [...new Set(requested)].filter((scope) => ownScopes.includes(scope));
  return known.length > 0 ? known : scopes;
}

/** `endpoints`: those behind the facade. `issues`: it issues tokens, and decides about scopes. */
export function createReadAuthorize(
  endpoints: readonly Endpoint[],
  findResource: FindResource,
  clients: Clients,
  issuer: string,
  issues: boolean,
): (query: string, clientAddress: string) => Promise<ReadAuthorize> {
  const resources = [...new Set(endpoints.map(({ resource }) => resource))];

  /** A client that names none means the only one. */
  function readResource(named: ReadonlySet<string>): Endpoint | LoginRefusal {
    const [first, ...more] = named.size === 0 ? resources : [...named];
    const found = first === undefined || more.length > 0 ? null : findResource(first);
    return (
      found ??
      loginRefusal('invalid_target', 'Send one resource, the URL of an endpoint of this server')
    );
  }

  return async (query, clientAddress) => {
    const read = readParameters(query);
    if ('error' in read)
      return errorPage(
        'Unclear request',
        'The app sent a parameter twice.',
        'a repeated parameter',
      );
    const { form } = read;
    const clientId = form.get('client_id') ?? '';
    const client = await clients.find(clientId, clientAddress);
    if ('flaw' in client) {
      const { flaw, waitMs } = client;
      if (waitMs > 0) return tooMany(waitMs, flaw);
      const [title, text] = looksLikeUrl(clientId) ? BAD_DOCUMENT : UNKNOWN_CLIENT;
      return errorPage(title, text, flaw);
    }
    const redirectUri = form.get('redirect_uri') ?? '';
    const registeredUri = clients.registeredUri(client, redirectUri);
    if (registeredUri === null)
      return errorPage(...UNKNOWN_URI, 'the redirect URI is not one of this client');
    // From here on the client hears of a rejection.
    const state = form.get('state') ?? null;
    const refused = (refusal: LoginRefusal): FacadeAnswer =>
      returnError({ redirectUri, state }, issuer, refusal);
    const rejection = rejectForm(form);
    if (rejection !== null) return refused(rejection);
    const challenge = readChallenge(form);
    if (typeof challenge !== 'string') return refused(challenge);
    const endpoint = readResource(read.resources);
    if ('error' in endpoint) return refused(endpoint);
    const { resource } = endpoint;
    const requested = readScopes(form);
    if ('error' in requested) return refused(loginRefusal('invalid_scope', requested.description));
    const scopes = issues ? grantedScopes(requested, endpoint) : requested;
    const prompt = form.get('prompt') ?? null;
    if (prompt !== null && !prompt.split(' ').every((one) => PROMPTS.includes(one)))
      return refused(loginRefusal('invalid_request', 'prompt has an unknown value'));
    return { client, redirectUri, registeredUri, state, resource, scopes, challenge, prompt };
  };
}
