// Repeats the requests of one probing client over real HTTP: probe, documents, registration, login
// with PKCE, token, tool call. Gives up where the client would, and records every request.
import { createHash, randomBytes } from 'node:crypto';
import { followAuthorization } from '../../src/commands/demo/scripted-login.js';
import { answered, secretHeaders } from '../fixtures/ledger.js';
import type { Challenge, Document, ProbingClient } from './probing-clients.js';

const REDIRECT = 'http://127.0.0.1:9/callback';
const TIMEOUT_MS = 5000;

type Answer = { readonly status: number; readonly headers: Headers; readonly text: string };
type Sent = { method?: string; headers?: Record<string, string>; body?: string | URLSearchParams };

export interface Found {
  readonly challenge: Challenge;
  readonly resource: Document;
  readonly server: Document;
}

export interface Walk {
  /** Every request, as `METHOD URL STATUS`. */
  readonly requests: string[];
  /** Up to the metadata of the authorization server. `blind`: as if the challenge were lost. */
  discover(options?: { blind?: boolean }): Promise<Found>;
  /** From there to an access token. */
  login(found: Found): Promise<string>;
  /** Calls the tool `echo` in revision 2025-11-25. Resolves with the text that it returns. */
  call(token: string, text: string): Promise<string>;
}

const parsed = (text: string): Document | null => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Document) : null;
  } catch {
    return null;
  }
};

