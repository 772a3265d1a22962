// The table of presets for identity providers: the form of the issuer, the URL of its keys, its
// audience and the names of its claims. A field in the configuration overrides its preset.
// docs/idps.md says how certain each value is.

import type { ClaimNames, ClaimRules } from '../core/claim-rules.js';
import { isObject } from '../core/json.js';

/** One form of the issuer. `$&` is the issuer, `$1` the group of its pattern. */
interface Form {
  readonly issuer: RegExp;
  /** The URL of the keys. Without it the metadata names the URL. */
  readonly keys?: string;
  /** The client id within the issuer. */
  readonly client?: string;
  /** Why the resource is never the audience, and what to write instead. */
  readonly audienceNeeded?: string;
}

interface Preset {
  readonly forms: readonly Form[];
  /** The message for an issuer that has none of the forms. */
  readonly write: string;
  readonly typ: 'lenient' | 'at+jwt';
  readonly claims: Partial<ClaimNames>;
  /** Claims that mark an access token. A token without exactly these values is of another kind. */
  readonly requiredClaims: Readonly<Record<string, string>>;
  /** True: the audience of a token without `aud` is the client that it names. */
  readonly audienceIsClient: boolean;
}

const ANY: Form = { issuer: /^/ };
const TENANT_ID = '([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})';

const generic: Preset = {
  forms: [ANY],
  write: '',
  typ: 'lenient',
  claims: {},
  requiredClaims: {},
  audienceIsClient: false,
};

/** By the value of `preset`. All sign with RS256, the default. */
const presets = {
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
      },
    ],
    write:
      'write the tenant by its id: https://login.microsoftonline.com/<tenant id>/v2.0 for v2 ' +
      'tokens, https://sts.windows.net/<tenant id>/ with its trailing slash for v1. ' +
      'Never write common, organizations or a domain name',
    // `sub` differs from application to application.
    claims: { scopes: ['scp'], subject: ['oid'], tenant: ['tid'], client: ['azp', 'appid'] },
  },
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
  cognito: {
    ...generic,
    forms: [
      {
        issuer: /^https:\/\/cognito-idp\.[a-z0-9-]+\.amazonaws\.com\/[a-z0-9-]+_[A-Za-z0-9]+$/,
        keys: '$&/.well-known/jwks.json',
        audienceNeeded:
          'access tokens of Cognito name their client instead of an audience: ' +
          'write audience: [<app client id>] with the clients to accept',
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
  generic,
  rfc9068: { ...generic, typ: 'at+jwt', claims: { scopes: ['scope'], client: ['client_id'] } },
} satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;
export const presetNames = Object.keys(presets) as PresetName[];

const isPreset = (name: unknown): name is PresetName =>
  typeof name === 'string' && Object.hasOwn(presets, name);
const presetOf = (name: PresetName): Preset => presets[name];
const formOf = (preset: Preset, issuer: string): Form | undefined =>
  preset.forms.find((form) => form.issuer.test(issuer));
const filled = (
  form: Form | undefined,
  template: string | undefined,
  issuer: string,
): string | undefined =>
  form === undefined ? undefined : template && issuer.replace(form.issuer, template);

/** The fields of an issuer, with those of its preset for the fields that the operator left out. */
export function withPreset(raw: unknown): unknown {
  if (!isObject(raw) || !isPreset(raw.preset)) return raw;
  const preset = presetOf(raw.preset);
  const issuer = typeof raw.issuer === 'string' ? raw.issuer : '';
  const form = formOf(preset, issuer);
  const jwksUri = filled(form, form?.keys, issuer);
  const client = filled(form, form?.client, issuer);
  return {
    typ: preset.typ,
    ...(jwksUri === undefined ? {} : { jwksUri }),
    ...(client === undefined ? {} : { audience: [client] }),
    ...raw,
    claims:
      raw.claims === undefined || isObject(raw.claims)
        ? { ...preset.claims, ...raw.claims }
        : raw.claims,
  };
}

/** The message for an issuer without the form that its preset expects, or null. */
export function formProblem(name: PresetName, issuer: string): string | null {
  const preset = presetOf(name);
  return formOf(preset, issuer) === undefined ? preset.write : null;
}

/** The message for an issuer that needs a configured audience, or null. */
export function audienceProblem(name: PresetName, issuer: string): string | null {
  return formOf(presetOf(name), issuer)?.audienceNeeded ?? null;
}

/** The rules of a preset that no field of the configuration can set. */
export type PresetRules = Pick<ClaimRules, 'clientOfIssuer' | 'audienceIsClient'> &
  Pick<Preset, 'requiredClaims'>;

export function presetRules(name: PresetName, issuer: string): PresetRules {
  const preset = presetOf(name);
  const form = formOf(preset, issuer);
  return {
    requiredClaims: preset.requiredClaims,
    audienceIsClient: preset.audienceIsClient,
    clientOfIssuer: filled(form, form?.client, issuer) ?? null,
  };
}
