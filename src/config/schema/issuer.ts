// Decides the fields of one issuer: defaults, units. The text of every default of an issuer stands here and nowhere else.
import { z } from 'zod';
import { USUAL_CLAIMS } from '../../core/claim-rules.js';
import { presetNames } from '../presets.js';
import {
  algorithms,
  audience,
  CLIENT_ID_HINT,
  claimNames,
  mapOf,
  protectedUrl,
  secretReference,
  tokenPrefixes,
  wholeNumber,
} from './fields.js';

const INTROSPECTION_EXAMPLE =
  '{ clientId: portcullis, clientSecret: "${env:INTROSPECTION_SECRET}" }';

/** RFC 7662: how opaque tokens of this issuer are asked about. */
export const introspectionSchema = mapOf(INTROSPECTION_EXAMPLE, {
  /** Default: `introspection_endpoint` of the issuer's metadata. */
  url: protectedUrl('https://auth.example.com/introspect').optional(),
  /** The client that the gateway is at the issuer; needed but for `bearer` and `none`. */
  clientId: z.string({ error: CLIENT_ID_HINT }).min(1, { error: CLIENT_ID_HINT }).optional(),
  /** Its secret for `basic` and `post`; the token for `bearer`. */
  clientSecret: secretReference.optional(),
  /** RFC 6749 section 2.3.1, RFC 7523 section 2.2, RFC 6750. */
  auth: z
    .enum(['basic', 'post', 'private_key_jwt', 'bearer', 'none'], {
      error: 'write basic, post, private_key_jwt, bearer or none',
    })
    .default('basic'),
  /** PEM, for `private_key_jwt`: RSA of 2048 bits or more (RS256), or EC P-256 (ES256). */
  privateKey: secretReference.optional(),
  /** `bound-to-client`: an answer without `aud` is taken to be for the endpoint whose own client asked. */
  audience: z
    .enum(['required', 'bound-to-client'], { error: 'write required or bound-to-client' })
    .default('required'),
  /** Seconds for which an active token is not asked about again; never past its `exp`. This is the revocation delay. */
  activeCacheSeconds: wholeNumber(0, 300, 'seconds').default(30),
  /** Seconds for which an inactive one is not. */
  inactiveCacheSeconds: wholeNumber(0, 60, 'seconds').default(5),
});

/** Which claims say what, of a JWT and of an introspection answer alike. */
export const claimsSchema = mapOf('{ scopes: [scope, scp], subject: [sub] }', {
  /** All of them count: each a space-separated text or a list. */
  scopes: claimNames(USUAL_CLAIMS.scopes),
  /** The first that is present. */
  subject: claimNames(USUAL_CLAIMS.subject),
  /** The first that is present. */
  tenant: claimNames(USUAL_CLAIMS.tenant),
  /** The first that is present. */
  client: claimNames(USUAL_CLAIMS.client),
});

/** How the key set of an issuer is kept (RFC 7517). */
export const jwksSchema = mapOf('{ cacheSeconds: 600, staleIfErrorSeconds: 3600 }', {
  /** Seconds for which it is used without asking again; `Cache-Control: max-age` of the issuer takes its place, within 1 min and 24 h. */
  cacheSeconds: wholeNumber(60, 86_400, 'seconds').default(600),
  /** Seconds for which it is used after that while the issuer cannot be reached. 0: not at all. */
  staleIfErrorSeconds: wholeNumber(0, 86_400, 'seconds').default(3_600),
  /** Seconds after which one refetch for an unknown kid comes back into the bucket of two. */
  unknownKidCooldownSeconds: wholeNumber(1, 3_600, 'seconds').default(30),
  /** Milliseconds for a load in all. */
  timeoutMs: wholeNumber(100, 30_000, 'milliseconds').default(2_000),
});

/** The copy of an issuer's metadata that stands beside the endpoints which name it first, for clients that look nowhere else. */
export const metadataMirrorSchema = mapOf('{ enabled: false }', {
  enabled: z.boolean({ error: 'write true or false' }).default(true),
  /** True: the issuer supports PKCE with S256, and its metadata only fails to say so. */
  addS256: z.boolean({ error: 'write true or false' }).default(false),
});

export const issuerSchema = mapOf('{ issuer: https://auth.example.com }', {
  /** What is known of the identity provider beforehand; its fields stand under those that are written. */
  preset: z
    .enum(presetNames, { error: `write one of ${presetNames.join(', ')}` })
    .default('generic'),
  /** Exactly as the issuer writes itself in its metadata and in `iss`, slash included. */
  issuer: protectedUrl('https://auth.example.com'),
  /** Default: `jwks_uri` of the issuer's metadata. */
  jwksUri: protectedUrl('https://auth.example.com/jwks').optional(),
  /** Only for issuers that give one audience to a whole server; accepted beside the endpoint's own. */
  audience: audience.default([]),
  /** True: two endpoints may share that audience; a token for one is then good at the other. */
  sharedAudience: z.boolean({ error: 'write true or false' }).default(false),
  algorithms,
  /** `at+jwt`: RFC 9068 only. `lenient`: also JWT or none. */
  typ: z.enum(['lenient', 'at+jwt'], { error: 'write lenient or at+jwt' }).default('lenient'),
  /** Seconds by which the issuer's clock may differ from ours. */
  clockToleranceSeconds: wholeNumber(0, 300, 'seconds').default(30),
  jwks: jwksSchema.prefault({}),
  claims: claimsSchema.prefault({}),
  /** True: a token without a tenant is refused. */
  requireTenant: z.boolean({ error: 'write true or false' }).default(false),
  /** Which verifier judges its JWT. */
  verify: z
    .enum(['jwt', 'introspection', 'jwt-then-introspection'], {
      error: 'write jwt, introspection or jwt-then-introspection',
    })
    .default('jwt'),
  /** Opaque tokens with these beginnings are its own. Default: all of an endpoint; an empty list: none. */
  tokenPrefixes: tokenPrefixes.optional(),
  introspection: introspectionSchema.optional(),
  metadataMirror: metadataMirrorSchema.prefault({}),
});

export type IntrospectionInput = z.output<typeof introspectionSchema>;
export type IssuerInput = z.output<typeof issuerSchema>;
