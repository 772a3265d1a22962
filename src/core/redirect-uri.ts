// The rules for redirect URIs of OAuth clients: which an operator can allow, which a client may
// register, and which a request may then name (RFC 6749 section 3.1.2, RFC 8252 section 7).
import { isLoopbackHost } from './loopback.js';

const MAX_CHARACTERS = 1_024;
/** Visible ASCII. Browsers read quotes, angle brackets and backslashes differently. */
const PLAIN = /^[\x21\x23-\x3b\x3d\x3f-\x5b\x5d-\x7e]+$/;
/** A server may decode these to dots and slashes, after the comparison with the allow-list. */
const HIDDEN = /%(2e|2f|5c)/i;
/** With these a browser runs or opens the text itself. */
const NEVER = /^(javascript|data|vbscript|file|filesystem|blob|about|view-source|ftp|wss?):/i;

const isLoopback = ({ protocol, hostname }: URL): boolean =>
  protocol === 'http:' && isLoopbackHost(hostname);

/** Null for a text that no client may have: plain http beyond loopback, a fragment, a user name. */
function parsed(text: string): URL | null {
  if (text.length > MAX_CHARACTERS || !PLAIN.test(text) || text.includes('#')) return null;
  if (HIDDEN.test(text) || NEVER.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.username + url.password !== '') return null;
  return url.protocol === 'http:' && !isLoopback(url) ? null : url;
}

/** True for an entry of an allow-list. */
export const isRedirectEntry = (text: string): boolean => parsed(text) !== null;

/** The part behind the host. */
const placeOf = ({ pathname, search }: URL): string => pathname + search;

/** An entry with a slash at the end allows all that begins with it. */
const fits = (text: string, entry: string): boolean =>
  entry.endsWith('/') ? text.startsWith(entry) : text === entry;

function allows(entry: URL, uri: URL): boolean {
  if (isLoopback(entry)) return isLoopback(uri) && fits(placeOf(uri), placeOf(entry));
  return fits(uri.href, entry.href);
}

/**
 * True where a client may register the URI. `entries`: an https origin or a URL with a slash at the
 * end allows what begins with it, another URL only itself. A loopback entry allows every loopback
 * host and every port (RFC 8252 section 7.3).
 */
export function isAllowedRedirect(uri: string, entries: readonly string[]): boolean {
  const url = parsed(uri);
  return (
    url !== null && entries.some((entry) => isRedirectEntry(entry) && allows(new URL(entry), url))
  );
}

/**
 * True where a request may name the URI for a client that registered the other one: letter for
 * letter, and on loopback with any port.
 */
export function isRegisteredRedirect(uri: string, registered: string): boolean {
  if (uri === registered) return true;
  const [one, other] = [parsed(uri), parsed(registered)];
  if (one === null || other === null || !isLoopback(one) || !isLoopback(other)) return false;
  return one.hostname === other.hostname && placeOf(one) === placeOf(other);
}

/** The place that the URI sends a person to, for the consent page: a host, or a scheme. */
export function redirectPlace(uri: string): { readonly text: string; readonly isLocal: boolean } {
  const url = new URL(uri);
  const isWeb = /^https?:$/.test(url.protocol);
  return {
    text: isWeb ? url.host : `${url.protocol}//${url.host}`,
    isLocal: !isWeb || isLoopback(url),
  };
}
