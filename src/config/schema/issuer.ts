// The schema of one issuer: its fields, their units and their defaults. The default of each field
// is written here and nowhere else.
import { z } from 'zod';
import { USUAL_CLAIMS } from '../../core/claim-rules.js';
import { didYouMean } from '../did-you-mean.js';
import { presetNames } from '../presets.js';
import { algorithms } from './algorithms.js';
import { clientFields, INTROSPECTION_METHODS } from './client-authentication.js';
import { facadeSchema } from './facade.js';
import {
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
  url: issuerDocumentUrl('https://auth.example.com/introspect')
    .optional()
    .describe(
      "URL of the introspection endpoint. Default: `introspection_endpoint` of the issuer's " +
        'metadata.',
    ),
  ...clientFields(INTROSPECTION_METHODS),
  audience: z
    .enum(['required', 'bound-to-client'], { error: 'write required or bound-to-client' })
    .default('required')
    .describe(
      '`bound-to-client`: a response without `aud` counts for the endpoint whose client asked.',
    ),
  audienceClients: clientIds
    .default([])
    .describe(
      'Client ids. A response without `aud` about a token of one of these clients is accepted.',
    ),
  timeoutMs: wholeNumber(100, 30_000, 'milliseconds')
    .default(2_000)
    .describe('Milliseconds for one request, and for the wait before it.'),
  maxConcurrentRequests: wholeNumber(2, 1_024, 'requests')
    .default(64)
    .describe('Requests in progress at once. Unknown tokens may take half of them.'),
  activeCacheSeconds: wholeNumber(0, 300, 'seconds')
    .default(30)
    .describe(
      'Seconds for which an active token is cached, never past its `exp`: the revocation delay.',
    ),
  inactiveCacheSeconds: wholeNumber(0, 60, 'seconds')
    .default(5)
    .describe('Seconds for which an inactive token is cached.'),
});

/** The names of the claims that the gateway reads, in a JWT and in an introspection response. */
export const claimsSchema = mapOf('{ scopes: [scope, scp], subject: [sub] }', {
  scopes: claimNames(USUAL_CLAIMS.scopes).describe(
    'Claims with scopes, as text with spaces or as a list. All of them count.',
  ),
  subject: claimNames(USUAL_CLAIMS.subject).describe(
    'Claims with the user. The first that is present counts.',
  ),
  tenant: claimNames(USUAL_CLAIMS.tenant, 0).describe(
    'Claims with the organization. The first that is present counts. Empty list: no claim of this ' +
      'issuer is a tenant.',
  ),
  client: claimNames(USUAL_CLAIMS.client).describe(
    'Claims with the OAuth client. The first that is present counts.',
  ),
});

/** How the gateway caches the key set of an issuer (RFC 7517). */
export const jwksSchema = mapOf('{ cacheSeconds: 600, staleIfErrorSeconds: 3600 }', {
  cacheSeconds: wholeNumber(60, 86_400, 'seconds')
    .default(600)
    .describe(
      "Seconds for which the gateway uses the key set without a reload. The issuer's " +
        '`Cache-Control: max-age` replaces it, within 1 minute and 24 hours.',
    ),
  staleIfErrorSeconds: wholeNumber(0, 86_400, 'seconds')
    .default(3_600)
    .describe('Seconds of further use while the issuer cannot be reached (RFC 5861). 0: none.'),
  unknownKidCooldownSeconds: wholeNumber(1, 3_600, 'seconds')
    .default(30)
    .describe('Unknown key ids have a bucket of two reloads. After these seconds it regains one.'),
  timeoutMs: wholeNumber(100, 30_000, 'milliseconds')
    .default(2_000)
    .describe('Milliseconds for one whole load: metadata, head and body.'),
});

/**
 * The copy of an issuer's metadata beside the endpoints that name this issuer first. Some clients
 * look for metadata only there.
 */
export const metadataMirrorSchema = mapOf('{ enabled: false }', {
  enabled: trueOrFalse(true).describe('False: the gateway publishes no copy.'),
  addS256: trueOrFalse(false).describe(
    'True: the issuer supports PKCE with S256, but its metadata does not say so.',
  ),
});

