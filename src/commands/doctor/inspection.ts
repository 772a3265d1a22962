// Fetches everything that the checks read, each thing once: responses without a token, metadata,
// the MCP conversations. Never sends the token to another URL than the one that the operator typed.
import { randomBytes } from 'node:crypto';
import { isLoopbackHost, isProtectedUrl } from '../../core/loopback.js';
import { initializeRequest, type McpRequest, modernRequest } from '../mcp-request.js';
import { type Challenge, findParameter, parseChallenges } from './challenge.js';
import { CLIENT_NAME } from './client-name.js';
import { type JsonDocument, type JsonObject, parseDocument } from './document.js';
import { type Front, frontsOf, type ProxyFix, settingsOf, type Topic } from './fronts.js';
import { madeUpToken } from './made-up-token.js';
import { createConversations } from './mcp-conversation.js';
import {
  type HttpResponse,
  headerValues,
  isStream,
  type Outcome,
  type RequestOptions,
  type SendRequest,
  sendRequest,
} from './request.js';
import { credentialOf, type Target } from './target.js';

const CALL_MS = 30_000;

const RESOURCE_METADATA = '/.well-known/oauth-protected-resource';
const SERVER_METADATA = '/.well-known/oauth-authorization-server';

/** Where known clients look, and one URL that no server knows. */
function locationsOf({ origin, search }: URL, path: string) {
  return {
    wellKnown: `${origin}${RESOURCE_METADATA}${path}${search}`,
    root: `${origin}${RESOURCE_METADATA}`,
    afterPath: `${origin}${path}${RESOURCE_METADATA}`,
    trailingSlash: `${origin}${RESOURCE_METADATA}${path}/`,
    unknown: `${origin}/.well-known/${CLIENT_NAME}-${randomBytes(6).toString('hex')}`,
    serverMetadata: `${origin}${SERVER_METADATA}${path}`,
    serverMetadataAtRoot: `${origin}${SERVER_METADATA}`,
  };
}

/** Remembers each result, so that the doctor sends each request once. */
function once<T>(run: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const results = new Map<string, Promise<T>>();
  return (key) => {
    const result = results.get(key) ?? run(key);
    results.set(key, result);
    return result;
  };
}

/** The WWW-Authenticate lines of a response, and the first challenge of the first line. */
export function challengesOf(outcome: Outcome): {
  readonly lines: string[];
  readonly first: Challenge | null;
} {
  const lines = outcome.kind === 'response' ? headerValues(outcome, 'www-authenticate') : [];
  const parsed = lines[0] === undefined ? null : parseChallenges(lines[0]);
  return { lines, first: parsed?.[0] ?? null };
}

