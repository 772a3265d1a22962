// The doctor warns where the authorization server cannot issue access tokens for the MCP server:
// unknown scopes, and Dex, whose access tokens look like its ID tokens.
import { afterEach, describe, expect, test } from 'vitest';
import { type Loopback, listenLoopback } from '../../src/commands/demo/loopback.js';
import type { CheckResult } from '../../src/commands/doctor/check.js';
import { ecKey, mintToken } from '../fixtures/mint.js';
import { linesOf, runDoctor } from './run-doctor.js';
import { type Fault, startThirdPartyServer } from './third-party-server.js';

const opened: Loopback[] = [];
afterEach(async () => {
  for (const server of opened.splice(0)) await server.close();
});

async function linesFor(fault: Fault, name: string, token?: string): Promise<string[]> {
  const server = await startThirdPartyServer(fault);
  const findings = await runDoctor(server, token === undefined ? {} : { token });
  await server.stop();
  const all: CheckResult[] = ['ok', 'warn', 'fail', 'skipped'];
  return linesOf(findings, ...all).filter((line) => line.includes(` ${name}`));
}

describe('the scopes', () => {
  const NAME = 'scopes of the authorization server';

  test.each<[string, Fault, string]>([
    ['all known', {}, `ok ${NAME}: it lists files:read`],
    [
      'only OpenID scopes, as Canaille has',
      { server: { scopes_supported: ['openid', 'profile', 'email'] } },
      `warn ${NAME}: its scopes_supported does not include files:read`,
    ],
    [
      'unknown in the resource metadata alone',
      { metadata: { scopes_supported: ['files:read', 'files:write'] } },
      `warn ${NAME}: its scopes_supported does not include files:write`,
    ],
    [
      'in another case',
      { server: { scopes_supported: ['Files:Read'] } },
      `warn ${NAME}: its scopes_supported does not include files:read`,
    ],
    ['not listed', { server: { scopes_supported: undefined } }, `skipped ${NAME}: the authorization server lists no scopes`],
  ])('%s', async (_title, fault, line) => {
    expect(await linesFor(fault, NAME)).toEqual([line]);
  });
});

describe('Dex', () => {
  const NAME = 'kind of access tokens';
  const WARNING = `warn ${NAME}: this is Dex: its access tokens cannot be distinguished from its ID tokens`;

  /** A third-party server whose authorization server has this document. */
  async function withDocument(changes: (issuer: string) => Record<string, unknown> = () => ({}), path = '/dex'): Promise<Fault> {
    const server = await listenLoopback((_req, res) => {
      const issuer = server.url + path;
      const base = issuer.replace(/\/$/, '');
      const document = {
        issuer,
        authorization_endpoint: `${base}/auth`,
        token_endpoint: `${base}/token`,
        jwks_uri: `${base}/keys`,
        device_authorization_endpoint: `${base}/device/code`,
        response_types_supported: ['code'],
        claims_supported: ['iss', 'sub', 'aud', 'at_hash'],
        ...changes(issuer),
      };
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
    });
    opened.push(server);
    return { metadata: { authorization_servers: [server.url + path] } };
  }

  test.each(['/dex', '', '/'])('below %j is named', async (path) => {
    expect(await linesFor(await withDocument(() => ({}), path), NAME)).toEqual([WARNING]);
  });

  test.each<[string, (issuer: string) => Record<string, unknown>]>([
    ['another place of the keys', (issuer) => ({ jwks_uri: `${issuer}/jwks` })],
    ['another token endpoint, as zitadel/oidc has', (issuer) => ({ token_endpoint: `${issuer}/oauth/token` })],
    ['claims without at_hash', () => ({ claims_supported: ['iss', 'sub', 'aud'] })],
    ['no list of claims', () => ({ claims_supported: undefined })],
  ])('a server with %s is not', async (_title, changes) => {
    expect(await linesFor(await withDocument(changes), NAME)).toEqual([`ok ${NAME}: the authorization server is not Dex`]);
  });
});

describe('the token', () => {
  const NAME = 'token kind';
  const mint = (claims: Record<string, unknown>): string =>
    mintToken({ issuer: 'https://dex.example.com', audience: 'x', key: ecKey(), claims });

  test.each<[string, Record<string, unknown>, string]>([
    ['an access token', {}, `ok ${NAME}: no claim marks another kind of token`],
    ['with at_hash', { at_hash: 'h' }, `warn ${NAME}: at_hash marks an ID token or a logout token`],
    ['with c_hash', { c_hash: 'h' }, `warn ${NAME}: c_hash marks an ID token or a logout token`],
    ['with events', { events: {} }, `warn ${NAME}: events marks an ID token or a logout token`],
  ])('%s', async (_title, claims, line) => {
    expect(await linesFor({ takesAnyToken: true }, NAME, mint(claims))).toEqual([line]);
  });
});
