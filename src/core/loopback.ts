// Decides what stands on this very machine, where plain http is safe and from where a page may always call (B-10). Never decides
// what else is allowed.

const LOOPBACK_HOST = /^(localhost|127(\.\d+){3}|\[::1\])$/;
/** Narrower: the names under which a browser reaches a development server. */
const LOOPBACK_ORIGIN = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/;

/** As it stands in a URL: an IPv6 address in brackets. */
export const isLoopbackHost = (hostname: string): boolean => LOOPBACK_HOST.test(hostname);

/** https, or http on loopback. */
export function isProtectedUrl(value: unknown): value is string {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, hostname } = new URL(value);
  return protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname));
}

/** An Origin header, compared whole. */
export function isLoopbackOrigin(origin: string): boolean {
  return LOOPBACK_ORIGIN.test(origin);
}
