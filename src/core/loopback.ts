// Checks that a host or an origin is loopback. There plain http is safe (A-07, https metadata;
// A-64, https issuers), and pages may always call (B-10, Origin check).

const LOOPBACK_HOST = /^(localhost|127(\.\d+){3}|\[::1\])$/;
/** Only the host names under which a browser reaches a development server. */
const LOOPBACK_ORIGIN = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/;

/** `hostname` is written as in a URL, with an IPv6 address in brackets. */
export const isLoopbackHost = (hostname: string): boolean => LOOPBACK_HOST.test(hostname);

/** True for an https URL, and for an http URL on loopback. */
export function isProtectedUrl(value: unknown): value is string {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, hostname } = new URL(value);
  return protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname));
}

/** Like `isProtectedUrl`; `allowInsecureHttp` also allows http elsewhere. */
export function isAllowedUrl(value: unknown, allowInsecureHttp: boolean): value is string {
  if (isProtectedUrl(value)) return true;
  if (!allowInsecureHttp || typeof value !== 'string' || !URL.canParse(value)) return false;
  return new URL(value).protocol === 'http:';
}

/** `origin` is the whole value of an Origin header. */
export function isLoopbackOrigin(origin: string): boolean {
  return LOOPBACK_ORIGIN.test(origin);
}
