// Reads the client id and the client secret of a token request (RFC 6749 section 2.3.1). It only
// reads them: the bridge and the facade check the secret.
import { type RequestHead, singleHeader } from '../core/exchange.js';
import { type Refusal, refusal } from './answers.js';

/** A client id and a secret that the request may mean. */
export interface ClientPair {
  readonly id: string;
  readonly secret: string;
}

const BASIC = /^basic(?: +|$)/i;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

const invalidClient = (detail: string): Refusal =>
  refusal('invalid_client', 'Client authentication failed', detail);
const twoMethods = refusal(
  'invalid_request',
  'Send the client secret in the Authorization header or in the body, and not in both',
);

/** Null where the text is not form-urlencoded. */
function formDecode(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}

/**
 * A client encodes both parts before base64. Many do not: the SDKs for TypeScript, and Authlib. So
 * `%` and `+` have two meanings, and the request then has two pairs. The first follows the RFC.
 */
function basicPairs(value: string): ClientPair[] | Refusal {
  if (!BASIC.test(value)) return invalidClient('a scheme other than Basic');
  const encoded = value.replace(BASIC, '').trim();
  if (!BASE64.test(encoded)) return invalidClient('malformed Basic credentials');
  const pair = Buffer.from(encoded, 'base64').toString();
  const colon = pair.indexOf(':');
  if (colon < 0) return invalidClient('Basic credentials without a colon');
  const raw = { id: pair.slice(0, colon), secret: pair.slice(colon + 1) };
  const id = formDecode(raw.id);
  const secret = formDecode(raw.secret);
  if (id === null || secret === null || (id === raw.id && secret === raw.secret)) return [raw];
  return [{ id, secret }, raw];
}

/** One or two pairs. `form`: the parameters of the body, without empty ones. */
export function readClient(
  head: RequestHead,
  form: ReadonlyMap<string, string>,
): ClientPair[] | Refusal {
  const id = form.get('client_id');
  const secret = form.get('client_secret');
  if (form.has('client_assertion') || form.has('client_assertion_type'))
    return invalidClient('an assertion, which the bridge does not take');
  const authorization = singleHeader(head, 'authorization');
  if (authorization === null)
    return refusal('invalid_request', 'Send one Authorization header only');
  if (authorization !== undefined) {
    if (secret !== undefined) return twoMethods;
    const pairs = basicPairs(authorization);
    // Some clients repeat the id in the body.
    if (id !== undefined && Array.isArray(pairs) && pairs.every((pair) => pair.id !== id))
      return refusal('invalid_request', 'client_id differs from the id in Authorization');
    return pairs;
  }
  if (secret === undefined) return invalidClient('no client secret');
  return [{ id: id ?? '', secret }];
}