function presetProblem(input: unknown): string {
  const meant = typeof input === 'string' ? didYouMean(input, presetNames) : undefined;
  const names = presetNames.join(', ');
  return meant === undefined
    ? `write one of ${names}`
    : `did you mean ${meant}? Write one of ${names}`;
}

export const issuerSchema = mapOf('{ issuer: https://auth.example.com }', {
  preset: z
    .enum(presetNames, { error: ({ input }) => presetProblem(input) })
    .default('generic')
    .describe(
      'The identity provider whose usual values apply to fields that the operator leaves out.',
    ),
  issuer: issuerIdentifier.describe(
    'The issuer, exactly as in `iss` and in its metadata, slash included.',
  ),
  jwksUri: issuerDocumentUrl('https://auth.example.com/jwks')
    .optional()
    .describe("URL of the key set. Default: `jwks_uri` of the issuer's metadata."),
  metadataUrl: issuerDocumentUrl('https://auth.example.com/.well-known/openid-configuration')
    .optional()
    .describe(
      'URL of the metadata. Default: the two standard places (RFC 8414 section 3.1, OpenID ' +
        'Connect Discovery).',
    ),
  authorizationServers: z
    .array(
      protectedUrl('https://login.example.com').refine((value) => !isWellKnown(value), {
        error: ({ input }) => wellKnownProblem(input),
      }),
      {
        error: 'write a list of issuers, such as [https://login.example.com]',
      },
    )
    .default([])
    .describe(
      'Issuers that the gateway publishes in place of this one, where clients log in elsewhere. ' +
        'Default: the issuer.',
    ),
  allowInsecureHttp: trueOrFalse(false).describe(
    'True: the gateway fetches keys and metadata, and introspects, over plain http too. An ' +
      'attacker on the network can then add keys of their own, and read tokens and the client ' +
      'secret.',
  ),
  requiredClaims: requiredClaims.describe(
    'Claims that every access token of this issuer has. They add to those of the preset.',
  ),
  audience: audience
    .default([])
    .describe(
      "Audiences accepted beside the endpoint's own. Only for issuers with one audience for a " +
        'whole server.',
    ),
  sharedAudience: trueOrFalse(false).describe(
    'True: two endpoints may share that audience. Each then accepts tokens for the other.',
  ),
  algorithms: algorithms.describe('Algorithms of the signature of a JWT.'),
  typ: z
    .enum(['lenient', 'at+jwt'], { error: 'write lenient or at+jwt' })
    .default('lenient')
    .describe('`at+jwt`: only RFC 9068 tokens. `lenient`: also the type JWT, or no type.'),
  clockToleranceSeconds: wholeNumber(0, 300, 'seconds')
    .default(30)
    .describe('Seconds by which the clocks of issuer and gateway may differ.'),
  jwks: jwksSchema.prefault({}).describe('How long the gateway caches the key set.'),
  claims: claimsSchema.prefault({}).describe('Names of the claims that the gateway reads.'),
  requireTenant: trueOrFalse(false).describe('True: the gateway rejects a token without a tenant.'),
  verify: z
    .enum(['jwt', 'introspection', 'jwt-then-introspection'], {
      error: 'write jwt, introspection or jwt-then-introspection',
    })
    .default('jwt')
    .describe('How the gateway verifies a JWT of this issuer.'),
  tokenPrefixes: tokenPrefixes
    .optional()
    .describe(
      'Prefixes of its opaque tokens. Default: all opaque tokens of an endpoint. Empty list: ' +
        'none.',
    ),
  introspection: introspectionSchema
    .optional()
    .describe(
      'Introspection of opaque tokens (RFC 7662). Without it, the gateway introspects no token.',
    ),
  metadataMirror: metadataMirrorSchema
    .prefault({})
    .describe('The copy of the metadata beside the endpoints, for clients that look only there.'),
  facade: facadeSchema
    .optional()
    .describe(
      'An authorization server of the gateway, for an issuer at which clients cannot register ' +
        'themselves. Without it, clients log in at the issuer.',
    ),
});

export type IntrospectionInput = z.output<typeof introspectionSchema>;
export type IssuerInput = z.output<typeof issuerSchema>;
