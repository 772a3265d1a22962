// Decides what one value of the configuration may be, and what to write instead. Never decides across fields.
import { z } from 'zod';
import { HEALTH_PATHS } from '../../core/endpoint.js';
import { isProtectedUrl } from '../../core/loopback.js';

function urlOf(value: string): URL | null {
  return URL.canParse(value) ? new URL(value) : null;
}

/** A password can stand there without a user name. */
const hasUser = (value: string): boolean => {
  const url = urlOf(value);
  return url !== null && url.username + url.password !== '';
};

const isBare = (value: string): boolean => !/[?#]/.test(value) && !hasUser(value);

/** A map of these fields and no others. */
export const mapOf = <T extends z.ZodRawShape>(example: string, shape: T) =>
  z.strictObject(shape, { error: `write a map, such as ${example}` });

/** An https URL (http on loopback) without query, fragment or user name. */
export const protectedUrl = (example: string) =>
  z
    .string({ error: `write a URL such as ${example}` })
    .refine(isProtectedUrl, {
      error: `write an https URL such as ${example} (http only on loopback)`,
    })
    .refine(isBare, { error: 'write it without user name, query and fragment' });

/** Like `protectedUrl`, and an origin: the path belongs to the endpoints. */
export const publicUrl = protectedUrl('https://mcp.example.com').refine(
  (value) => [undefined, value].includes(urlOf(value)?.origin),
  {
    error:
      'write the origin alone: small letters, no default port, no path and no slash at the end; the path goes into endpoints[].path',
  },
);

/** Upstreams may be plain http: they stand in a private network. */
export const upstreamUrl = z
  .string({ error: 'write the URL of the MCP server, such as http://10.0.0.5:3000/mcp' })
  .refine((value) => /^https?:$/.test(urlOf(value)?.protocol ?? ''), {
    error: 'write an http or https URL, such as http://10.0.0.5:3000/mcp',
  })
  .refine((value) => !value.includes('#') && !hasUser(value), {
    error: 'write it without user name and fragment',
  });

export const endpointPath = z
  .string({ error: 'write the public path, such as /mcp' })
  .regex(/^(\/[A-Za-z0-9\-._~!$&'()*+,:@]+)+$/, {
    error:
      'write a path such as /mcp: segments of plain characters, no slash at the end, no percent signs',
  })
  .refine((value) => !/\/\.{1,2}(\/|$)/.test(value), { error: 'write it without dot segments' })
  // It would stand for itself, and nobody who writes it means that.
  .refine((value) => !value.includes('*'), {
    error: 'a path is exact and * stands for nothing; write one endpoint for each path',
  })
  .refine((value) => !value.includes('/.well-known') && !HEALTH_PATHS.includes(value), {
    error: 'this path is reserved for metadata and health; choose another',
  });

const SCOPE_HINT = 'write one scope per entry, without spaces, quotes and backslashes';

/** Scope token of RFC 6749 section 3.3. */
export const scopeToken = z
  .string({ error: SCOPE_HINT })
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, { error: SCOPE_HINT })
  // A resource has no business with refresh tokens, and a challenge that names it makes clients ask for more than they need.
  .refine((value) => value !== 'offline_access', {
    error: 'offline_access is between a client and its issuer; remove it',
  });

export const scopes = z
  .array(scopeToken, { error: 'write a list of scopes, such as [files:read]' })
  .default([]);

export const audience = z
  .array(
    z
      .string({ error: 'write an audience, such as https://mcp.example.com/mcp' })
      .min(1, { error: 'an empty audience would accept nothing; remove it' }),
    {
      error: 'write a list, such as [https://mcp.example.com/mcp]',
    },
  )
  .min(1, {
    error: 'a list without an audience accepts nothing; name at least one, or remove the field',
  });

/** Names of claims, taken letter for letter: `https://example.com/roles` is one name, and a dot leads nowhere. */
export const claimNames = (usual: readonly string[]) =>
  z
    .array(
      z
        .string({ error: 'write the name of a claim, such as sub' })
        .min(1, { error: 'write the name of a claim, such as sub' }),
      {
        error: `write a list of claims, such as [${usual.join(', ')}]`,
      },
    )
    .min(1, { error: `name at least one claim, such as ${usual[0]}, or remove the field` })
    .default([...usual]);

const ASYMMETRIC = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

export const algorithms = z
  .array(
    z.enum(ASYMMETRIC, {
      error: `write one of ${ASYMMETRIC.join(', ')}; none and HS* are never accepted`,
    }),
    {
      error: 'write a list, such as [RS256]',
    },
  )
  .min(1, { error: 'name at least one algorithm, such as RS256' })
  .default(['RS256']);

export const CLIENT_ID_HINT = 'write the client id that the gateway has at the issuer';

const PREFIX_HINT = 'write the beginning of its tokens, such as ory_at_';

/** What a token may begin with (RFC 6750 section 2.1). */
export const tokenPrefixes = z.array(
  z.string({ error: PREFIX_HINT }).regex(/^[A-Za-z0-9\-._~+/]+$/, { error: PREFIX_HINT }),
  {
    error: 'write a list of beginnings of its tokens, such as [ory_at_]',
  },
);

export const ENDPOINT_EXAMPLE =
  '{ path: /mcp, issuers: [acme], upstream: http://10.0.0.5:3000/mcp }';

/** The only ways to give a secret, so that no configuration file holds one. */
export const SECRET_REFERENCE = /^\$\{(env|file):([^}]+)\}$/;
export const SECRET_HINT =
  'write "${env:NAME}" or "${file:/path}"; a secret never stands in the file itself';
export const SECRET_PLACES = 'sessionKeys, and clientSecret and privateKey of introspection';
export const secretReference = z
  .string({ error: SECRET_HINT })
  .regex(SECRET_REFERENCE, { error: SECRET_HINT });

/** A number in quotes is text, and looks right to its reader. */
const unquoted =
  (hint: string) =>
  ({ input }: { readonly input?: unknown }): string =>
    typeof input === 'string' && /^\d+$/.test(input) ? `${hint}, without quotes` : hint;

export const wholeNumber = (from: number, to: number, unit: string) => {
  const hint = `write a whole number of ${unit} from ${from} to ${to}`;
  return z
    .int({ error: unquoted(hint) })
    .min(from, { error: hint })
    .max(to, { error: hint });
};

export const host = z
  .string({ error: 'write an address to listen on, such as 127.0.0.1' })
  .min(1, { error: 'write an address' });
const PORT_HINT = 'write a port from 0 to 65535, such as 8080';
export const port = z
  .int({ error: unquoted(PORT_HINT) })
  .min(0, { error: PORT_HINT })
  .max(65_535, { error: PORT_HINT });
