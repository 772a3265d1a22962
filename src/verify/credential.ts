// Reads the one credential of a request, from the Authorization header or a configured key header
// (RFC 6750 section 2, RFC 9110 section 11). The authenticators verify it.
import type { ApiKeyCarrier } from '../core/api-key.js';
import { type Credential, hasSecondScheme, type PassThroughRule } from '../core/credential.js';
import type { Endpoint } from '../core/endpoint.js';
import type { RequestHead } from '../core/exchange.js';
import {
  connectionHeadersTooLarge,
  credentialInQuery,
  credentialMissing,
  credentialMultiple,
  credentialScheme,
} from '../core/failures.js';
import { ok, type Result } from '../core/result.js';

/**
 * A longer credential gets 431. Real tokens with many groups reach 12 KiB (C-12, header length).
 */
const CREDENTIAL_CHARACTERS = 32 * 1024;
/** A scheme, one or more spaces, then the rest (RFC 9110 section 11.4). */
const SCHEME = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?: +(.*))?$/;
/** Query parameters in which clients send a credential, without separators. */
const QUERY_NAMES = new Set(
  (
    'accesstoken authtoken idtoken token bearer jwt authorization ' +
    'apikey xapikey key apitoken clientsecret'
  ).split(' '),
);
const NO_TOKEN = 'no token after Bearer';
const TWO_SCHEMES = 'a comma and a second scheme';
/** Nearly every request has this form, so it is tried first. */
const BEARER = /^bearer /i;

/** Where a credential other than a token is: a scheme, or a header with nothing else in it. */
type Place = PassThroughRule | ApiKeyCarrier;

interface Presented {
  readonly header: string;
  readonly value: string;
  /** Null: the credential is in Authorization, where its scheme says which one it is. */
  readonly place: Place | null;
}

function placesOf({ apiKeys, passThrough }: Endpoint): readonly Place[] {
  if (passThrough.length === 0) return apiKeys;
  return apiKeys.length === 0 ? passThrough : [...apiKeys, ...passThrough];
}

function keyHeader(places: readonly Place[], name: string): Place | undefined {
  for (const place of places) if (place.scheme === null && place.header === name) return place;
  return undefined;
}

const withoutSeparators = (name: string): string => name.toLowerCase().replaceAll(/[-_.]/g, '');

/**
 * True where the query has a credential. URLs are in the logs of every hop, so the gateway rejects
 * the request (A-48, no tokens in URLs; C-06, tokens in the query).
 */
function hasCredentialInQuery({ target, path }: RequestHead, endpoint: Endpoint): boolean {
  const keyHeaders = placesOf(endpoint).flatMap(({ scheme, header }) =>
    scheme === null ? [withoutSeparators(header)] : [],
  );
  for (const name of new URLSearchParams(target.slice(path.length + 1)).keys()) {
    const bareName = withoutSeparators(name);
    if (QUERY_NAMES.has(bareName) || keyHeaders.includes(bareName)) return true;
  }
  return false;
}

/** The one header that holds a credential. Fails without such a header, and with several. */
function presentedBy({ names, values }: RequestHead, endpoint: Endpoint): Result<Presented> {
  let found: Presented | null = null;
  const places = placesOf(endpoint);
  for (let i = 0; i < names.length; i++) {
    const header = names[i] as string;
    const place =
      header === 'authorization'
        ? null
        : places.length === 0
          ? undefined
          : keyHeader(places, header);
    if (place === undefined) continue;
    // Node keeps the first of two lines, other servers join them: the gateway and the upstream
    // would see different callers (B-58, duplicate headers).
    if (found !== null) return credentialMultiple({ detail: `${found.header} and ${header}` });
    found = { header, value: values[i] as string, place };
  }
  return found === null ? credentialMissing() : ok(found);
}

const isCarrier = (place: Place): place is ApiKeyCarrier => 'bearerPrefix' in place;

/** `key`: the value without its scheme. */
function credentialAt(
  place: Place,
  header: string,
  value: string,
  key: string,
): Result<Credential> {
  if (key === '') return credentialMissing({ detail: `an empty credential in ${header}` });
  return isCarrier(place)
    ? ok({ kind: 'api-key', key, carrier: place })
    : ok({ kind: 'pass-through', header, value, key, rule: place });
}

/** An API key that its prefix tells from an access token, or a bearer token. */
function bearerCredential(token: string, carriers: readonly ApiKeyCarrier[]): Result<Credential> {
  for (const carrier of carriers) {
    if (carrier.bearerPrefix === null || !token.startsWith(carrier.bearerPrefix)) continue;
    if (hasSecondScheme(token)) return credentialMultiple({ detail: TWO_SCHEMES });
    return ok({ kind: 'api-key', key: token, carrier });
  }
  return ok({ kind: 'bearer', token });
}

export function readCredential(exchange: RequestHead, endpoint: Endpoint): Result<Credential> {
  if (exchange.path.length !== exchange.target.length && hasCredentialInQuery(exchange, endpoint))
    return credentialInQuery();
  const presented = presentedBy(exchange, endpoint);
  if (!presented.ok) return presented;
  const { header, value, place } = presented.value;
  if (value.length > CREDENTIAL_CHARACTERS)
    return connectionHeadersTooLarge({ detail: `a credential of ${value.length} characters` });
  if (place !== null) return credentialAt(place, header, value, value);
  if (BEARER.test(value)) {
    let at = 'bearer '.length;
    while (value[at] === ' ') at++;
    if (at === value.length) return credentialMissing({ detail: NO_TOKEN });
    const token = value.slice(at);
    if (endpoint.apiKeys.length > 0) return bearerCredential(token, endpoint.apiKeys);
    return ok({ kind: 'bearer', token });
  }
  const parts = SCHEME.exec(value);
  if (parts === null) return credentialScheme({ detail: 'no scheme' });
  if (hasSecondScheme(value)) return credentialMultiple({ detail: TWO_SCHEMES });
  const scheme = (parts[1] as string).toLowerCase();
  // A client without a token yet needs the challenge, so that its login starts.
  if (scheme === 'bearer') return credentialMissing({ detail: NO_TOKEN });
  const match = placesOf(endpoint).find((candidate) => candidate.scheme === scheme);
  return match === undefined
    ? credentialScheme({ detail: 'a scheme that is not configured' })
    : credentialAt(match, header, value, parts[2] ?? '');
}
