// A client of a facade and the browser of its user, by plain requests: registration, login with the
// consent page, and the token endpoint.
import { createHash, randomBytes } from 'node:crypto';
import { secret, secretToken } from '../fixtures/ledger.js';

const timeout = () => AbortSignal.timeout(10_000);
type Fields = Record<string, string>;
type Json = Record<string, unknown>;

export const REDIRECT = 'http://127.0.0.1:9/callback';

/** A browser with cookies. It follows no redirect by itself. */
export class Browser {
  readonly jar = new Map<string, string>();
  /** Where requests for a URL go, in place of a load balancer. */
  at: (url: URL) => URL = (url) => url;

  async send(url: string | URL, init: RequestInit = {}): Promise<Response> {
    const { host } = new URL(url);
    const own = [...this.jar].filter(([key]) => key.startsWith(`${host} `));
    const cookie = own.map(([key, value]) => `${key.split(' ')[1]}=${value}`).join('; ');
    const headers = { ...(init.headers as Fields), ...(cookie === '' ? {} : { cookie }) };
    const response = await fetch(this.at(new URL(url)), { ...init, headers, redirect: 'manual', signal: timeout() });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      this.jar.set(`${host} ${pair.slice(0, at)}`, pair.slice(at + 1));
    }
    return response;
  }

  /** Follows redirects until one leads to the URL that begins so, or until a page. */
  async follow(from: string | URL, until: string): Promise<{ url: URL; response: Response | null }> {
    let url = new URL(from);
    for (let hops = 0; hops < 20; hops += 1) {
      if (url.href.startsWith(until)) return { url, response: null };
      const response = await this.send(url);
      const location = response.headers.get('location');
      if (location === null) return { url, response };
      url = new URL(location, url);
    }
    throw new Error('too many redirects');
  }
}

export const formOf = (html: string): { action: string; asked: string } => ({
  action: /<form method="post" action="([^"]+)"/.exec(html)?.[1] ?? '',
  asked: /name="asked" value="([^"]+)"/.exec(html)?.[1] ?? '',
});

export const pkce = () => {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
};

export type Registered = { client_id: string; client_secret?: string };

/** The facade of one issuer as a client sees it. */
export class FacadeClient {
  readonly issuer: string;
  readonly resource: string;
  /** As in `Browser`. */
  at: (url: URL) => URL = (url) => url;

  constructor(issuer: string, resource: string) {
    this.issuer = issuer;
    this.resource = resource;
  }

  register(fields: Json = {}): Promise<Response> {
    const metadata = { redirect_uris: [REDIRECT], client_name: 'A client', token_endpoint_auth_method: 'none', ...fields };
    return fetch(this.at(new URL(`${this.issuer}/register`)), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(metadata),
      signal: timeout(),
    });
  }

  async registered(fields: Json = {}): Promise<Registered> {
    const response = await this.register(fields);
    if (response.status !== 201) throw new Error(`registration: ${response.status} ${await response.text()}`);
    const client = (await response.json()) as Registered;
    if (client.client_secret !== undefined) secret('whole', client.client_secret);
    return client;
  }

  /** The URL of a login. A value of undefined removes a parameter. */
  loginUrl(clientId: string, challenge: string, fields: Record<string, string | undefined> = {}): URL {
    const url = new URL(`${this.issuer}/authorize`);
    const all: Record<string, string | undefined> = {
      response_type: 'code',
      client_id: clientId,
      redirect_uri: REDIRECT,
      state: 'state of the client',
      code_challenge: challenge,
      code_challenge_method: 'S256',
      resource: this.resource,
      scope: 'files:read',
      ...fields,
    };
    for (const [name, value] of Object.entries(all)) if (value !== undefined) url.searchParams.set(name, value);
    return url;
  }

  /** Answers the consent page. */
  consent(browser: Browser, html: string, answer = 'allow', headers: Fields = {}): Promise<Response> {
    const { action, asked } = formOf(html);
    const body = new URLSearchParams({ asked, answer });
    return browser.send(action, { method: 'POST', body, headers: { origin: new URL(this.issuer).origin, ...headers } });
  }

  /** Logs in, and resolves to the URL at which the login ends. */
  async login(browser: Browser, url: URL): Promise<URL> {
    const first = await browser.follow(url, REDIRECT);
    if (first.response === null) return first.url;
    const html = await first.response.text();
    if (first.response.status !== 200) throw new Error(`login: ${first.response.status} ${html}`);
    const next = (await this.consent(browser, html)).headers.get('location') ?? '';
    const last = await browser.follow(next, REDIRECT);
    if (last.response !== null) throw new Error(`login: ${last.response.status} ${await last.response.text()}`);
    return last.url;
  }

  async post(
    page: 'token' | 'revoke',
    fields: Fields,
    headers: Fields = {},
  ): Promise<{ status: number; json: Json; headers: Headers }> {
    const body = new URLSearchParams(fields);
    const response = await fetch(this.at(new URL(`${this.issuer}/${page}`)), {
      method: 'POST',
      body,
      headers,
      signal: timeout(),
    });
    const json = (await response.json()) as Json;
    if (typeof json.access_token === 'string') secretToken(json.access_token);
    if (typeof json.refresh_token === 'string') secret('whole', json.refresh_token);
    return { status: response.status, json, headers: response.headers };
  }

  exchange(clientId: string, code: string, verifier: string, fields: Fields = {}, headers: Fields = {}) {
    const grant = { grant_type: 'authorization_code', redirect_uri: REDIRECT, resource: this.resource };
    return this.post('token', { ...grant, client_id: clientId, code, code_verifier: verifier, ...fields }, headers);
  }

  /** A client, a whole login, and the code that it gives. */
  async code(browser = new Browser(), fields: Json = {}) {
    const client = await this.registered(fields);
    const { verifier, challenge } = pkce();
    const url = await this.login(browser, this.loginUrl(client.client_id, challenge));
    const code = url.searchParams.get('code') ?? '';
    secret('whole', code);
    return { client, clientId: client.client_id, verifier, url, code };
  }
}
