// Acts as an MCP client in plain HTTP, so that the tour can show every header: calls, registration,
// login with PKCE.
import { createHash, randomBytes } from 'node:crypto';
import { modernRequest } from '../mcp-request.js';
import { followAuthorization } from './scripted-login.js';

const DEADLINE_MS = 10_000;

export interface Answer {
  readonly status: number;
  readonly challenge: string | null;
  readonly retryAfter: string | null;
  /** The gateway's id of the request, which its log line has too. */
  readonly requestId: string;
  /** The JSON-RPC message, from JSON or from the first event of a stream. */
  readonly message: { result?: unknown; error?: { message: string; data?: unknown } };
}

function parse(text: string): Answer['message'] {
  const data = text.startsWith('{') ? text : (/^data: ?(.*)$/m.exec(text)?.[1] ?? '{}');
  return JSON.parse(data) as Answer['message'];
}

/** Sends one request of revision 2026-07-28. */
export async function call(
  url: string,
  authorization: string | null,
  method: string,
  params: Record<string, unknown> = {},
): Promise<Answer> {
  const { headers: own, body } = modernRequest('portcullis-demo', method, params);
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...own, ...(authorization === null ? {} : { authorization }) },
    body,
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  const { headers, status } = response;
  const message = parse(await response.text());
  return {
    status,
    challenge: headers.get('www-authenticate'),
    retryAfter: headers.get('retry-after'),
    requestId: headers.get('x-request-id') ?? '',
    message,
  };
}

export async function getJson(url: string): Promise<Record<string, unknown>> {
  const response = await fetch(url, { signal: AbortSignal.timeout(DEADLINE_MS) });
  if (response.status !== 200) throw new Error(`GET ${url} got ${response.status}`);
  return (await response.json()) as Record<string, unknown>;
}

async function postJson(
  url: string,
  body: string | URLSearchParams,
  type: string,
): Promise<Record<string, unknown>> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': type },
    body,
    signal,
  });
  const answer = (await response.json()) as Record<string, unknown>;
  if (!response.ok) throw new Error(`POST ${url} got ${response.status}: ${String(answer.error)}`);
  return answer;
}

/**
 * Registers a public client (RFC 7591) and logs in with PKCE (RFC 7636) for one resource
 * (RFC 8707). Resolves to the access token.
 */
export async function logIn(
  metadata: Record<string, unknown>,
  resource: string,
  scope: string,
): Promise<string> {
  const redirectUri = 'http://127.0.0.1/callback';
  const registration = {
    redirect_uris: [redirectUri],
    token_endpoint_auth_method: 'none',
    application_type: 'native',
  };
  const client = await postJson(
    String(metadata.registration_endpoint),
    JSON.stringify(registration),
    'application/json',
  );
  const verifier = randomBytes(32).toString('base64url');
  const authorize = new URL(String(metadata.authorization_endpoint));
  authorize.search = new URLSearchParams({
    response_type: 'code',
    client_id: String(client.client_id),
    redirect_uri: redirectUri,
    scope,
    resource,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString();
  const back = await followAuthorization(authorize, redirectUri);
  const exchange = new URLSearchParams({
    grant_type: 'authorization_code',
    code: back.searchParams.get('code') ?? '',
    client_id: String(client.client_id),
    redirect_uri: redirectUri,
    code_verifier: verifier,
    resource,
  });
  const tokens = await postJson(
    String(metadata.token_endpoint),
    exchange,
    'application/x-www-form-urlencoded',
  );
  return String(tokens.access_token);
}
