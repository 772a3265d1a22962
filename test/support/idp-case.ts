// Access tokens as identity providers issue them: for each preset, accepted tokens and near misses.
type Fields = Record<string, unknown>;

/** In an `aud`: the resource of the endpoint that the test calls. */
export const RESOURCE_HERE = '{resource}';

export interface Change {
  readonly header?: Fields;
  readonly claims?: Fields;
}

export interface IdpCase {
  readonly preset: string;
  /** The path of its endpoint. */
  readonly path: string;
  /** Fields of the issuer beside the preset. */
  readonly issuer: Fields & { readonly issuer: string };
  /** Scopes of the endpoint; `files:read` where they are absent. */
  readonly scopes?: readonly string[];
  readonly header: Fields;
  /**
   * Claims of the good token. The test adds `iss`, `exp`, `iat` and an `aud` of the resource where
   * they are absent.
   */
  readonly claims: Fields;
  /** Subject and client of the log line. */
  readonly caller: { readonly subject: string; readonly clientId: string | undefined };
  /** Changes that make other accepted tokens. */
  readonly variants: readonly (readonly [name: string, change: Change])[];
  readonly rejected: readonly (readonly [name: string, change: Change, reason: string])[];
}

/** Presets without a JWT that the gateway accepts. */
export const INTROSPECTED_PRESETS = ['django-oauth-toolkit', 'canaille'] as const;

export const claims = (changes: Fields): Change => ({ claims: changes });
