// Every problem of the environment is reported with the name of its variable.
import { describe, expect, test } from 'vitest';
import { problems, type Variables } from '../support/variables.js';

const ADDRESS = 'write host:port or a port from 0 to 65535, such as 127.0.0.1:8080';

describe('a problem has the name of its variable (F-01, bad configuration)', () => {
  test.each<[string, Variables, string[]]>([
    ['one is missing', { ISSUER: undefined }, ['  PORTCULLIS_ISSUER: is required; set it (see .env.example)']],
    ['one is empty', { UPSTREAM: ' ' }, ['  PORTCULLIS_UPSTREAM: is required; set it (see .env.example)']],
    [
      'all are missing',
      { UPSTREAM: undefined, PUBLIC_URL: undefined, ISSUER: undefined },
      ['UPSTREAM', 'PUBLIC_URL', 'ISSUER'].map((name) => `  PORTCULLIS_${name}: is required; set it (see .env.example)`),
    ],
    ['one is unknown', { UPSTREAMS: 'x' }, ['  PORTCULLIS_UPSTREAMS: unknown variable; did you mean PORTCULLIS_UPSTREAM?']],
    [
      'a misspelt name of a needed one, once',
      { ISSUER: undefined, ISSUERS: 'x' },
      ['  PORTCULLIS_ISSUERS: unknown variable; did you mean PORTCULLIS_ISSUER?'],
    ],
    [
      'misspelt names of all needed ones, each once',
      { UPSTREAM: undefined, PUBLIC_URL: undefined, ISSUER: undefined, UPSTREEM: 'x', PUBLICURL: 'x', ISUER: 'x' },
      [
        '  PORTCULLIS_UPSTREEM: unknown variable; did you mean PORTCULLIS_UPSTREAM?',
        '  PORTCULLIS_PUBLICURL: unknown variable; did you mean PORTCULLIS_PUBLIC_URL?',
        '  PORTCULLIS_ISUER: unknown variable; did you mean PORTCULLIS_ISSUER?',
      ],
    ],
    [
      'a variable in place of a value',
      { ISSUER: '$OIDC_ISSUER' },
      ['  PORTCULLIS_ISSUER: variables are not replaced here; write the value itself instead of $OIDC_ISSUER'],
    ],
    [
      'the URL of its metadata as issuer',
      { ISSUER: 'https://auth.example.com/.well-known/openid-configuration' },
      [
        '  PORTCULLIS_ISSUER: this is the URL of a document, not the issuer; write the issuer exactly as in that document, probably https://auth.example.com (a slash at the end counts)',
      ],
    ],
    [
      'a file',
      { CONFG: '/etc/portcullis.yaml' },
      ['  PORTCULLIS_CONFG: unknown variable; write PORTCULLIS_CONFIG=/etc/portcullis.yaml'],
    ],
    [
      'a file, by another name',
      { CONFIG_FILE: 'not a path' },
      ['  PORTCULLIS_CONFIG_FILE: unknown variable; write PORTCULLIS_CONFIG=FILE'],
    ],
    [
      'scopes for pass-through callers without a scheme',
      { PASS_THROUGH_SCOPES: 'a' },
      ['  PORTCULLIS_PASS_THROUGH_SCHEME: is required; set it (see .env.example)'],
    ],
    [
      'a port number, where Kubernetes writes the address of a Service',
      { PORT: '8099' },
      ['  PORTCULLIS_PORT: unknown variable; write PORTCULLIS_LISTEN=8099'],
    ],
    [
      'an upstream that is the gateway itself (C-134, upstream is gateway)',
      { UPSTREAM: 'http://localhost:8080/mcp' },
      [
        '  PORTCULLIS_UPSTREAM: the gateway itself listens at this address; write the address of the MCP server, or change PORTCULLIS_LISTEN',
      ],
    ],
    [
      'an upstream that is the public URL of the gateway (C-134, upstream is gateway)',
      { UPSTREAM: 'https://mcp.example.com/mcp', PUBLIC_URL: 'https://mcp.example.com/mcp' },
      ['  PORTCULLIS_UPSTREAM: clients reach the gateway itself at this URL; write the address of the MCP server'],
    ],
    [
      'one that is close to no other',
      { FOO: 'x' },
      ['  PORTCULLIS_FOO: unknown variable; see .env.example, or write the field into a file for --config'],
    ],
    ...['mcp.example.com/mcp', 'mcp.example.com', 'localhost:8080/mcp', 'mcp.example.com:8443/mcp'].map(
      (url): [string, Variables, string[]] => [
        `no scheme: ${url}`,
        { PUBLIC_URL: url },
        [`  PORTCULLIS_PUBLIC_URL: write the whole URL that clients use, with https:// before it, such as https://${url}`],
      ],
    ),
    ...['ftp://mcp.example.com/mcp', 'not a URL'].map((url): [string, Variables, string[]] => [
      `not a URL: ${url}`,
      { PUBLIC_URL: url },
      [
        '  PORTCULLIS_PUBLIC_URL: write the whole URL that clients use, with https:// before it, such as https://mcp.example.com/mcp',
      ],
    ]),
    ...['https://mcp.example.com/mcp?x=1', 'https://mcp.example.com/mcp#x', 'https://a:b@mcp.example.com/mcp'].map(
      (url): [string, Variables, string[]] => [
        `more than a URL: ${url}`,
        { PUBLIC_URL: url },
        ['  PORTCULLIS_PUBLIC_URL: write the URL without user name, query or fragment'],
      ],
    ),
    [
      'a reference, which works only in a file',
      { AUDIENCE: '$' + '{env:AUDIENCE}' },
      ['  PORTCULLIS_AUDIENCE: references work only in a file; write the value itself'],
    ],
    [
      'one port for both listeners',
      { LISTEN: '0.0.0.0:9090' },
      ['  PORTCULLIS_ADMIN: PORTCULLIS_LISTEN has the same port 9090; give each listener its own port, such as 9091'],
    ],
    [
      'a preset for other issuers',
      { PRESET: 'workos', ISSUER: 'https://api.workos.com' },
      [
        '  PORTCULLIS_ISSUER: write the AuthKit domain without a trailing slash, such as https://acme.authkit.app; for the session tokens of api.workos.com write PORTCULLIS_PRESET=workos-session',
      ],
    ],
    [
      'http',
      { PUBLIC_URL: 'http://mcp.example.com/mcp' },
      ['  PORTCULLIS_PUBLIC_URL: write an https URL such as https://mcp.example.com (http only on loopback)'],
    ],
    [
      'a path with a trailing slash',
      { PUBLIC_URL: 'https://mcp.example.com/mcp/' },
      ['  PORTCULLIS_PUBLIC_URL: write a path such as /mcp, or / alone: plain characters, no slash at the end, no percent signs'],
    ],
    [
      'a reserved path (A-19, well-known paths)',
      { PUBLIC_URL: 'https://mcp.example.com/healthz' },
      ['  PORTCULLIS_PUBLIC_URL: this path is reserved for metadata and health; choose another'],
    ],
    [
      'an upstream that is not http',
      { UPSTREAM: 'ftp://h/mcp' },
      ['  PORTCULLIS_UPSTREAM: write an http or https URL, such as http://10.0.0.5:3000/mcp'],
    ],
    [
      'an issuer over http (A-64, https only)',
      { ISSUER: 'http://auth.example.com' },
      [
        '  PORTCULLIS_ISSUER: write an https URL such as https://auth.example.com, without query or fragment (http only on loopback, or with PORTCULLIS_ALLOW_INSECURE_HTTP=true on a private network). If tokens have exactly this iss, keep it and add PORTCULLIS_JWKS_URI or PORTCULLIS_METADATA_URL, and PORTCULLIS_AUTHORIZATION_SERVERS (where clients log in)',
      ],
    ],
    [
      'an unknown preset',
      { PRESET: 'okta2' },
      [
        '  PORTCULLIS_PRESET: did you mean okta? Write one of workos, workos-session, auth0, okta, entra, cognito, clerk, descope, scalekit, logto, keycloak, zitadel, authentik, glewlwyd, lemonldap, better-auth, django-oauth-toolkit, hydra, spring, canaille, google, github, gitlab, slack, generic, rfc9068',
      ],
    ],
    [
      'an issuer without the form that its preset expects',
      { PRESET: 'auth0', ISSUER: 'https://acme.us.auth0.com' },
      ['  PORTCULLIS_ISSUER: write the domain of the tenant with a trailing slash, such as https://acme.us.auth0.com/'],
    ],
    [
      'no audience, where no token names the resource',
      { PRESET: 'entra', ISSUER: 'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0' },
      [
        '  PORTCULLIS_AUDIENCE: v2 tokens of Entra name the API by its application id, never by its URL: write PORTCULLIS_AUDIENCE=<application id>',
      ],
    ],
    [
      'keys over http (A-64, https only)',
      { JWKS_URI: 'http://auth.example.com' },
      [
        '  PORTCULLIS_JWKS_URI: write an https URL such as https://auth.example.com/jwks (http only on loopback, or with PORTCULLIS_ALLOW_INSECURE_HTTP=true on a private network)',
      ],
    ],
    [
      'a switch that is neither true nor false',
      { ALLOW_INSECURE_HTTP: 'yes' },
      ['  PORTCULLIS_ALLOW_INSECURE_HTTP: write true or false'],
    ],
    [
      'an algorithm that is never accepted (C-32, configured algorithms)',
      { ALGORITHMS: 'HS256' },
      [
        '  PORTCULLIS_ALGORITHMS: write one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519; none and HS* are never accepted',
      ],
    ],
    ['an unknown typ', { TYP: 'jwt' }, ['  PORTCULLIS_TYP: write lenient or at+jwt']],
    [
      'a tolerance with a unit',
      { CLOCK_TOLERANCE_SECONDS: '30s' },
      ['  PORTCULLIS_CLOCK_TOLERANCE_SECONDS: write a whole number of seconds from 0 to 300'],
    ],
    [
      'a tolerance that is too long',
      { CLOCK_TOLERANCE_SECONDS: '301' },
      ['  PORTCULLIS_CLOCK_TOLERANCE_SECONDS: write a whole number of seconds from 0 to 300'],
    ],
    [
      'a scope with quotes',
      { SCOPES: 'a "b"' },
      ['  PORTCULLIS_SCOPES: separate scopes by spaces or commas, each without spaces, quotes or backslashes'],
    ],
    [
      'an audience without a value',
      { AUDIENCE: ',' },
      ['  PORTCULLIS_AUDIENCE: an empty list accepts no token; write at least one audience, or remove the variable'],
    ],
    [
      'introspection without a client',
      { INTROSPECTION_URL: 'https://auth.example.com/i' },
      [
        '  PORTCULLIS_INTROSPECTION_CLIENT_ID: write the client id of the gateway at the issuer',
        '  PORTCULLIS_INTROSPECTION_CLIENT_SECRET: the variable PORTCULLIS_INTROSPECTION_CLIENT_SECRET is not set; set it',
      ],
    ],
    [
      'introspection without a secret',
      { INTROSPECTION_CLIENT_ID: 'a' },
      ['  PORTCULLIS_INTROSPECTION_CLIENT_SECRET: the variable PORTCULLIS_INTROSPECTION_CLIENT_SECRET is not set; set it'],
    ],
    [
      'a session key of another form',
      { SESSION_KEYS: 's3cret' },
      ['  PORTCULLIS_SESSION_KEYS: holds a key that is not 32 bytes in base64; create keys with: openssl rand -base64 32'],
    ],
    [
      'a pass-through scheme that carries OAuth tokens (C-103, separate schemes)',
      { PASS_THROUGH_SCHEME: 'Bearer' },
      ['  PORTCULLIS_PASS_THROUGH_SCHEME: this scheme can carry OAuth tokens; choose another'],
    ],
    [
      'a pass-through scheme whose callers could never pass',
      { PASS_THROUGH_SCHEME: 'Token', SCOPES: 'a' },
      [
        '  PORTCULLIS_PASS_THROUGH_SCOPES: these callers could never pass: the endpoint requires a; write PORTCULLIS_PASS_THROUGH_SCOPES="a" to grant them, or remove PORTCULLIS_PASS_THROUGH_SCHEME',
      ],
    ],
    ['an address without a port', { LISTEN: 'localhost' }, [`  PORTCULLIS_LISTEN: ${ADDRESS}`]],
    ['a port that is too large', { ADMIN: '127.0.0.1:99999' }, [`  PORTCULLIS_ADMIN: ${ADDRESS}`]],
    [
      'a delay that is not a number',
      { DRAIN_DELAY_SECONDS: '5s' },
      ['  PORTCULLIS_DRAIN_DELAY_SECONDS: write a whole number of seconds from 0 to 300'],
    ],
    ['an unknown level', { LOG_LEVEL: 'trace' }, ['  PORTCULLIS_LOG_LEVEL: write debug, info, warn or error']],
  ])('%s', (_title, variables, lines) => {
    expect(problems({})).toEqual([]);
    expect(problems(variables)).toEqual(lines);
  });
});
