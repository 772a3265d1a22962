// Acts as a browser: follows the redirects of an authorization request, with cookies, to the
// redirect URI of the client.

/** The form of a page, as a person sends it. `action`: a URL, also a relative one. */
export type Form = { action: string; fields: Record<string, string> };

/**
 * Resolves to the last URL, with `code` (or `error`), `state` and `iss` in its query. `fillIn`:
 * gets the HTML of a page, and returns its form; null ends the login. By default every page does.
 */
export async function followAuthorization(
  authorizationUrl: string | URL,
  redirectUri: string,
  fillIn: (html: string) => Form | null = () => null,
): Promise<URL> {
  const target = new URL(redirectUri);
  const jar = new Map<string, { value: string; path: string }>();
  const signal = AbortSignal.timeout(10_000);
  let url = new URL(authorizationUrl);
  let form: URLSearchParams | undefined;
  for (let hops = 0; hops < 20; hops += 1) {
    if (url.origin === target.origin && url.pathname === target.pathname) return url;
    const response = await fetch(url, {
      redirect: 'manual',
      signal,
      headers: { cookie: cookieHeader(jar, url), ...(form && { origin: url.origin }) },
      ...(form && { method: 'POST', body: form }),
    });
    const body = await response.text();
    for (const line of response.headers.getSetCookie()) keep(jar, line);
    const location = response.headers.get('location');
    const filled = location === null ? fillIn(body) : null;
    form = filled === null ? undefined : new URLSearchParams(filled.fields);
    const next = location ?? filled?.action;
    if (next === undefined)
      throw new Error(
        `authorization ended at ${url.pathname} with ${response.status}: ${body.slice(0, 200)}`,
      );
    url = new URL(next, url);
  }
  throw new Error('authorization did not reach the redirect URI within 20 redirects');
}

function keep(jar: Map<string, { value: string; path: string }>, line: string): void {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
  const at = pair.indexOf('=');
  const path =
    attributes.find((attribute) => attribute.toLowerCase().startsWith('path='))?.slice(5) ?? '/';
  // oidc-provider uses one cookie name at several paths, so name and path together identify a
  // cookie (RFC 6265 section 5.3).
  const key = `${pair.slice(0, at)} ${path}`;
  const value = pair.slice(at + 1);
  if (value === '') jar.delete(key);
  else jar.set(key, { value, path });
}

function cookieHeader(jar: Map<string, { value: string; path: string }>, url: URL): string {
  return [...jar]
    .filter(([, cookie]) => url.pathname.startsWith(cookie.path))
    .map(([key, cookie]) => `${key.split(' ', 1)[0]}=${cookie.value}`)
    .join('; ');
}
