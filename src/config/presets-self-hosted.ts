// The presets of identity providers that operators run themselves. docs/idps.md says how certain
// each value is.
import { ANY_ISSUER, generic, type Preset } from './preset.js';

/** By the value of `preset`. */
export const selfHostedPresets = {
  keycloak: {
    ...generic,
    forms: [
      {
        issuer: /^https?:\/\/[^/]+(?:\/[^/]+)*\/realms\/[^/]+$/,
        keys: '$&/protocol/openid-connect/certs',
      },
    ],
    write:
      'write the realm without a trailing slash, such as https://login.example.com/realms/acme',
    claims: { scopes: ['scope'], client: ['azp', 'client_id'] },
    // The claim, not the header. Its other values are ID, Refresh and Logout.
    requiredClaims: { typ: 'Bearer' },
  },
  zitadel: {
    ...generic,
    forms: [{ issuer: /^https?:\/\/[^/]+$/, keys: '$&/oauth/v2/keys' }],
    write:
      'write the domain of the instance without a trailing slash, such as ' +
      'https://acme.zitadel.cloud',
    claims: { tenant: ['urn:zitadel:iam:user:resourceowner:id'] },
    // ID tokens have the same audience, but no id of their own.
    requiredClaims: { jti: true },
  },
  authentik: {
    ...generic,
    forms: [
      {
        issuer: /^https?:\/\/[^/]+(?:\/[^/]+)*\/application\/o\/[^/]+\/$/,
        keys: '$&jwks/',
        audienceNeeded:
          'tokens of authentik name the client of the provider, never the URL of the endpoint: ' +
          'write audience: [<client id>]',
      },
    ],
    write:
      'write the application with a trailing slash, such as ' +
      'https://auth.example.com/application/o/files/. For the issuer mode "global" write preset: ' +
      'generic, jwksUri and requiredClaims: { uid: true }',
    claims: { scopes: ['scope'], tenant: [], client: ['azp'] },
    // Access tokens are ID tokens with this claim, nonce included.
    requiredClaims: { uid: true },
  },
  glewlwyd: {
    ...generic,
    forms: [{ issuer: /^https?:\/\/[^/]+(?:\/[^/]+)*\/api\/[^/]+$/ }],
    write:
      'write the API URL of the plugin without a trailing slash, such as ' +
      'https://auth.example.com/api/oidc',
    claims: { scopes: ['scope'], tenant: [], client: ['client_id'] },
  },
  lemonldap: {
    ...generic,
    claims: { scopes: ['scope'], tenant: [], client: ['client_id'] },
    // The additional audience of a relying party is also in its ID tokens.
    requiredClaims: { scope: true },
  },
  'better-auth': {
    ...generic,
    forms: [{ issuer: /^https?:\/\/[^/]+(?:\/[^/]+)*\/api\/auth$/, keys: '$&/jwks' }],
    write:
      'write the base URL of the auth routes without a trailing slash, such as ' +
      'https://app.example.com/api/auth',
    claims: { scopes: ['scope'], client: ['azp', 'client_id'] },
    algorithms: ['EdDSA'],
  },
  'django-oauth-toolkit': {
    ...generic,
    // The endpoint without the slash at its end is a redirect.
    forms: [{ issuer: /^https?:\/\/[^/]+(?:\/[^/]+)+$/, introspection: '$&/introspect/' }],
    write:
      'write the path of the OAuth URLs without a trailing slash, such as ' +
      'https://app.example.com/o',
    claims: { scopes: ['scope'], tenant: [], client: ['client_id'] },
    // Its access tokens are opaque. Its only JWTs are ID tokens.
    verify: 'introspection',
  },
  hydra: {
    ...generic,
    claims: { scopes: ['scp', 'scope'], tenant: [], client: ['client_id'] },
    // The endpoint is on the admin port, which has no authentication.
    introspectionAuth: 'none',
  },
  spring: {
    ...generic,
    forms: [
      {
        ...ANY_ISSUER,
        audienceNeeded:
          'Spring Authorization Server names the client as audience: ' +
          'write audience: [<client id>], or the resource if an OAuth2TokenCustomizer adds it',
      },
    ],
    claims: { scopes: ['scope'], tenant: [] },
    // Its ID tokens have the same audience and introspect as active, but never have a scope.
    requiredClaims: { scope: true },
  },
  canaille: {
    ...generic,
    forms: [
      {
        issuer: /^https?:\/\/[^/]+\/(?:[^/]+\/)*$/,
        audienceNeeded:
          'tokens of Canaille name clients as audience, never the URL of the endpoint: ' +
          'write audience: [<client id>]',
      },
    ],
    write: 'write the root of the server with a trailing slash, such as https://auth.example.com/',
    claims: { scopes: ['scope'], tenant: [], client: ['client_id'] },
    algorithms: ['RS256', 'RS512'],
    // Its JWTs have nothing that an ID token does not have.
    verify: 'introspection',
  },
} satisfies Record<string, Preset>;
