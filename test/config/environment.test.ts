// Environment variables that describe one protected server, and the meaning of each.
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { describe, expect, test } from 'vitest';
import { hasEnvironment } from '../../src/config/environment.js';
import { VARIABLES } from '../../src/config/environment-variables.js';
import { loadEnvironment, parseYaml } from '../../src/config/load.js';
import type { ResolvedConfig } from '../../src/config/resolved-config.js';
import { secretOf } from '../support/plans.js';
import { keyText } from '../support/sealing-key.js';
import { INTROSPECTION, NEEDED, prefixed, problems, type Variables } from '../support/variables.js';

const [FIRST_KEY, SECOND_KEY] = [keyText(), keyText()];

const load = (variables: Variables = {}): ResolvedConfig => loadEnvironment(prefixed({ ...NEEDED, ...variables }));

test('three variables are enough, and have the same meaning as a file', () => {
  const yaml = `
publicUrl: https://mcp.example.com
issuers: { main: { issuer: https://auth.example.com } }
endpoints: [{ path: /mcp, issuers: [main], upstream: http://10.0.0.5:3000/mcp }]`;
  expect(load()).toEqual(parseYaml(yaml, {}));
});

describe('each variable', () => {
  const endpoint = (config: ResolvedConfig) => config.endpoints[0];
  const issuer = (config: ResolvedConfig) => config.issuers[0];
  test.each<[string, Variables, (config: ResolvedConfig) => unknown, unknown]>([
    [
      'UPSTREAM',
      { UPSTREAM: 'https://files.internal/deep?x=1' },
      (config) => endpoint(config)?.upstream.url,
      'https://files.internal/deep?x=1',
    ],
    [
      'UPSTREAM_AUTHORIZATION',
      { UPSTREAM_AUTHORIZATION: 'Bearer s3cret' },
      (config) => {
        const { upstream, upstreamCredential: credential } = endpoint(config) ?? {};
        return credential?.kind === 'static' && [upstream?.url, credential.header, credential.value.reveal()];
      },
      ['http://10.0.0.5:3000/mcp', 'authorization', 'Bearer s3cret'],
    ],
    [
      'PUBLIC_URL',
      { PUBLIC_URL: 'https://mcp.example.com:8443/a/b' },
      (config) => [config.publicUrl, endpoint(config)?.path, endpoint(config)?.resource],
      ['https://mcp.example.com:8443', '/a/b', 'https://mcp.example.com:8443/a/b'],
    ],
    [
      'PUBLIC_URL without a path has the path of the upstream',
      { PUBLIC_URL: 'https://mcp.example.com', UPSTREAM: 'http://h/deep' },
      (config) => endpoint(config)?.path,
      '/deep',
    ],
    [
      'PUBLIC_URL with only a slash has that path too',
      { PUBLIC_URL: 'https://mcp.example.com/' },
      (config) => endpoint(config)?.path,
      '/mcp',
    ],
    [
      'PUBLIC_URL and UPSTREAM without paths',
      { PUBLIC_URL: 'https://mcp.example.com', UPSTREAM: 'http://h' },
      (config) => endpoint(config)?.path,
      '/mcp',
    ],
    [
      'PUBLIC_URL on loopback',
      { PUBLIC_URL: 'http://127.0.0.1:8080/mcp' },
      (config) => config.publicUrl,
      'http://127.0.0.1:8080',
    ],
    [
      'ISSUER with its slash (A-12, exact issuer)',
      { ISSUER: 'https://acme.us.auth0.com/' },
      (config) => issuer(config)?.issuer,
      'https://acme.us.auth0.com/',
    ],
    [
      'PRESET below the other variables',
      { PRESET: 'auth0', ISSUER: 'https://acme.us.auth0.com/', TYP: 'at+jwt' },
      (config) => [issuer(config)?.jwksUri, issuer(config)?.claims.client, issuer(config)?.typ],
      ['https://acme.us.auth0.com/.well-known/jwks.json', ['azp', 'client_id'], 'at+jwt'],
    ],
    [
      'METADATA_URL',
      { METADATA_URL: 'https://auth.example.com/odd?tenant=a' },
      (config) => issuer(config)?.metadataUrl,
      'https://auth.example.com/odd?tenant=a',
    ],
    [
      'AUTHORIZATION_SERVERS, in the resource metadata too',
      { ISSUER: 'acme', METADATA_URL: 'https://a.example/m', AUTHORIZATION_SERVERS: 'https://a.example, https://b.example/' },
      (config) => [issuer(config)?.issuer, issuer(config)?.authorizationServers, endpoint(config)?.authorizationServers],
      ['acme', ['https://a.example', 'https://b.example/'], ['https://a.example', 'https://b.example/']],
    ],
    [
      'ALLOW_INSECURE_HTTP',
      { ISSUER: 'http://keycloak:8080/realms/a', ALLOW_INSECURE_HTTP: 'true' },
      (config) => [issuer(config)?.issuer, issuer(config)?.allowInsecureHttp],
      ['http://keycloak:8080/realms/a', true],
    ],
    ['ALLOW_INSECURE_HTTP as false', { ALLOW_INSECURE_HTTP: 'false' }, (config) => issuer(config)?.allowInsecureHttp, false],
    [
      'JWKS_URI',
      { JWKS_URI: 'https://auth.example.com/keys' },
      (config) => issuer(config)?.jwksUri,
      'https://auth.example.com/keys',
    ],
    ['ALGORITHMS', { ALGORITHMS: 'ES256, RS256' }, (config) => issuer(config)?.algorithms, ['ES256', 'RS256']],
    ['TYP', { TYP: 'at+jwt' }, (config) => issuer(config)?.typ, 'at+jwt'],
    ['CLOCK_TOLERANCE_SECONDS', { CLOCK_TOLERANCE_SECONDS: '0' }, (config) => issuer(config)?.clockToleranceSeconds, 0],
    ['AUDIENCE', { AUDIENCE: 'urn:a urn:b,urn:c' }, (config) => endpoint(config)?.audience, ['urn:a', 'urn:b', 'urn:c']],
    ['SCOPES', { SCOPES: ' files:read,\n files:list ' }, (config) => endpoint(config)?.scopes, ['files:read', 'files:list']],
    ['INTROSPECTION_*', INTROSPECTION, (config) => secretOf(issuer(config)), 's3cret'],
    [
      'INTROSPECTION_URL',
      { ...INTROSPECTION, INTROSPECTION_URL: 'https://auth.example.com/i' },
      (config) => issuer(config)?.introspection?.url,
      'https://auth.example.com/i',
    ],
    [
      'PASS_THROUGH_SCHEME',
      { PASS_THROUGH_SCHEME: 'Token' },
      (config) => endpoint(config)?.passThrough,
      [{ scheme: 'token', header: 'authorization', scopes: [], sunsetMs: null }],
    ],
    [
      'PASS_THROUGH_SCOPES',
      { PASS_THROUGH_SCHEME: 'Token', PASS_THROUGH_SCOPES: 'a b', SCOPES: 'a' },
      (config) => endpoint(config)?.passThrough[0]?.scopes,
      ['a', 'b'],
    ],
    [
      'SESSION_KEYS',
      { SESSION_KEYS: ` ${FIRST_KEY}, ${SECOND_KEY}\n` },
      (config) => config.sessionKeys.map((key) => key.reveal()),
      [FIRST_KEY, SECOND_KEY],
    ],
    ['LISTEN', { LISTEN: '0.0.0.0:80' }, (config) => config.listen, { host: '0.0.0.0', port: 80 }],
    ['LISTEN with only a port', { LISTEN: '8081' }, (config) => config.listen, { host: '127.0.0.1', port: 8081 }],
    ['LISTEN on IPv6', { LISTEN: '[::]:8081' }, (config) => config.listen, { host: '::', port: 8081 }],
    ['ADMIN', { ADMIN: 'localhost:0' }, (config) => config.admin, { host: 'localhost', port: 0, hosts: [] }],
    ['LOG_LEVEL', { LOG_LEVEL: 'debug' }, (config) => config.logLevel, 'debug'],
    ['DRAIN_DELAY_SECONDS', { DRAIN_DELAY_SECONDS: '5' }, (config) => config.drain, { delaySeconds: 5 }],
    [
      'white space around a value',
      { ISSUER: ' https://auth.example.com\n' },
      (config) => issuer(config)?.issuer,
      'https://auth.example.com',
    ],
  ])('%s', (_name, variables, read, expected) => {
    expect(read(load(variables))).toEqual(expected);
  });

  test('counts as not set when it is empty', () => {
    const empty = Object.fromEntries(
      ['JWKS_URI', 'SCOPES', 'PASS_THROUGH_SCHEME', 'UPSTREAM_AUTHORIZATION', 'LISTEN', 'LOG_LEVEL', 'INTROSPECTION_URL'].map(
        (name) => [name, '  '],
      ),
    );
    expect(load(empty)).toEqual(load());
  });

  test('may be PORTCULLIS_TOKEN, which doctor and explain read', () => {
    expect(() => load({ TOKENS: 'x' })).toThrow('PORTCULLIS_TOKENS: unknown variable');
    expect(load({ TOKEN: 'x' })).toEqual(load());
  });

  test('of another program, or of Kubernetes for a Service, is ignored', () => {
    const link = { PORTCULLIS_PORT: 'tcp://10.0.0.1:80', PORTCULLIS_PORT_80_TCP: 'x', PORTCULLIS_SERVICE_HOST: '10.0.0.1' };
    const others = { PATH: '/bin', portcullis_upstream: 'x', MY_PORTCULLIS_X: 'y', ...link };
    expect(loadEnvironment({ ...prefixed(NEEDED), ...others })).toEqual(load());
  });
});

