// Reads a registration and writes its answer (RFC 7591 sections 2 and 3). The client id holds what
// the client registered, so nothing is stored.
import { isObject, isPresent } from '../../core/json.js';
import { isAllowedRedirect } from '../../core/redirect-uri.js';
import type { ClientFacts, ClientMethod } from './texts.js';

export interface RegistrationRefusal {
  readonly error: 'invalid_redirect_uri' | 'invalid_client_metadata';
  /** For the client. Constant. */
  readonly description: string;
}

export interface Registration {
  readonly facts: ClientFacts;
  /** The scope that the client wrote, for the answer only: it limits nothing. */
  readonly scope: string | null;
}

const MAX_URIS = 10;
/** All redirect URIs together. They are in the client id, and so in URLs. */
const MAX_URI_CHARACTERS = 2_000;
const MAX_NAME_CHARACTERS = 100;
const METHODS: readonly unknown[] = ['none', 'client_secret_basic', 'client_secret_post'];

const refused = (
  error: RegistrationRefusal['error'],
  description: string,
): RegistrationRefusal => ({ error, description });
const invalid = (description: string): RegistrationRefusal =>
  refused('invalid_client_metadata', description);

/** Characters that change the look of the page around the name, end its quotes, or hide it. */
const MISLEADING = /[\p{C}\p{Z}\p{DI}\u2800"“”„‟«»‹›＂″‴‶‷ʺˮ״❝❞〝〞〟\u{1F676}-\u{1F678}]+/gu;
/** Two apostrophes look like a quote. */
const DOUBLED = /['‘’‚‛′‵ʹʻʼʽˈˊˋ`´＇]{2,}/gu;
/** Marks above and below a letter. A pile of them covers the lines around the name. */
const PILED = /(\p{M}{3})\p{M}+/gu;

function shownName(name: string): string {
  const plain = name.replace(DOUBLED, ' ').replace(MISLEADING, ' ').replace(PILED, '$1');
  return [...plain.trim()].slice(0, MAX_NAME_CHARACTERS).join('');
}

function readUris(uris: unknown, entries: readonly string[]): string[] | RegistrationRefusal {
  if (!Array.isArray(uris) || uris.length === 0 || uris.length > MAX_URIS)
    return refused('invalid_redirect_uri', `Send a list of 1 to ${MAX_URIS} redirect_uris`);
  const texts = uris.filter((uri): uri is string => typeof uri === 'string');
  const isFine =
    texts.length === uris.length && texts.every((uri) => isAllowedRedirect(uri, entries));
  if (!isFine)
    return refused('invalid_redirect_uri', 'This server does not allow one of the redirect_uris');
  return texts.join('').length > MAX_URI_CHARACTERS
    ? refused('invalid_redirect_uri', 'The redirect_uris are too long')
    : texts;
}

/** A document is for all servers, so it may list URIs that this one does not allow. */
function allowedUris(uris: unknown, entries: readonly string[]): string[] | RegistrationRefusal {
  const allowed = (Array.isArray(uris) ? uris : []).filter(
    (uri): uri is string => typeof uri === 'string' && isAllowedRedirect(uri, entries),
  );
  return allowed.length > 0
    ? allowed
    : refused('invalid_redirect_uri', 'This server allows none of the redirect_uris');
}

/** True for an absent list, and for one with the value. */
const includes = (list: unknown, value: string): boolean =>
  !isPresent(list) || (Array.isArray(list) && list.includes(value));

/** Rules in which a registration and a document differ. */
interface Kind {
  readonly methods: readonly unknown[];
  readonly usualMethod: ClientMethod;
  readonly methodHint: string;
  readonly uris: (uris: unknown, entries: readonly string[]) => string[] | RegistrationRefusal;
}

const SENT: Kind = {
  methods: METHODS,
  // RFC 7591 section 2: without a method, a client means Basic.
  usualMethod: 'client_secret_basic',
  methodHint: 'Use none, client_secret_basic or client_secret_post',
  uris: readUris,
};

/** No secret can be in a public document, so its clients are public. */
const PUBLISHED: Kind = {
  methods: ['none'],
  usualMethod: 'none',
  methodHint: 'This server takes documents of public clients alone: use none',
  uris: allowedUris,
};

function read(
  json: unknown,
  entries: readonly string[],
  nowSeconds: number,
  kind: Kind,
): Registration | RegistrationRefusal {
  if (!isObject(json)) return invalid('Send a JSON object');
  const { client_name: name, scope, grant_types, response_types } = json;
  const method = isPresent(json.token_endpoint_auth_method)
    ? json.token_endpoint_auth_method
    : kind.usualMethod;
  if (!kind.methods.includes(method)) return invalid(kind.methodHint);
  if (!includes(grant_types, 'authorization_code'))
    return invalid('grant_types must have authorization_code');
  if (!includes(response_types, 'code')) return invalid('response_types must have code');
  if (isPresent(name) && typeof name !== 'string') return invalid('client_name must be a text');
  if (isPresent(scope) && typeof scope !== 'string') return invalid('scope must be a text');
  const redirectUris = kind.uris(json.redirect_uris, entries);
  if ('error' in redirectUris) return redirectUris;
  const shown = typeof name === 'string' ? shownName(name) : '';
  return {
    facts: {
      name: shown === '' ? null : shown,
      redirectUris,
      method: method as ClientMethod,
      issuedAt: nowSeconds,
    },
    scope: typeof scope === 'string' && scope !== '' ? scope : null,
  };
}

/**
 * Absent members and null have the defaults of RFC 7591 section 2. `entries`: the allow-list.
 * `nowSeconds`: since the epoch.
 */
export const readRegistration = (
  json: unknown,
  entries: readonly string[],
  nowSeconds: number,
): Registration | RegistrationRefusal => read(json, entries, nowSeconds, SENT);

/** The same for a Client ID Metadata Document. The time of registration is 0: it has none. */
export const readDocument = (
  json: unknown,
  entries: readonly string[],
): Registration | RegistrationRefusal => read(json, entries, 0, PUBLISHED);

/**
 * The answer (RFC 7591 section 3.2.1). It leaves unset members out: the SDKs for TypeScript reject
 * an empty or null one. `secret`: null for a client without one.
 */
export function registrationAnswer(
  { facts, scope }: Registration,
  clientId: string,
  secret: string | null,
): Readonly<Record<string, unknown>> {
  return {
    client_id: clientId,
    client_id_issued_at: facts.issuedAt,
    ...(secret === null ? {} : { client_secret: secret, client_secret_expires_at: 0 }),
    ...(facts.name === null ? {} : { client_name: facts.name }),
    redirect_uris: facts.redirectUris,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: facts.method,
    ...(scope === null ? {} : { scope }),
  };
}
