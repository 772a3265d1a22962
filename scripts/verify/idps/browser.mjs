// Plays the browser in a login: follows redirects, keeps cookies, and sends the forms it meets.
import { createHash, randomBytes } from 'node:crypto';

const STEP_MS = 20_000;
const MAX_STEPS = 20;

const unescaped = (text) => text.replaceAll('&amp;', '&').replaceAll('&#x2F;', '/');
const attribute = (tag, name) => {
  const found = new RegExp(`\\b${name}=(?:"([^"]*)"|'([^']*)')`, 'i').exec(tag);
  return found === null ? undefined : unescaped(found[1] ?? found[2]);
};

function createJar(cookie) {
  const cookies = new Map(cookie === undefined ? [] : [cookie.split('=', 2)]);
  return {
    header: () => [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    keep(response) {
      for (const line of response.headers.getSetCookie()) {
        const [pair] = line.split(';', 1);
        const at = pair.indexOf('=');
        if (/max-age=0/i.test(line)) cookies.delete(pair.slice(0, at));
        else cookies.set(pair.slice(0, at), pair.slice(at + 1));
      }
    },
  };
}

/** The first form of a page, with its hidden fields and those that `fill` names. */
function readForm(html, address, fill) {
  const form = /<form\b[^>]*>/i.exec(html)?.[0];
  if (form === undefined) {
    const start = html.slice(0, 300);
    throw new Error(`a page without a form at ${address}: ${start}`);
  }
  const fields = new URLSearchParams();
  for (const [tag] of html.matchAll(/<(?:input|button)\b[^>]*>/gi)) {
    const name = attribute(tag, 'name');
    if (name === undefined) continue;
    if (name in fill) fields.set(name, fill[name]);
    else if (/type=["']?hidden/i.test(tag)) fields.append(name, attribute(tag, 'value') ?? '');
  }
  return { action: new URL(attribute(form, 'action') || address.href, address), fields };
}

/** Follows a login to the redirect URI and returns its parameters. `cookie`: a session. */
export async function browse(address, redirectUri, fill, cookie) {
  const jar = createJar(cookie);
  let url = new URL(address);
  let request = {};
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const response = await fetch(url, {
      redirect: 'manual',
      signal: AbortSignal.timeout(STEP_MS),
      ...request,
      headers: { accept: 'text/html', ...request.headers, cookie: jar.header() },
    });
    jar.keep(response);
    request = {};
    const html = await response.text();
    const location = response.headers.get('location');
    if (location !== null) {
      url = new URL(location, url);
      if (url.href.startsWith(redirectUri)) return url.searchParams;
      continue;
    }
    const { action, fields } = readForm(html, url, fill);
    url = action;
    request = { method: 'POST', body: fields, headers: { origin: action.origin } };
  }
  throw new Error(`the login does not end; the last page is ${url}`);
}

/** The authorization code flow with PKCE. Returns the answer of the token endpoint. */
export async function codeFlow({
  authorize,
  tokenUrl,
  clientId,
  secret,
  redirectUri,
  more,
  fill,
  cookie,
}) {
  const verifier = randomBytes(32).toString('base64url');
  const url = new URL(authorize);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    state: 'state-of-the-login',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...more,
  });
  const back = await browse(url, redirectUri, fill, cookie);
  if (back.get('code') === null) throw new Error(`the login fails: ${back}`);
  const form = {
    grant_type: 'authorization_code',
    code: back.get('code'),
    redirect_uri: redirectUri,
    code_verifier: verifier,
  };
  return tokenRequest(
    tokenUrl,
    { ...form, ...(secret ? {} : { client_id: clientId }) },
    secret && [clientId, secret],
  );
}

/** Asks a token endpoint. `client` is the id and the secret, for HTTP Basic. */
export async function tokenRequest(url, form, client) {
  const basic = client?.map(encodeURIComponent).join(':');
  const headers = client ? { authorization: `Basic ${Buffer.from(basic).toString('base64')}` } : {};
  const body = new URLSearchParams(form);
  const response = await fetch(url, {
    method: 'POST',
    headers,
    body,
    signal: AbortSignal.timeout(STEP_MS),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`the token endpoint answers ${response.status}: ${text}`);
  return JSON.parse(text);
}