test('the environment describes a server with any of the three variables', () => {
  for (const name of Object.keys(NEEDED)) expect(hasEnvironment(prefixed({ [name]: 'x' }))).toBe(true);
  expect(hasEnvironment(prefixed({ SCOPES: 'x' }))).toBe(false);
  expect(hasEnvironment({ PATH: '/bin' })).toBe(false);
});

test.each<[string, Variables, string]>([
  [
    'beside pass-through callers',
    { PASS_THROUGH_SCHEME: 'Token' },
    'the upstream of passThrough verifies its callers itself, so it can trust no credential of the gateway. ' +
      'Remove PORTCULLIS_UPSTREAM_AUTHORIZATION or PORTCULLIS_PASS_THROUGH_SCHEME',
  ],
  [
    'of two lines',
    { UPSTREAM_AUTHORIZATION: 'Bearer s3cret\ns3cret' },
    'the secret must be one line of visible ASCII, such as "Bearer abc", of at most 8192 characters. Remove spaces around it or two in a row',
  ],
  ...['{env:S3CRET}', '{file:/s3cret}', '{env:S3CRET} s3cret'].map((reference): [string, Variables, string] => [
    `with a reference $${reference}`,
    { UPSTREAM_AUTHORIZATION: `Bearer $${reference}` },
    'the variable PORTCULLIS_UPSTREAM_AUTHORIZATION holds a reference, which the gateway does not follow; ' +
      'write the secret itself into the variable',
  ]),
])('UPSTREAM_AUTHORIZATION %s is its own problem', (_what, variables, message) => {
  expect(problems({ UPSTREAM_AUTHORIZATION: 'Bearer s3cret', ...variables })).toEqual([
    `  PORTCULLIS_UPSTREAM_AUTHORIZATION: ${message}`,
  ]);
});