/** The message of a JSON answer, or the last one of an event stream. */
const messageOf = (text: string): Document | null =>
  parsed(text) ?? parsed([...text.matchAll(/^data: ?(\{.*)$/gm)].at(-1)?.[1] ?? '');

export function walk(client: ProbingClient, mcp: URL): Walk {
  const requests: string[] = [];
  const giveUp = (why: string): never => {
    throw new Error(`${client.name} gives up: ${why}`);
  };

  async function ask(url: string, { method = 'GET', headers = {}, body }: Sent = {}): Promise<Answer> {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const port = Number(new URL(url).port);
    const response = await fetch(url, { method, headers, redirect: 'manual', signal, ...(body === undefined ? {} : { body }) });
    const text = await response.text();
    requests.push(`${method} ${url} ${response.status}`);
    secretHeaders(port, Object.entries(headers));
    answered(port, text);
    return { status: response.status, headers: response.headers, text };
  }

  /** The document at the first of the places that has one. */
  async function fetchFirst(what: string, places: string[]): Promise<Document | null> {
    for (const place of places) {
      const { status, text } = await ask(place, { headers: client.headers });
      if (status === 200) return parsed(text) ?? giveUp(`${what} is not JSON`);
      if (!client.goesOn(status)) giveUp(`${what} is ${status}`);
    }
    return null;
  }

  async function probed(): Promise<Challenge> {
    const { method, headers } = client.probe;
    const ping = { jsonrpc: '2.0', id: 0, method: 'initialize', params: initializeParams };
    const { status, headers: got } = await ask(mcp.href, {
      method,
      headers,
      ...(method === 'POST' ? { body: JSON.stringify(ping) } : {}),
    });
    if (status !== 401) giveUp(`the probe is ${status}`);
    const line = got.get('www-authenticate');
    // Codex reads any error as one about a token, and it has no token.
    if (line !== null && /error=/.test(line)) giveUp('an error, and no token was sent');
    return (line === null ? null : client.reads(line, mcp)) ?? giveUp('no challenge that it reads');
  }

  async function serverOf(issuers: readonly unknown[]): Promise<Document> {
    for (const issuer of issuers) {
      const server = await fetchFirst('the metadata of the authorization server', client.serverAt(String(issuer)));
      if (server === null) continue;
      if (!client.believes(server.issuer, String(issuer))) giveUp(`the issuer is ${server.issuer}, not ${issuer}`);
      for (const member of ['authorization_endpoint', 'token_endpoint', ...client.wants])
        if (server[member] === undefined) giveUp(`the authorization server has no ${member}`);
      return server;
    }
    return giveUp('no metadata of an authorization server');
  }

  async function discover({ blind = false } = {}): Promise<Found> {
    if (client.first !== undefined) {
      const offered = await fetchFirst('its own look at the MCP server', client.first(mcp));
      if (offered?.authorization_endpoint === undefined || offered.token_endpoint === undefined) giveUp('OAuth is not supported');
    }
    const read = await probed();
    const challenge = blind ? {} : read;
    for (const place of client.looks?.(mcp) ?? []) await ask(place, { headers: client.headers });
    const resource =
      (await fetchFirst('the resource metadata', client.resourceAt(mcp, challenge))) ?? giveUp('no resource metadata');
    if (typeof resource.resource !== 'string' || !client.takes(resource.resource, mcp))
      giveUp(`the resource is ${resource.resource}, not ${mcp.href}`);
    const { authorization_servers: issuers, scopes_supported: scopes } = resource;
    if (!Array.isArray(issuers) || issuers.length === 0) return giveUp('no authorization server');
    if (scopes !== undefined && !(Array.isArray(scopes) && scopes.every((scope) => typeof scope === 'string')))
      giveUp('scopes_supported is not a list of texts');
    return { challenge, resource, server: await serverOf(issuers) };
  }

  async function login({ challenge, resource, server }: Found): Promise<string> {
    const registration = {
      client_name: client.name,
      redirect_uris: [REDIRECT],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    };
    const json = { 'content-type': 'application/json' };
    const registered = await ask(String(server.registration_endpoint), {
      method: 'POST',
      headers: json,
      body: JSON.stringify(registration),
    });
    const id = String(parsed(registered.text)?.client_id ?? giveUp(`registration is ${registered.status}`));
    const verifier = randomBytes(32).toString('base64url');
    const target = client.resource(String(resource.resource), mcp);
    const scope = client.scope(challenge, resource, server);
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: id,
      redirect_uri: REDIRECT,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      state: 'x',
      resource: target,
      ...(scope === undefined ? {} : { scope }),
    });
    const back = await followAuthorization(`${server.authorization_endpoint}?${query}`, REDIRECT);
    const code = back.searchParams.get('code') ?? giveUp(`the login is ${back.searchParams}`);
    const grant = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT, client_id: id, code_verifier: verifier };
    const body = new URLSearchParams({ ...grant, resource: target });
    const answered = await ask(String(server.token_endpoint), { method: 'POST', body });
    return String(parsed(answered.text)?.access_token ?? giveUp(`the token endpoint is ${answered.status}`));
  }

  async function call(token: string, text: string): Promise<string> {
    const headers: Record<string, string> = {
      accept: BOTH,
      'content-type': 'application/json',
      authorization: `Bearer ${token}`,
      ...client.calls,
    };
    const send = async (message: Document): Promise<Answer> => {
      const body = JSON.stringify({ jsonrpc: '2.0', ...message });
      const answer = await ask(mcp.href, { method: 'POST', headers, body });
      return answer.status === 200 || answer.status === 202 ? answer : giveUp(`${message.method} is ${answer.status}`);
    };
    const begun = await send({ id: 1, method: 'initialize', params: initializeParams });
    const { protocolVersion } = (messageOf(begun.text)?.result ?? {}) as { protocolVersion?: string };
    headers['mcp-protocol-version'] = protocolVersion ?? giveUp('no revision was agreed upon');
    const session = begun.headers.get('mcp-session-id');
    if (session !== null) headers['mcp-session-id'] = session;
    await send({ method: 'notifications/initialized' });
    const called = await send({ id: 2, method: 'tools/call', params: { name: 'echo', arguments: { text } } });
    const { content } = (messageOf(called.text)?.result ?? {}) as { content?: { text: string }[] };
    return content?.[0]?.text ?? giveUp(`the tool said ${called.text.slice(0, 200)}`);
  }

  return { requests, discover, login, call };
}

const BOTH = 'application/json, text/event-stream';
const initializeParams = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '0' } };
