// The presets of identity providers that others run: how their issuers, keys, audiences and claims
// look. docs/idps.md says how certain each value is.
import { generic, type Preset } from './preset.js';

const TENANT_ID = '([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})';

/** By the value of `preset`. All sign with RS256, the default, unless they say otherwise. */
export const hostedPresets = {
  workos: {
    ...generic,
    forms: [{ issuer: /^https?:\/\/(?!api\.workos\.com$)[^/]+$/, keys: '$&/oauth2/jwks' }],
    write:
      'write the AuthKit domain without a trailing slash, such as https://acme.authkit.app; ' +
      'for the session tokens of api.workos.com write preset: workos-session',
    claims: { scopes: ['scope'], tenant: ['org_id'], client: ['client_id'] },
  },
  'workos-session': {
    ...generic,
    forms: [
      {
        issuer: /^https?:\/\/[^/]+\/user_management\/(client_[A-Za-z0-9]+)$/,
        keys: 'https://api.workos.com/sso/jwks/$1',
        client: '$1',
      },
    ],
    write:
      'write the issuer with the client id and without a trailing slash, such as ' +
      'https://api.workos.com/user_management/client_01ABC; ' +
      'https://api.workos.com alone does not name a client',
    claims: { scopes: ['permissions'], tenant: ['org_id'] },
    audienceIsClient: true,
  },
  auth0: {
    ...generic,
    forms: [{ issuer: /^https?:\/\/[^/]+\/$/, keys: '$&.well-known/jwks.json' }],
    write:
      'write the domain of the tenant with a trailing slash, such as https://acme.us.auth0.com/',
    claims: { scopes: ['scope'], tenant: ['org_id'], client: ['azp', 'client_id'] },
  },
  okta: {
    ...generic,
    forms: [{ issuer: /^https?:\/\/[^/]+\/oauth2\/[^/]+$/, keys: '$&/v1/keys' }],
    write:
      'write a custom authorization server without a trailing slash, such as ' +
      'https://acme.okta.com/oauth2/default. Only Okta can verify the tokens of the org server: ' +
      'for those write preset: generic, verify: introspection and an introspection block',
    // `sub` is the login name, which Okta can later give to another user.
    claims: { scopes: ['scp'], subject: ['uid', 'sub'], client: ['cid'] },
    facade: { scopes: ['offline_access'] },
  },
  entra: {
    ...generic,
    forms: [
      {
        issuer: new RegExp(`^https://login\\.microsoftonline\\.com/${TENANT_ID}/v2\\.0$`),
        keys: 'https://login.microsoftonline.com/$1/discovery/v2.0/keys',
        audienceNeeded:
          'v2 tokens of Entra name the API by its application id, never by its URL: ' +
          'write audience: [<application id>]',
      },
      {
        issuer: new RegExp(`^https://sts\\.windows\\.net/${TENANT_ID}/$`),
        keys: 'https://login.microsoftonline.com/$1/discovery/keys',
        audienceNeeded:
          'v1 tokens of Entra name the API by its application id or by any of its ID URIs: ' +
          'write audience: [<application id>, <Application ID URI>]',
      },
    ],
    write:
      'write the tenant by its id: https://login.microsoftonline.com/<tenant id>/v2.0 for v2 ' +
      'tokens, https://sts.windows.net/<tenant id>/ with its trailing slash for v1. ' +
      'Never write common, organizations or a domain name',
    // `sub` differs from application to application.
    claims: { scopes: ['scp'], subject: ['oid'], tenant: ['tid'], client: ['azp', 'appid'] },
    // The scopes name the resource. Entra rejects a second name of it.
    facade: { scopes: ['offline_access'], sendResource: false },
  },
  cognito: {
    ...generic,
    forms: [
      {
        issuer: /^https:\/\/cognito-idp\.[a-z0-9-]+\.amazonaws\.com\/[a-z0-9-]+_[A-Za-z0-9]+$/,
        keys: '$&/.well-known/jwks.json',
      },
    ],
    write:
      'write the user pool without a trailing slash, such as ' +
      'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123; ' +
      'not the domain of its login pages',
    claims: { scopes: ['scope'], client: ['client_id'] },
    requiredClaims: { token_use: 'access' },
    audienceIsClient: true,
  },
  clerk: {
    ...generic,
    forms: [{ issuer: /^https?:\/\/[^/]+$/, keys: '$&/.well-known/jwks.json' }],
    write:
      'write the Frontend API URL of the instance without a trailing slash, such as ' +
      'https://clerk.example.com',
    // Session tokens and ID tokens have the same issuer and the same key.
    typ: 'at+jwt',
    claims: { tenant: ['org_id'] },
  },
  descope: {
    ...generic,
    forms: [
      {
        issuer: /^(https?:\/\/[^/]+)\/v1\/apps\/(?:agentic\/)?(P[A-Za-z0-9]+)(?:\/[^/]+)?$/,
        keys: '$1/$2/.well-known/jwks.json',
      },
    ],
    write:
      'write the issuer of the project or of the MCP server, such as ' +
      'https://api.descope.com/v1/apps/agentic/P2abc/MS3def',
    claims: { scopes: ['scope'], tenant: ['dct'] },
  },
  scalekit: {
    ...generic,
    forms: [{ issuer: /^(https?:\/\/[^/]+)(?:\/resources\/res_[A-Za-z0-9]+)?$/, keys: '$1/keys' }],
    write:
      'write the environment or its resource without a trailing slash, such as ' +
      'https://acme.scalekit.com/resources/res_123',
    claims: { scopes: ['scope'], tenant: ['org_id'], client: ['client_id'] },
  },
  logto: {
    ...generic,
    forms: [{ issuer: /^https?:\/\/[^/]+(?:\/[^/]+)*\/oidc$/, keys: '$&/jwks' }],
    write: 'write the issuer without a trailing slash, such as https://acme.logto.app/oidc',
    claims: { scopes: ['scope'], tenant: ['organization_id'], client: ['client_id'] },
    algorithms: ['ES384'],
  },
} satisfies Record<string, Preset>;