test.each(['SESSION_KEYS', 'INTROSPECTION_CLIENT_SECRET'])('a reference in %s is its only problem', (name) => {
  const found = problems({ INTROSPECTION_CLIENT_ID: 'a', INTROSPECTION_CLIENT_SECRET: 'a', [name]: '$' + '{env:S3CRET}' });
  expect(found).toEqual([
    `  PORTCULLIS_${name}: the variable PORTCULLIS_${name} holds a reference, which the gateway does not follow; ` +
      'write the secret itself into the variable',
  ]);
});

test('UPSTREAM_AUTHORIZATION does not hide a missing or bad UPSTREAM', () => {
  const UPSTREAM_AUTHORIZATION = 'Bearer s3cret';
  expect(problems({ UPSTREAM: undefined, UPSTREAM_AUTHORIZATION })).toEqual([
    '  PORTCULLIS_UPSTREAM: is required; set it (see .env.example)',
  ]);
  expect(problems({ UPSTREAM: 'ftp://x', UPSTREAM_AUTHORIZATION })).toEqual([
    '  PORTCULLIS_UPSTREAM: write an http or https URL, such as http://10.0.0.5:3000/mcp',
  ]);
});

describe('.env.example', () => {
  const text = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
  const allSet = text.replaceAll(/^#(?=PORTCULLIS_)/gm, '');

  test('has each variable once, and no other', () => {
    const named = [...text.matchAll(/^#?PORTCULLIS_([A-Z_]+)=/gm)].map(([, name]) => name);
    expect(named.sort()).toEqual(Object.keys(VARIABLES).sort());
  });

  test('is a valid configuration, and so is every value in it', () => {
    expect(loadEnvironment(parseEnv(text))).toEqual(
      load({
        PUBLIC_URL: 'https://mcp.example.com/files/mcp',
        ISSUER: 'https://auth.example.com',
        UPSTREAM: 'http://10.0.0.5:3000/mcp',
      }),
    );
    // The preset does not fit the issuer in the example.
    const { PORTCULLIS_PRESET, ...others } = parseEnv(allSet);
    expect(PORTCULLIS_PRESET).toBe('auth0');
    const secrets = { PORTCULLIS_INTROSPECTION_CLIENT_SECRET: 's3cret', PORTCULLIS_SESSION_KEYS: FIRST_KEY };
    expect(loadEnvironment({ ...others, ...secrets }).endpoints[0]?.scopes).toEqual(['files:read']);
  });
});
