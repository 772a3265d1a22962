// The configuration of oidc-provider for the demo, and its automatic login page.
import { generateKeyPair, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import type { AdapterFactory, Configuration, JWK, Provider } from 'oidc-provider';

/** The only account. */
const ACCOUNT = 'alice';

export type ClientSecret = { id: string; secret: string };
export type TokenFormat = 'jwt' | 'opaque';

export type IdpSetup = {
  scopes: readonly string[];
  /** The provider reads it on every request, so a resource can be added later. */
  resources: ReadonlyMap<string, TokenFormat>;
  tokenTtl: number;
  clients: { machine: ClientSecret; introspection: ClientSecret };
  adapter: AdapterFactory;
  cookieKeys: string[];
};

/** A 2048-bit RS256 signing key with a random key id, as a private JWK. */
export async function signingKey(): Promise<JWK> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return {
    ...(privateKey.export({ format: 'jwk' }) as JWK),
    kid: randomBytes(8).toString('hex'),
    alg: 'RS256',
    use: 'sig',
  };
}

type Library = typeof import('oidc-provider');
let library: Promise<Library> | undefined;

/** Loads oidc-provider, and suppresses its warning about the Node.js release. */
export function loadLibrary(): Promise<Library> {
  library ??= (async () => {
    const { warn } = console;
    console.warn = (...args: unknown[]) => {
      if (!String(args[0]).includes('oidc-provider WARNING: Unsupported runtime')) warn(...args);
    };
    try {
      return await import('oidc-provider');
    } finally {
      console.warn = warn;
    }
  })();
  return library;
}

/** Sets each option for which oidc-provider would use a default and print a warning. */
export function configuration(
  setup: IdpSetup,
  errors: Library['errors'],
  keys: JWK[],
): Configuration {
  const { machine, introspection } = setup.clients;
  const confidential = {
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: 'client_secret_basic',
  } as const;
  return {
    adapter: setup.adapter,
    jwks: { keys },
    cookies: { keys: setup.cookieKeys },
    clients: [
      {
        ...confidential,
        client_id: machine.id,
        client_secret: machine.secret,
        grant_types: ['client_credentials'],
      },
      {
        ...confidential,
        client_id: introspection.id,
        client_secret: introspection.secret,
        grant_types: [],
      },
    ],
    // Without these, the provider rejects a registration that names one of the scopes.
    scopes: ['openid', 'offline_access', ...setup.scopes],
    pkce: { required: () => true },
    clientBasedCORS: () => false,
    findAccount: async (_ctx, sub) =>
      sub === ACCOUNT ? { accountId: sub, claims: async () => ({ sub }) } : undefined,
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: async () => false,
    renderError: (ctx, out) => {
      ctx.type = 'text/plain';
      ctx.body = `${out.error}: ${out.error_description ?? ''}\n`;
    },
    ttl: {
      AccessToken: setup.tokenTtl,
      ClientCredentials: setup.tokenTtl,
      IdToken: setup.tokenTtl,
      AuthorizationCode: 60,
      Interaction: 600,
      Grant: 86_400,
      RefreshToken: 86_400,
      Session: 86_400,
    },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      clientCredentials: { enabled: true },
      registration: { enabled: true },
      revocation: {
        enabled: true,
        allowedPolicy: async (_ctx, client, token) => client.clientId === token.clientId,
      },
      introspection: {
        enabled: true,
        allowedPolicy: async (_ctx, client) => client.clientId === introspection.id,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: async (_ctx, _client, oneOf) => oneOf ?? [],
        useGrantedResource: async () => true,
        getResourceServerInfo: async (_ctx, resource) => {
          const format = setup.resources.get(resource);
          if (!format) throw new errors.InvalidTarget('unknown resource');
          const info = {
            scope: setup.scopes.join(' '),
            audience: resource,
            accessTokenTTL: setup.tokenTtl,
          };
          if (format === 'opaque') return { ...info, accessTokenFormat: 'opaque' };
          return { ...info, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } };
        },
      },
    },
  };
}

/** The login page: logs in the account, grants the requested scopes, and redirects. */
export async function answerInteraction(
  provider: Provider,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const { prompt, params, session, grantId } = await provider.interactionDetails(req, res);
  if (prompt.name === 'login')
    return provider.interactionFinished(req, res, { login: { accountId: ACCOUNT } });

  const known = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  const grant =
    known ??
    new provider.Grant({ accountId: session?.accountId, clientId: String(params.client_id) });
  const missing = prompt.details as {
    missingOIDCScope?: string[];
    missingResourceScopes?: Record<string, string[]>;
  };
  if (missing.missingOIDCScope) grant.addOIDCScope(missing.missingOIDCScope);
  for (const [resource, scopes] of Object.entries(missing.missingResourceScopes ?? {}))
    grant.addResourceScope(resource, scopes);
  await provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } });
}
