// Reads a request target in absolute form, which some proxies send, and which a server must accept
// (RFC 9112 section 3.2.2). Routing sees its origin form, and compares that exactly: `//` and dot
// segments stay as they are (A-19, path tricks).
import type { AbsoluteTarget } from '../core/exchange.js';

/** Up to the path. A user, a percent sign or a backslash becomes a part of the authority. */
const ABSOLUTE = /^(https?):\/\/([^/?#]*)/i;

/** Null: the target has another form. */
export function readAbsolute(sent: string): AbsoluteTarget | null {
  const found = sent.charCodeAt(0) === 0x2f ? null : ABSOLUTE.exec(sent);
  if (found === null) return null;
  const [prefix, scheme, authority] = found as unknown as [string, string, string];
  const rest = sent.slice(prefix.length);
  return {
    // RFC 9112 section 3.2.1: an empty path is sent as `/`.
    originForm: rest.charCodeAt(0) === 0x2f ? rest : `/${rest}`,
    authority,
    defaultPort: scheme.length === 4 ? '80' : '443',
  };
}

/** A host with its empty port removed: `a:` and `a` are the same (RFC 3986 section 6.2.3). */
export const withoutEmptyPort = (host: string): string =>
  host.endsWith(':') ? host.slice(0, -1) : host;

/** True where Host names the same host and port as the absolute form. */
export function namesSameHost({ authority, defaultPort }: AbsoluteTarget, host: string): boolean {
  const normal = (name: string): string => {
    const plain = withoutEmptyPort(name.toLowerCase());
    return plain.endsWith(`:${defaultPort}`) ? plain.slice(0, -defaultPort.length - 1) : plain;
  };
  return normal(authority) === normal(host);
}