export function createInspection(given: Target) {
  const target = { callMs: CALL_MS, key: null, login: null, ...given };
  const url = new URL(target.url);
  const path = url.pathname === '/' ? '' : url.pathname;
  const locations = locationsOf(url, path);
  const isOnLoopback = isLoopbackHost(url.hostname);
  /** Empty if the token or the key would travel in the clear. */
  const authorization = isProtectedUrl(target.url) ? credentialOf(target) : {};
  const sendsToken = Object.keys(authorization).length > 0;

  const post = (
    { headers, body }: McpRequest,
    options: Partial<RequestOptions> = {},
  ): RequestOptions => ({
    url: target.url,
    method: 'POST',
    body,
    ...options,
    headers: { ...headers, ...options.headers },
  });

  /** Sends this method to the endpoint, without a token. Does not wait for an open stream. */
  const withoutToken = once((method) => {
    if (method === 'POST') return sendRequest(post(initializeRequest(CLIENT_NAME)));
    return sendRequest({ url: target.url, method, headers: { accept: '*/*' }, isEnough: isStream });
  });

  const seen: Front[] = [];

  /** The opening request of 2026-07-28, without a token. */
  const discoverWithoutToken = once(() =>
    sendRequest(post(modernRequest(CLIENT_NAME, 'server/discover'))),
  );

  /** Sends a made-up token with this number of characters. */
  const withMadeUpToken = once((length) =>
    sendRequest(
      post(initializeRequest(CLIENT_NAME), {
        headers: { authorization: `Bearer ${madeUpToken(Number(length))}` },
      }),
    ),
  );

  const get = once((location) => {
    // A remote server must not direct the doctor to this machine, or to an unprotected connection.
    if (isProtectedUrl(location) && (isOnLoopback || location.startsWith('https:'))) {
      const headers = { accept: 'application/json', 'mcp-protocol-version': '2025-11-25' };
      return sendRequest({ url: location, headers });
    }
    return Promise.resolve<Outcome>({
      kind: 'no response',
      url: location,
      code: 'NOT SENT',
      detail: 'the URL is neither https nor, for a server on loopback, http on loopback',
      endedMs: 0,
    });
  });
  const document = async (location: string): Promise<JsonDocument> =>
    parseDocument(await get(location));

  /** The metadata that clients use: from the challenge, otherwise from the well-known paths. */
  async function metadata(): Promise<JsonObject | null> {
    const { first } = challengesOf(await withoutToken('POST'));
    const linked = first === null ? undefined : findParameter(first, 'resource_metadata')?.value;
    const candidates =
      linked !== undefined && URL.canParse(linked)
        ? [linked, locations.wellKnown, locations.root]
        : [locations.wellKnown, locations.root];
    for (const location of candidates) {
      const { json } = await document(location);
      if (json !== null) return json;
    }
    return null;
  }

  async function authorizationServers(): Promise<string[]> {
    const { authorization_servers: servers } = (await metadata()) ?? {};
    if (!Array.isArray(servers)) return [];
    return servers.filter((one): one is string => typeof one === 'string' && URL.canParse(one));
  }

  /** Sends a request to the URL that the operator typed, with the token or the key, if any. */
  const authorized = (
    options: Omit<RequestOptions, 'url'>,
    send: SendRequest = sendRequest,
  ): Promise<Outcome> =>
    send({
      ...options,
      url: target.url,
      headers: { ...options.headers, ...authorization },
    });
  const postAuthorized = (
    request: McpRequest,
    options: Partial<RequestOptions> = {},
    send: SendRequest = sendRequest,
  ): Promise<Outcome> => authorized(post(request, options), send);

  /**
   * The response with status 200 to an opening request without a token. A server of 2026-07-28
   * alone rejects `initialize`.
   */
  const responseWithoutToken = async (): Promise<HttpResponse | null> => {
    const outcome = await withoutToken('POST');
    if (outcome.kind !== 'response' || outcome.status === 401) return null;
    if (outcome.status === 200 && outcome.text.includes('"result"')) return outcome;
    const modern = await discoverWithoutToken('');
    const isResult = modern.kind === 'response' && modern.text.includes('"result"');
    if (isResult && modern.status === 200) return modern;
    return outcome.status === 200 ? outcome : null;
  };

  return {
    target,
    url,
    path,
    locations,
    /** False without a token or a key, and if it would travel in the clear. */
    sendsToken,
    withoutToken,
    /** The response to a made-up token with this number of characters. */
    withMadeUpToken: (length: number): Promise<Outcome> => withMadeUpToken(String(length)),
    /**
     * A fix by settings of proxies. The outcomes may show which proxy it is; so may those of
     * earlier fixes, and that of a request without a token.
     */
    async fixFor(topic: Topic, fix: string, ...outcomes: Outcome[]): Promise<ProxyFix> {
      seen.push(...frontsOf(...outcomes, await withoutToken('POST')));
      return { fix, settings: settingsOf(topic, [...new Set(seen)]) };
    },
    /** True if a response shows this proxy. */
    isBehind: async (front: Front): Promise<boolean> =>
      [...seen, ...frontsOf(await withoutToken('POST'))].includes(front),
    get,
    document,
    metadata,
    authorizationServers,
    authorized,
    postAuthorized,
    /**
     * The opening request that the server understands: `initialize`, unless it is open and
     * supports 2026-07-28 alone.
     */
    openingRequest: async (): Promise<McpRequest> => {
      const response = await responseWithoutToken();
      return response !== null && response === (await discoverWithoutToken(''))
        ? modernRequest(CLIENT_NAME, 'server/discover')
        : initializeRequest(CLIENT_NAME);
    },
    /** True if the opening request gets a result without a token. */
    isOpen: async (): Promise<boolean> =>
      (await responseWithoutToken())?.text.includes('"result"') ?? false,
    /** True if the response has status 200, with a result or not. */
    needsNoLogin: async (): Promise<boolean> => (await responseWithoutToken()) !== null,
    /** True with a token or a key, and on a server that needs none. */
    canConverse: async (): Promise<boolean> =>
      (await responseWithoutToken()) !== null || sendsToken,
    conversations: createConversations(
      postAuthorized,
      (session, version) =>
        authorized({
          method: 'DELETE',
          headers: { 'mcp-session-id': session, 'mcp-protocol-version': version },
        }),
      target,
    ),
  };
}

export type Inspection = ReturnType<typeof createInspection>;
