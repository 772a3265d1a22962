// Decides what counts as a credential: exactly one, in the Authorization header or in a configured key header (RFC 6750 section 2,
// RFC 9110 section 11). Never believes it.
import { type Credential, hasSecondScheme, type PassThroughRule } from '../core/credential.js';
import type { Endpoint } from '../core/endpoint.js';
import type { RequestHead } from '../core/exchange.js';
import {
  connectionHeadersTooLarge,
  credentialInQuery,
  credentialMalformed,
  credentialMissing,
  credentialMultiple,
  credentialScheme,
} from '../core/failures.js';
import { ok, type Result } from '../core/result.js';

/** Longest accepted credential, else 431; real tokens with many groups reach 12 KiB (C-12). */
const CREDENTIAL_CHARACTERS = 32 * 1024;
/** scheme, one or more spaces, then the rest (RFC 9110 section 11.4). */
const SCHEME = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?: +(.*))?$/;
/** Names under which clients put a credential into the URL, without their separators. */
const QUERY_NAMES = new Set(
  'accesstoken authtoken idtoken token bearer jwt authorization apikey xapikey key apitoken clientsecret'.split(
    ' ',
  ),
);
/** Nearly every request, so it is tried first. */
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

/** True where the query names a credential: it is in every log on its way, so it is no way in, and is told (A-48, C-06). */
function inQuery({ target, path }: RequestHead, endpoint: Endpoint): boolean {
  const keyHeaders = endpoint.passThrough.flatMap(({ scheme, header }) =>
    scheme === null ? [withoutSeparators(header)] : [],
  );
  for (const name of new URLSearchParams(target.slice(path.length + 1)).keys()) {
    const plain = withoutSeparators(name);
    if (QUERY_NAMES.has(plain) || keyHeaders.includes(plain)) return true;
  }
  return false;
}

/** The one header that carries a credential, or the refusal of none and of several. */
function present({ names, values }: RequestHead, endpoint: Endpoint): Result<Presented> {
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
    // Node keeps the first of two lines, other stacks join them: two readers, two callers (B-58).
    if (found !== null) return credentialMultiple({ detail: `${found.header} and ${header}` });
    found = { header, value: values[i] as string, rule };
  }
  return found === null ? credentialMissing() : ok(found);
}

function legacy(
  rule: PassThroughRule,
  header: string,
  value: string,
  key: string,
): Result<Credential> {
  if (key === '') return credentialMalformed({ detail: 'the scheme is followed by nothing' });
  return ok({ kind: 'pass-through', header, value, key, rule });
}

export function readCredential(exchange: RequestHead, endpoint: Endpoint): Result<Credential> {
  if (exchange.path.length !== exchange.target.length && inQuery(exchange, endpoint))
    return credentialInQuery();
  const presented = present(exchange, endpoint);
  if (!presented.ok) return presented;
  const { header, value, rule } = presented.value;
  if (value.length > CREDENTIAL_CHARACTERS)
    return connectionHeadersTooLarge({ detail: `a credential of ${value.length} characters` });
  if (rule !== null) return legacy(rule, header, value, value);
  if (BEARER.test(value)) {
    let at = 'bearer '.length;
    while (value[at] === ' ') at++;
    return ok({ kind: 'bearer', token: value.slice(at) });
  }
  const parts = SCHEME.exec(value);
  if (parts === null) return credentialScheme({ detail: 'no scheme' });
  if (hasSecondScheme(value)) return credentialMultiple({ detail: 'a comma and a second scheme' });
  const scheme = (parts[1] as string).toLowerCase();
  if (scheme === 'bearer') return credentialMalformed({ detail: 'Bearer is followed by nothing' });
  const match = endpoint.passThrough.find((candidate) => candidate.scheme === scheme);
  return match === undefined
    ? credentialScheme({ detail: 'a scheme that is not configured' })
    : legacy(match, header, value, parts[2] ?? '');
}
