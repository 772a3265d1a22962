// The schema of one issuer: its fields, their units and their defaults. The default of each field
// is written here and nowhere else.
import { z } from 'zod';
import { USUAL_CLAIMS } from '../../core/claim-rules.js';
import { didYouMean } from '../did-you-mean.js';
import { presetNames } from '../presets.js';
import { clientFields, INTROSPECTION_METHODS } from './client-authentication.js';
import {
  algorithms,
  audience,
  claimNames,
  clientIds,
  issuerDocumentUrl,
  issuerIdentifier,
  mapOf,
  protectedUrl,
  requiredClaims,
  tokenPrefixes,
  trueOrFalse,
  wholeNumber,
} from './fields.js';
import { isWellKnown, wellKnownProblem } from './well-known.js';

const INTROSPECTION_EXAMPLE =
  '{ clientId: portcullis, clientSecret: "${env:INTROSPECTION_SECRET}" }';

/** Introspection of opaque tokens (RFC 7662). */
export const introspectionSchema = mapOf(INTROSPECTION_EXAMPLE, {
  /** Default: `introspection_endpoint` of the issuer's metadata. */
  url: issuerDocumentUrl('https://auth.example.com/introspect').optional(),
  ...clientFields(INTROSPECTION_METHODS),
  /** `bound-to-client`: a response without `aud` counts for the endpoint whose client asked. */
  audience: z
    .enum(['required', 'bound-to-client'], { error: 'write required or bound-to-client' })
    .default('required'),
  /** Client ids. A response without `aud` about a token of one of these clients is accepted. */
  audienceClients: clientIds.default([]),
  /** Milliseconds for one request, and for the wait before it. */
  timeoutMs: wholeNumber(100, 30_000, 'milliseconds').default(2_000),
  /** Requests in progress at once. Unknown tokens may take half of them. */
  maxConcurrentRequests: wholeNumber(2, 1_024, 'requests').default(64),
  /** Seconds for which an active token is cached, never past its `exp`: the revocation delay. */
  activeCacheSeconds: wholeNumber(0, 300, 'seconds').default(30),
  /** Seconds for which an inactive token is cached. */
  inactiveCacheSeconds: wholeNumber(0, 60, 'seconds').default(5),
});

/** The names of the claims that the gateway reads, in a JWT and in an introspection response. */
export const claimsSchema = mapOf('{ scopes: [scope, scp], subject: [sub] }', {
  /** All of them count. Each is a space-separated string or a list. */
  scopes: claimNames(USUAL_CLAIMS.scopes),
  /** The first that is present counts. */
  subject: claimNames(USUAL_CLAIMS.subject),
  /** The first that is present counts. Empty list: no claim of this issuer is a tenant. */
  tenant: claimNames(USUAL_CLAIMS.tenant, 0),
  /** The first that is present counts. */
  client: claimNames(USUAL_CLAIMS.client),
});

/** How the gateway caches the key set of an issuer (RFC 7517). */
export const jwksSchema = mapOf('{ cacheSeconds: 600, staleIfErrorSeconds: 3600 }', {
  /**
   * Seconds for which the gateway uses the key set without a reload. The issuer's
   * `Cache-Control: max-age` replaces it, within 1 minute and 24 hours.
   */
  cacheSeconds: wholeNumber(60, 86_400, 'seconds').default(600),
  /** Seconds of further use while the issuer cannot be reached (RFC 5861). 0: none. */
  staleIfErrorSeconds: wholeNumber(0, 86_400, 'seconds').default(3_600),
  /** Unknown key ids have a bucket of two reloads. After these seconds it regains one. */
  unknownKidCooldownSeconds: wholeNumber(1, 3_600, 'seconds').default(30),
  /** Milliseconds for one whole load. */
  timeoutMs: wholeNumber(100, 30_000, 'milliseconds').default(2_000),
});

/**
 * The copy of an issuer's metadata beside the endpoints that name this issuer first. Some clients
 * look for metadata only there.
 */
export const metadataMirrorSchema = mapOf('{ enabled: false }', {
  enabled: trueOrFalse(true),
  /** True: the issuer supports PKCE with S256, but its metadata does not say so. */
  addS256: trueOrFalse(false),
});

function presetProblem(input: unknown): string {
  const meant = typeof input === 'string' ? didYouMean(input, presetNames) : undefined;
  const names = presetNames.join(', ');
  return meant === undefined
    ? `write one of ${names}`
    : `did you mean ${meant}? Write one of ${names}`;
}

export const issuerSchema = mapOf('{ issuer: https://auth.example.com }', {
  /** The identity provider whose usual values apply to fields that the operator leaves out. */
  preset: z.enum(presetNames, { error: ({ input }) => presetProblem(input) }).default('generic'),
  /** Exactly as in `iss` and in its metadata, slash included (A-12, exact issuer). */
  issuer: issuerIdentifier,
  /** Default: `jwks_uri` of the issuer's metadata. */
  jwksUri: issuerDocumentUrl('https://auth.example.com/jwks').optional(),
  /** Default: the two standard places (RFC 8414 section 3.1, OpenID Connect Discovery). */
  metadataUrl: issuerDocumentUrl(
    'https://auth.example.com/.well-known/openid-configuration',
  ).optional(),
  /** Published in place of the issuer, where clients log in elsewhere. Default: the issuer. */
  authorizationServers: z
    .array(
      protectedUrl('https://login.example.com').refine((value) => !isWellKnown(value), {
        error: ({ input }) => wellKnownProblem(input),
      }),
      {
        error: 'write a list of issuers, such as [https://login.example.com]',
      },
    )
    .default([]),
  /**
   * True: the gateway fetches keys and metadata, and introspects, over plain http too. An attacker
   * on the network can then add keys of their own, and read tokens and the client secret.
   */
  allowInsecureHttp: trueOrFalse(false),
  /** Claims that every access token of this issuer has. They add to those of the preset. */
  requiredClaims,
  /** Accepted beside the endpoint's own. Only for issuers with one audience for a whole server. */
  audience: audience.default([]),
  /** True: two endpoints may share that audience. Each then accepts tokens for the other. */
  sharedAudience: trueOrFalse(false),
  algorithms,
  /** `at+jwt`: only RFC 9068 tokens. `lenient`: also the type JWT, or no type. */
  typ: z.enum(['lenient', 'at+jwt'], { error: 'write lenient or at+jwt' }).default('lenient'),
  /** Seconds by which the clocks of issuer and gateway may differ. */
  clockToleranceSeconds: wholeNumber(0, 300, 'seconds').default(30),
  jwks: jwksSchema.prefault({}),
  claims: claimsSchema.prefault({}),
  /** True: the gateway rejects a token without a tenant. */
  requireTenant: trueOrFalse(false),
  /** How the gateway verifies a JWT of this issuer. */
  verify: z
    .enum(['jwt', 'introspection', 'jwt-then-introspection'], {
      error: 'write jwt, introspection or jwt-then-introspection',
    })
    .default('jwt'),
  /** Prefixes of its opaque tokens. Default: all opaque tokens of an endpoint. Empty list: none. */
  tokenPrefixes: tokenPrefixes.optional(),
  introspection: introspectionSchema.optional(),
  metadataMirror: metadataMirrorSchema.prefault({}),
});

export type IntrospectionInput = z.output<typeof introspectionSchema>;
export type IssuerInput = z.output<typeof issuerSchema>;
