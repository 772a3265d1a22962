// The schemas of single values that several parts of the configuration share: URLs, paths, scopes,
// numbers, addresses. Each has a message that says what to write instead.
import { z } from 'zod';
import { HEALTH_PATHS } from '../../core/endpoint.js';
import { isProtectedUrl } from '../../core/loopback.js';
import { SCOPE_TOKEN } from '../../core/scope-token.js';
import { isWellKnown, wellKnownProblem } from './well-known.js';

function urlOf(value: string): URL | null {
  return URL.canParse(value) ? new URL(value) : null;
}

/** A URL can hold a password without a user name. */
const hasUser = (value: string): boolean => {
  const url = urlOf(value);
  return url !== null && url.username + url.password !== '';
};

const isBare = (value: string): boolean => !/[?#]/.test(value) && !hasUser(value);

/** A map of these fields and no others. */
export const mapOf = <T extends z.ZodRawShape>(example: string, shape: T) =>
  z.strictObject(shape, { error: `write a map, such as ${example}` });

/** One value or a list of them. */
export const oneOrMore = <T extends z.ZodType>(one: T, hint: string) =>
  z
    .union([one, z.array(one, { error: hint }).min(1, { error: hint })], { error: hint })
    .transform((value) => (Array.isArray(value) ? value : [value]) as z.output<T>[]);

export const trueOrFalse = (byDefault: boolean) =>
  z.boolean({ error: 'write true or false' }).default(byDefault);

/** For JSON Schema. The parser of URLs drops spaces before the scheme. */
const HTTP_URL = { pattern: '^\\s*[Hh][Tt][Tt][Pp][Ss]?:' };

/** An https URL (http on loopback) without query, fragment or user name. */
export const protectedUrl = (example: string) =>
  z
    .string({ error: `write a URL such as ${example}` })
    .refine(isProtectedUrl, {
      error: `write an https URL such as ${example} (http only on loopback)`,
    })
    .refine(isBare, { error: 'write the URL without user name, query or fragment' })
    .meta(HTTP_URL);

/**
 * The URL of a document of an issuer. A query is allowed, such as `?appid=` at Entra.
 * `validate-issuers.ts` decides about plain http, because that depends on `allowInsecureHttp`.
 */
export const issuerDocumentUrl = (example: string) =>
  z
    .string({ error: `write a URL such as ${example}` })
    .refine((value) => /^https?:$/.test(urlOf(value)?.protocol ?? ''), {
      error: `write an https URL such as ${example}`,
    })
    .refine((value) => !value.includes('#') && !hasUser(value), {
      error: 'write the URL without user name or fragment',
    })
    .meta(HTTP_URL);

const ISSUER_HINT = 'write the issuer exactly as in iss, such as https://auth.example.com';

/**
 * The issuer as tokens write it, usually an https URL. `validate-issuers.ts` says what another
 * form needs.
 */
export const issuerIdentifier = z
  .string({ error: ISSUER_HINT })
  // Characters that no log line and no JSON document shows as they are.
  .regex(/^[\x21-\x7e]+( +[\x21-\x7e]+)*$/, {
    error: `${ISSUER_HINT}, in plain characters without spaces around it`,
  })
  .refine((value) => !hasUser(value), { error: 'write the issuer without user name or password' })
  .refine((value) => !isWellKnown(value), { error: ({ input }) => wellKnownProblem(input) });

const MARK_HINT = 'write the only accepted value as text, or true if any value will do';

/** Claims that every access token of an issuer has: with one value, or present. */
export const requiredClaims = z
  .record(
    z.string().min(1, { error: 'write the name of a claim, such as token_use' }),
    z.union([z.string().min(1, { error: MARK_HINT }), z.literal(true, { error: MARK_HINT })], {
      error: MARK_HINT,
    }),
    { error: 'write a map from a claim to its value or true, such as { token_use: access }' },
  )
  .default({});

/** Like `protectedUrl`, and an origin: the path belongs to the endpoints. */
export const publicUrl = protectedUrl('https://mcp.example.com').refine(
  (value) => [undefined, value].includes(urlOf(value)?.origin),
  {
    error:
      'write only the origin: lower case, no default port, no path, no trailing slash; ' +
      'write the path in endpoints[].path',
  },
);

/** The URL of an upstream. Plain http is allowed, because upstreams are in a private network. */
export const upstreamUrl = z
  .string({ error: 'write the URL of the MCP server, such as http://10.0.0.5:3000/mcp' })
  .refine((value) => /^https?:$/.test(urlOf(value)?.protocol ?? ''), {
    error: 'write an http or https URL, such as http://10.0.0.5:3000/mcp',
  })
  .refine((value) => !value.includes('#') && !hasUser(value), {
    error: 'write the URL without user name or fragment',
  })
  .meta(HTTP_URL);

export const endpointPath = z
  .string({ error: 'write the public path, such as /mcp' })
  .regex(/^(\/|(\/[A-Za-z0-9\-._~!$&'()*+,:@]+)+)$/, {
    error:
      'write a path such as /mcp, or / alone: plain characters, no slash at the end, ' +
      'no percent signs',
  })
  .refine((value) => !/\/\.{1,2}(\/|$)/.test(value), {
    error: 'write the path without . and .. segments',
  })
  // A path matches exactly, so * would match only itself. An operator who writes it expects more.
  .refine((value) => !value.includes('*'), {
    error: 'a path matches exactly, so * is not a wildcard; write one endpoint for each path',
  })
  .refine((value) => !value.includes('/.well-known') && !HEALTH_PATHS.includes(value), {
    error: 'this path is reserved for metadata and health; choose another',
  });

const SCOPE_HINT = 'write one scope per entry, without spaces, quotes or backslashes';

/** Scope token of RFC 6749 section 3.3. The metadata may publish any of them. */
export const publishedScope = z
  .string({ error: SCOPE_HINT })
  .regex(SCOPE_TOKEN, { error: SCOPE_HINT });

/** A scope that a call can require, and a challenge can name. */
export const scopeToken = publishedScope
  // A resource server has no use for refresh tokens. A challenge that names offline_access makes
  // clients request more than they need (A-33, no offline_access).
  .refine((value) => value !== 'offline_access', {
    error:
      'offline_access concerns only the client and its issuer: remove it, or publish it in ' +
      'scopesSupported',
  });

export const scopes = z
  .array(scopeToken, { error: 'write a list of scopes, such as [files:read]' })
  .default([]);

export const audience = z
  .array(
    z
      .string({ error: 'write an audience, such as https://mcp.example.com/mcp' })
      .min(1, { error: 'an empty audience matches no token; remove it' })
      // The operator who writes it expects that every token passes.
      .refine((value) => !value.includes('*'), {
        error: 'an audience matches exactly, so * is not a wildcard; write each audience in full',
      }),
    {
      error: 'write a list, such as [https://mcp.example.com/mcp]',
    },
  )
  .min(1, {
    error: 'an empty list accepts no token; write at least one audience, or remove the field',
  });

const CLIENT_IDS_HINT = 'write a client id, such as my-mcp-client';
export const clientIds = z
  .array(
    z
      .string({ error: CLIENT_IDS_HINT })
      .min(1, { error: CLIENT_IDS_HINT })
      .refine((value) => !value.includes('*'), {
        error: 'a client id matches exactly, so * is not a wildcard; write each client id in full',
      }),
    {
      error: 'write a list of client ids, such as [my-mcp-client]',
    },
  )
  .min(1, {
    error: 'an empty list accepts no client; write at least one, or remove the field',
  });

/**
 * Names of claims, taken literally: `https://example.com/roles` is one name, and a dot does not
 * separate the parts of a path. `least`: how many names the list must have.
 */
export const claimNames = (usual: readonly string[], least: 0 | 1 = 1) =>
  z
    .array(
      z
        .string({ error: 'write the name of a claim, such as sub' })
        .min(1, { error: 'write the name of a claim, such as sub' }),
      {
        error: `write a list of claims, such as [${usual.join(', ')}]`,
      },
    )
    .min(least, { error: `write at least one claim, such as ${usual[0]}, or remove the field` })
    .default([...usual]);

export const CLIENT_ID_HINT = 'write the client id of the gateway at the issuer';

const PREFIX_HINT = 'write the prefix of its tokens, such as ory_at_';

/** Prefixes of tokens, in the characters of a bearer token (RFC 6750 section 2.1). */
export const tokenPrefixes = z.array(
  z.string({ error: PREFIX_HINT }).regex(/^[A-Za-z0-9\-._~+/]+$/, { error: PREFIX_HINT }),
  {
    error: 'write a list of token prefixes, such as [ory_at_]',
  },
);

/** A number in quotes is text, although it looks right to the operator. */
const unquoted =
  (hint: string) =>
  ({ input }: { readonly input?: unknown }): string =>
    typeof input === 'string' && /^\d+$/.test(input) ? `${hint}, without quotes` : hint;

export const wholeNumber = (from: number, to: number, unit: string) => {
  const hint = `write a whole number of ${unit} from ${from} to ${to}`;
  return z
    .int({ error: unquoted(hint) })
    .min(from, { error: hint })
    .max(to, { error: hint })
    .meta({ unit });
};

const HOST_HINT = 'write an address to listen on, such as 127.0.0.1';
export const host = z.string({ error: HOST_HINT }).min(1, { error: HOST_HINT });
const PORT_HINT = 'write a port from 0 to 65535, such as 8080';
export const port = z
  .int({ error: unquoted(PORT_HINT) })
  .min(0, { error: PORT_HINT })
  .max(65_535, { error: PORT_HINT });
