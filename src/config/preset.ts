// The shape of a preset, and the preset that adds nothing. The other presets build on it.
import type { ClaimNames } from '../core/claim-rules.js';

/** One form of the issuer. `$&` is the issuer, `$1` the group of its pattern. */
export interface Form {
  readonly issuer: RegExp;
  /** The URL of the keys. Without it the metadata names the URL. */
  readonly keys?: string;
  /** The client id within the issuer. */
  readonly client?: string;
  /** Why the resource is never the audience, and what to write instead. */
  readonly audienceNeeded?: string;
  /** The URL for introspection. Without it the metadata names the URL. */
  readonly introspection?: string;
  /** The endpoints of a login without OpenID Connect, for a facade. Default: from the metadata. */
  readonly login?: {
    readonly authorization: string;
    readonly token: string;
    /** Says who the person of an access token is. */
    readonly user: string;
  };
}

/** The fields of a facade at this identity provider. */
export interface FacadePreset {
  /** The access tokens of the identity provider prove nothing to another server. */
  readonly mode?: 'issued';
  readonly auth?: 'post';
  readonly scopes?: readonly string[];
  readonly parameters?: Readonly<Record<string, string>>;
  readonly sendResource?: false;
}

export interface Preset {
  readonly forms: readonly Form[];
  /** The message for an issuer that has none of the forms. */
  readonly write: string;
  readonly typ: 'lenient' | 'at+jwt';
  readonly claims: Partial<ClaimNames>;
  /** Claims that mark an access token: their only value, or true for any value. */
  readonly requiredClaims: Readonly<Record<string, string | true>>;
  /** True: the audience of a token without `aud` is the client that it names. */
  readonly audienceIsClient: boolean;
  /** Absent: the default of the field. */
  readonly algorithms?: readonly string[];
  readonly verify?: 'introspection';
  /** How the gateway authenticates at the introspection endpoint. */
  readonly introspectionAuth?: 'none';
  readonly facade?: FacadePreset;
}

export const ANY_ISSUER: Form = { issuer: /^/ };

export const generic: Preset = {
  forms: [ANY_ISSUER],
  write: '',
  typ: 'lenient',
  claims: {},
  requiredClaims: {},
  audienceIsClient: false,
};
