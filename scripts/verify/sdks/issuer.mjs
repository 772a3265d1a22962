// Identity providers that differ from the one of the demo, which holds a client to the scopes of
// its registration.
import { randomBytes } from 'node:crypto';
import {
  answerInteraction,
  configuration,
  loadLibrary,
  signingKey,
} from '../../../compiled/commands/demo/idp-config.js';
import { memoryStore } from '../../../compiled/commands/demo/idp-store.js';
import { startLoopback } from '../../../test/fixtures/launch.js';

const secret = () => randomBytes(24).toString('base64url');

/**
 * `change` turns the settings of the demo's identity provider into those of this one. `interact`
 * serves its pages; by default they answer by themselves.
 */
async function startProvider({ scopes, tokenTtl, interact = answerInteraction }, change) {
  const { Provider, errors } = await loadLibrary();
  const resources = new Map();
  const setup = {
    scopes,
    resources,
    tokenTtl,
    clients: {
      machine: { id: 'machine', secret: secret() },
      introspection: { id: 'introspection', secret: secret() },
    },
    adapter: memoryStore(),
    cookieKeys: [secret()],
  };
  let provider;
  const listening = await startLoopback((req, res) => {
    const answer = req.url.startsWith('/interaction/')
      ? interact(provider, req, res)
      : provider.callback()(req, res);
    answer.catch((error) => res.writeHead(400).end(error.message));
  });
  const settings = configuration(setup, errors, [await signingKey()]);
  provider = new Provider(listening.url, change(settings));
  provider.silent = true;
  return {
    provider,
    issuer: listening.url,
    /** Names a resource whose tokens are JWTs. */
    addResource: (resource) => resources.set(resource, 'jwt'),
    stop: listening.close,
  };
}

/** Drops the scopes of a registration. */
const forgetful = {
  properties: ['forgets_scope'],
  validator: (_ctx, _key, _value, metadata) => {
    delete metadata.scope;
  },
};

/** It does not hold a client to the scopes of its registration, so that a client can step up. */
export const startLenientIssuer = (options) =>
  startProvider(options, (settings) => ({ ...settings, extraClientMetadata: forgetful }));

/**
 * No client can register there. Its only client is a gateway, with a secret and one redirect URI.
 * `refreshes()`: how often the gateway has refreshed.
 */
export async function startClosedIssuer(options, callback) {
  const client = { id: 'gateway', secret: secret() };
  const closed = await startProvider(options, (settings) => ({
    ...settings,
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: [callback],
        response_types: ['code'],
        grant_types: ['authorization_code', 'refresh_token'],
        token_endpoint_auth_method: 'client_secret_basic',
      },
    ],
    features: { ...settings.features, registration: { enabled: false } },
  }));
  let count = 0;
  closed.provider.on('grant.success', ({ oidc }) => {
    if (oidc.params.grant_type === 'refresh_token') count += 1;
  });
  return { ...closed, client, refreshes: () => count };
}
