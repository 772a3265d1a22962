// Reads the one credential of a request, from the Authorization header or a configured key header
// (RFC 6750 section 2, RFC 9110 section 11). The authenticators verify it.
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
/** Nearly every request has this form, so it is tried first. */
const BEARER = /^bearer /i;

interface Presented {
  readonly header: string;
  readonly value: string;
  readonly rule: PassThroughRule | null;
}

function keyHeaderRule(endpoint: Endpoint, name: string): PassThroughRule | undefined {
  for (const rule of endpoint.passThrough)
    if (rule.scheme === null && rule.header === name) return rule;
  return undefined;
}

const withoutSeparators = (name: string): string => name.toLowerCase().replaceAll(/[-_.]/g, '');

/**
 * True where the query has a credential. URLs are in the logs of every hop, so the gateway rejects
 * the request (A-48, no tokens in URLs; C-06, tokens in the query).
 */
function hasCredentialInQuery({ target, path }: RequestHead, endpoint: Endpoint): boolean {
  const keyHeaders = endpoint.passThrough.flatMap(({ scheme, header }) =>
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
  for (let i = 0; i < names.length; i++) {
    const header = names[i] as string;
    const rule =
      header === 'authorization'
        ? null
        : endpoint.passThrough.length === 0
          ? undefined
          : keyHeaderRule(endpoint, header);
    if (rule === undefined) continue;
    // Node keeps the first of two lines, other servers join them: the gateway and the upstream
    // would see different callers (B-58, duplicate headers).
    if (found !== null) return credentialMultiple({ detail: `${found.header} and ${header}` });
    found = { header, value: values[i] as string, rule };
  }
  return found === null ? credentialMissing() : ok(found);
}

function passThroughCredential(
  rule: PassThroughRule,
  header: string,
  value: string,
  key: string,
): Result<Credential> {
  if (key === '') return credentialMissing({ detail: `an empty credential in ${header}` });
  return ok({ kind: 'pass-through', header, value, key, rule });
}

export function readCredential(exchange: RequestHead, endpoint: Endpoint): Result<Credential> {
  if (exchange.path.length !== exchange.target.length && hasCredentialInQuery(exchange, endpoint))
    return credentialInQuery();
  const presented = presentedBy(exchange, endpoint);
  if (!presented.ok) return presented;
  const { header, value, rule } = presented.value;
  if (value.length > CREDENTIAL_CHARACTERS)
    return connectionHeadersTooLarge({ detail: `a credential of ${value.length} characters` });
  if (rule !== null) return passThroughCredential(rule, header, value, value);
  if (BEARER.test(value)) {
    let at = 'bearer '.length;
    while (value[at] === ' ') at++;
    if (at === value.length) return credentialMissing({ detail: NO_TOKEN });
    return ok({ kind: 'bearer', token: value.slice(at) });
  }
  const parts = SCHEME.exec(value);
  if (parts === null) return credentialScheme({ detail: 'no scheme' });
  if (hasSecondScheme(value)) return credentialMultiple({ detail: 'a comma and a second scheme' });
  const scheme = (parts[1] as string).toLowerCase();
  // A client without a token yet needs the challenge, so that its login starts.
  if (scheme === 'bearer') return credentialMissing({ detail: NO_TOKEN });
  const match = endpoint.passThrough.find((candidate) => candidate.scheme === scheme);
  return match === undefined
    ? credentialScheme({ detail: 'a scheme that is not configured' })
    : passThroughCredential(match, header, value, parts[2] ?? '');
}
