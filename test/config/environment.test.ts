// Environment variables alone describe one protected server: what each of them means.
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { describe, expect, test } from 'vitest';
import { hasEnvironment, loadEnvironment } from '../../src/config/environment.js';
import { VARIABLES } from '../../src/config/environment-variables.js';
import { parseYaml } from '../../src/config/load.js';
import type { ResolvedConfig } from '../../src/config/resolved-config.js';
import { secretOf } from '../support/plans.js';
import { keyText } from '../support/sealing-key.js';
import { INTROSPECTION, NEEDED, prefixed, type Variables } from '../support/variables.js';

const [FIRST_KEY, SECOND_KEY] = [keyText(), keyText()];

const load = (variables: Variables = {}): ResolvedConfig => loadEnvironment(prefixed({ ...NEEDED, ...variables }));

test('three variables are enough, and mean what the same file means', () => {
  const yaml = `
publicUrl: https://mcp.example.com
issuers: { main: { issuer: https://auth.example.com } }
endpoints: [{ path: /mcp, issuers: [main], upstream: http://10.0.0.5:3000/mcp }]`;
  expect(load()).toEqual(parseYaml(yaml, {}));
});

describe('each variable', () => {
  const endpoint = (plan: ResolvedConfig) => plan.endpoints[0];
  const issuer = (plan: ResolvedConfig) => plan.issuers[0];
  test.each<[string, Variables, (plan: ResolvedConfig) => unknown, unknown]>([
    [
      'UPSTREAM',
      { UPSTREAM: 'https://files.internal/deep?x=1' },
      (p) => endpoint(p)?.upstream.url,
      'https://files.internal/deep?x=1',
    ],
    [
      'PUBLIC_URL',
      { PUBLIC_URL: 'https://mcp.example.com:8443/a/b' },
      (p) => [p.publicUrl, endpoint(p)?.path, endpoint(p)?.resource],
      ['https://mcp.example.com:8443', '/a/b', 'https://mcp.example.com:8443/a/b'],
    ],
    [
      'PUBLIC_URL without a path takes that of the upstream',
      { PUBLIC_URL: 'https://mcp.example.com', UPSTREAM: 'http://h/deep' },
      (p) => endpoint(p)?.path,
      '/deep',
    ],
    ['PUBLIC_URL with a slash only, likewise', { PUBLIC_URL: 'https://mcp.example.com/' }, (p) => endpoint(p)?.path, '/mcp'],
    [
      'PUBLIC_URL and UPSTREAM without paths',
      { PUBLIC_URL: 'https://mcp.example.com', UPSTREAM: 'http://h' },
      (p) => endpoint(p)?.path,
      '/mcp',
    ],
    ['PUBLIC_URL on loopback', { PUBLIC_URL: 'http://127.0.0.1:8080/mcp' }, (p) => p.publicUrl, 'http://127.0.0.1:8080'],
    [
      'ISSUER, slash included (A-12)',
      { ISSUER: 'https://acme.us.auth0.com/' },
      (p) => issuer(p)?.issuer,
      'https://acme.us.auth0.com/',
    ],
    [
      'PRESET, under what is written',
      { PRESET: 'auth0', ISSUER: 'https://acme.us.auth0.com/', TYP: 'at+jwt' },
      (p) => [issuer(p)?.jwksUri, issuer(p)?.claims.client, issuer(p)?.typ],
      ['https://acme.us.auth0.com/.well-known/jwks.json', ['azp', 'client_id'], 'at+jwt'],
    ],
    ['JWKS_URI', { JWKS_URI: 'https://auth.example.com/keys' }, (p) => issuer(p)?.jwksUri, 'https://auth.example.com/keys'],
    ['ALGORITHMS', { ALGORITHMS: 'ES256, RS256' }, (p) => issuer(p)?.algorithms, ['ES256', 'RS256']],
    ['TYP', { TYP: 'at+jwt' }, (p) => issuer(p)?.typ, 'at+jwt'],
    ['CLOCK_TOLERANCE_SECONDS', { CLOCK_TOLERANCE_SECONDS: '0' }, (p) => issuer(p)?.clockToleranceSeconds, 0],
    ['AUDIENCE', { AUDIENCE: 'urn:a urn:b,urn:c' }, (p) => endpoint(p)?.audience, ['urn:a', 'urn:b', 'urn:c']],
    ['SCOPES', { SCOPES: ' files:read,\n files:list ' }, (p) => endpoint(p)?.scopes, ['files:read', 'files:list']],
    ['INTROSPECTION_*', INTROSPECTION, (p) => secretOf(issuer(p)), 's3cret'],
    [
      'INTROSPECTION_URL',
      { ...INTROSPECTION, INTROSPECTION_URL: 'https://auth.example.com/i' },
      (p) => issuer(p)?.introspection?.url,
      'https://auth.example.com/i',
    ],
    [
      'PASS_THROUGH_SCHEME',
      { PASS_THROUGH_SCHEME: 'Token' },
      (p) => endpoint(p)?.passThrough,
      [{ scheme: 'token', header: 'authorization', scopes: [], sunsetMs: null }],
    ],
    [
      'PASS_THROUGH_SCOPES',
      { PASS_THROUGH_SCHEME: 'Token', PASS_THROUGH_SCOPES: 'a b', SCOPES: 'a' },
      (p) => endpoint(p)?.passThrough[0]?.scopes,
      ['a', 'b'],
    ],
    [
      'SESSION_KEYS',
      { SESSION_KEYS: ` ${FIRST_KEY}, ${SECOND_KEY}\n` },
      (p) => p.sessionKeys.map((key) => key.reveal()),
      [FIRST_KEY, SECOND_KEY],
    ],
    ['LISTEN', { LISTEN: '0.0.0.0:80' }, (p) => p.listen, { host: '0.0.0.0', port: 80 }],
    ['LISTEN with a port only', { LISTEN: '8081' }, (p) => p.listen, { host: '127.0.0.1', port: 8081 }],
    ['LISTEN on IPv6', { LISTEN: '[::]:8081' }, (p) => p.listen, { host: '::', port: 8081 }],
    ['ADMIN', { ADMIN: 'localhost:0' }, (p) => p.admin, { host: 'localhost', port: 0, hosts: [] }],
    ['LOG_LEVEL', { LOG_LEVEL: 'debug' }, (p) => p.logLevel, 'debug'],
    [
      'white space around a value',
      { ISSUER: ' https://auth.example.com\n' },
      (p) => issuer(p)?.issuer,
      'https://auth.example.com',
    ],
  ])('%s', (_name, variables, read, expected) => {
    expect(read(load(variables))).toEqual(expected);
  });

  test('that is empty is not set', () => {
    const empty = Object.fromEntries(
      ['JWKS_URI', 'SCOPES', 'PASS_THROUGH_SCHEME', 'LISTEN', 'LOG_LEVEL', 'INTROSPECTION_URL'].map((name) => [name, '  ']),
    );
    expect(load(empty)).toEqual(load());
  });

  test('that holds the token of doctor and explain does not stop the gateway', () => {
    expect(() => load({ TOKENS: 'x' })).toThrow('PORTCULLIS_TOKENS: there is no such variable');
    expect(load({ TOKEN: 'x' })).toEqual(load());
  });

  test('of others is none of ours', () => {
    const link = { PORTCULLIS_PORT: 'tcp://10.0.0.1:80', PORTCULLIS_PORT_80_TCP: 'x', PORTCULLIS_SERVICE_HOST: '10.0.0.1' };
    const others = { PATH: '/bin', portcullis_upstream: 'x', MY_PORTCULLIS_X: 'y', ...link };
    expect(loadEnvironment({ ...prefixed(NEEDED), ...others })).toEqual(load());
  });
});

