// The identity provider of the demo: a real oidc-provider on loopback, which logs in its only
// account without a form.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JWK, Provider } from 'oidc-provider';
import {
  answerInteraction,
  type ClientSecret,
  configuration,
  type IdpSetup,
  loadLibrary,
  signingKey,
  type TokenFormat,
} from './idp-config.js';
import { memoryStore } from './idp-store.js';
import { type Loopback, listenLoopback } from './loopback.js';

export type IdpOptions = {
  scopes: string[];
  /** Resource URLs (RFC 8707) whose access tokens are RS256 JWTs (RFC 9068). */
  jwtResources?: string[];
  /** Resource URLs whose access tokens are opaque and need introspection (RFC 7662). */
  opaqueResources?: string[];
  /** Access token lifetime in seconds. */
  tokenTtl?: number;
  /** Where it listens; without it, on a free port. */
  port?: number;
  /** Another address than loopback, for a container. The issuer keeps the URL of loopback. */
  host?: string;
};

export type TokenRequest = { resource?: string; scope?: string; client?: ClientSecret };

export type Idp = {
  issuer: string;
  url(path: string): string;
  clients: IdpSetup['clients'];
  /** Adds a resource after the start, for a gateway that gets its port later. */
  addResource(resource: string, format: TokenFormat): void;
  /** Requests an access token with client_credentials, over HTTP. */
  token(request: TokenRequest): Promise<string>;
  /** Signs with a new key from now on. The old keys stay published. */
  rotate(): Promise<void>;
  /** Publishes only the current key from now on. */
  dropOldKeys(): Promise<void>;
  hits: { jwks: number; introspection: number; metadata: number };
  /** Closes the port. Keys, clients and tokens stay for `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
};

const COUNTED: Record<string, keyof Idp['hits']> = {
  '/jwks': 'jwks',
  '/token/introspection': 'introspection',
  '/.well-known/openid-configuration': 'metadata',
  '/.well-known/oauth-authorization-server': 'metadata',
};

/** Starts an identity provider on a loopback port. */
export async function startIdp(options: IdpOptions): Promise<Idp> {
  const { Provider: ProviderClass, errors } = await loadLibrary();
  const resources = new Map<string, TokenFormat>();
  for (const resource of options.jwtResources ?? []) resources.set(resource, 'jwt');
  for (const resource of options.opaqueResources ?? []) resources.set(resource, 'opaque');
  const secret = () => randomBytes(24).toString('base64url');
  const setup: IdpSetup = {
    scopes: options.scopes,
    resources,
    tokenTtl: options.tokenTtl ?? 600,
    clients: {
      machine: { id: 'demo-machine', secret: secret() },
      introspection: { id: 'demo-introspection', secret: secret() },
    },
    adapter: memoryStore(),
    cookieKeys: [secret()],
  };

  const hits = { jwks: 0, introspection: 0, metadata: 0 };
  let keys: JWK[] = [await signingKey()];
  let provider: Provider;
  let serve: (req: IncomingMessage, res: ServerResponse) => Promise<void>;

  const handler = (req: IncomingMessage, res: ServerResponse): void => {
    const path = (req.url ?? '/').split('?', 1)[0] ?? '/';
    const counter = COUNTED[path];
    if (counter) hits[counter] += 1;
    const answer = path.startsWith('/interaction/')
      ? answerInteraction(provider, req, res)
      : serve(req, res);
    answer.catch((error: unknown) => {
      if (!res.headersSent) res.writeHead(400, { 'content-type': 'text/plain' });
      res.end(`${error instanceof Error ? error.message : 'error'}\n`);
    });
  };

  // The issuer is the exact URL, so the server listens before the provider exists.
  let listening: Loopback | undefined = await listenLoopback(handler, options.port, options.host);
  const { port, url: issuer } = listening;

  // oidc-provider reads its keys once. To change them, this creates a new instance over the same
  // store.
  const publish = (next: JWK[]): void => {
    keys = next;
    provider = new ProviderClass(issuer, configuration(setup, errors, keys));
    // Koa would print connection resets into the output of the demo.
    provider.silent = true;
    serve = provider.callback() as typeof serve;
  };
  publish(keys);

  return {
    issuer,
    url: (path) => new URL(path, issuer).href,
    clients: setup.clients,
    addResource: (resource, format) => void resources.set(resource, format),
    token: (request) =>
      clientCredentials(`${issuer}/token`, request.client ?? setup.clients.machine, request),
    rotate: async () => publish([await signingKey(), ...keys]),
    dropOldKeys: async () => publish(keys.slice(0, 1)),
    hits,
    async stop() {
      const open = listening;
      listening = undefined;
      await open?.close();
    },
    async start() {
      listening ??= await listenLoopback(handler, port, options.host);
    },
  };
}

async function clientCredentials(
  endpoint: string,
  client: ClientSecret,
  request: TokenRequest,
): Promise<string> {
  const body = new URLSearchParams({ grant_type: 'client_credentials' });
  if (request.resource !== undefined) body.set('resource', request.resource);
  if (request.scope !== undefined) body.set('scope', request.scope);
  const credentials = Buffer.from(
    `${encodeURIComponent(client.id)}:${encodeURIComponent(client.secret)}`,
  ).toString('base64');
  const headers = { authorization: `Basic ${credentials}` };
  const response = await fetch(endpoint, {
    method: 'POST',
    headers,
    body,
    signal: AbortSignal.timeout(5000),
  });
  const answer = (await response.json()) as {
    access_token?: string;
    error?: string;
    error_description?: string;
  };
  if (!answer.access_token)
    throw new Error(
      `token endpoint: ${response.status} ${answer.error}: ${answer.error_description}`,
    );
  return answer.access_token;
}
