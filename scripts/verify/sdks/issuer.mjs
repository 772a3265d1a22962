// An identity provider that does not hold a client to the scopes of its registration, so that a
// client can step up. The one of the demo holds it to them.
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

/** Drops the scopes of a registration. */
const forgetful = {
  properties: ['forgets_scope'],
  validator: (_ctx, _key, _value, metadata) => {
    delete metadata.scope;
  },
};

/** Starts it on a loopback port. `addResource` names a resource whose tokens are JWTs. */
export async function startLenientIssuer({ scopes, tokenTtl }) {
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
      ? answerInteraction(provider, req, res)
      : provider.callback()(req, res);
    answer.catch((error) => res.writeHead(400).end(error.message));
  });
  const settings = configuration(setup, errors, [await signingKey()]);
  provider = new Provider(listening.url, { ...settings, extraClientMetadata: forgetful });
  provider.silent = true;
  return {
    issuer: listening.url,
    addResource: (resource) => resources.set(resource, 'jwt'),
    stop: listening.close,
  };
}