test('the environment describes a server as soon as one of the three is there', () => {
  for (const name of Object.keys(NEEDED)) expect(hasEnvironment(prefixed({ [name]: 'x' }))).toBe(true);
  expect(hasEnvironment(prefixed({ SCOPES: 'x' }))).toBe(false);
  expect(hasEnvironment({ PATH: '/bin' })).toBe(false);
});

describe('.env.example', () => {
  const text = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
  const switchedOn = text.replaceAll(/^#(?=PORTCULLIS_)/gm, '');

  test('names every variable that is read, once, and no other', () => {
    const named = [...text.matchAll(/^#?PORTCULLIS_([A-Z_]+)=/gm)].map(([, name]) => name);
    expect(named.sort()).toEqual(Object.keys(VARIABLES).sort());
  });

  test('is good as it stands, and so is every value that it shows', () => {
    expect(loadEnvironment(parseEnv(text))).toEqual(
      load({
        PUBLIC_URL: 'https://mcp.example.com/files/mcp',
        ISSUER: 'https://auth.example.com',
        UPSTREAM: 'http://10.0.0.5:3000/mcp',
      }),
    );
    // The preset is of another issuer than the one that is shown.
    const { PORTCULLIS_PRESET, ...others } = parseEnv(switchedOn);
    expect(PORTCULLIS_PRESET).toBe('auth0');
    const secrets = { PORTCULLIS_INTROSPECTION_CLIENT_SECRET: 's3cret', PORTCULLIS_SESSION_KEYS: FIRST_KEY };
    expect(loadEnvironment({ ...others, ...secrets }).endpoints[0]?.scopes).toEqual(['files:read']);
  });
});
