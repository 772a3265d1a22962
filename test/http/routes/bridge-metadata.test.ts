// Where the metadata of the bridge is, and what a resource says without issuers.
import { afterEach, describe, expect, test } from 'vitest';
import type { Endpoint } from '../../../src/core/endpoint.js';
import { resourceMetadata, wellKnownDocuments } from '../../../src/http/routes/metadata.js';
import { endpoint } from '../../support/endpoint.js';
import { BRIDGE, bridgeScene, FILES, files, notes } from '../../support/grants.js';
import { startOAuthListener } from '../../support/oauth-listener.js';

const A = 'https://a.example.com';
const idp = (path: string) => endpoint({ path, resource: `https://mcp.example.com${path}`, issuers: [A] });
const keysOnly = (path: string) =>
  endpoint({ path, resource: `https://mcp.example.com${path}`, issuers: [], authorizationServers: [], scopesSupported: [] });
const { bridge } = bridgeScene();

/** Each path of an authorization server, and the issuer of its document. */
function servers(...endpoints: Endpoint[]): Record<string, string> {
  const show = (issuer: string) => Buffer.from(JSON.stringify({ issuer }));
  const found = [...wellKnownDocuments(endpoints, show, { bridge })].filter(([path]) => !path.includes('oauth-protected'));
  return Object.fromEntries(found.map(([path, document]) => [path, JSON.parse(String(document())).issuer as string]));
}
const everywhere = (path: string): string[] => {
  const inserted = `/.well-known/oauth-authorization-server${path}`;
  return [inserted, `${inserted}/`, `${path}/.well-known/oauth-authorization-server`];
};

describe('the metadata of a resource', () => {
  test('of a bridged endpoint names the bridge alone', () => {
    expect(resourceMetadata({ ...files, authorizationServers: [BRIDGE] })).toEqual({
      resource: FILES,
      authorization_servers: [BRIDGE],
      scopes_supported: ['files:read'],
      bearer_methods_supported: ['header'],
    });
  });
  test('of an endpoint with API keys alone names no authorization server (RFC 9728 section 3.2, no empty list)', () => {
    expect(resourceMetadata(keysOnly('/k'))).toEqual({
      resource: 'https://mcp.example.com/k',
      bearer_methods_supported: ['header'],
    });
  });
});

describe('the metadata of the bridge', () => {
  test('is at its issuer, beside each bridged endpoint, and at the root where all endpoints have it', () => {
    const paths = ['', '/files/mcp', '/notes/mcp', '/bridge'].flatMap(everywhere);
    // At the root the last two of three paths are one.
    expect(servers(files, notes)).toEqual(Object.fromEntries(paths.map((path) => [path, BRIDGE])));
  });

  test('is not at the root beside an endpoint with an issuer, or with API keys alone', () => {
    for (const other of [idp('/a'), keysOnly('/k')]) {
      for (const all of [
        [files, other],
        [other, files],
      ]) {
        const found = servers(...all);
        expect(found['/.well-known/oauth-authorization-server/files/mcp']).toBe(BRIDGE);
        expect(found['/bridge/.well-known/oauth-authorization-server']).toBe(BRIDGE);
        for (const path of everywhere('')) expect(found).not.toHaveProperty([path]);
      }
    }
    const mixed = servers(files, idp('/a'));
    expect(mixed['/.well-known/oauth-authorization-server/a']).toBe(A);
    expect(mixed['/.well-known/openid-configuration/a']).toBe(A);
  });

  test('has no name of OpenID', () => {
    expect(Object.keys(servers(files, notes)).filter((path) => path.includes('openid'))).toEqual([]);
  });

  test('endpoints with API keys alone have no document of a server', () => {
    expect([...wellKnownDocuments([keysOnly('/k')], () => null).keys()].filter((path) => !path.includes('protected'))).toEqual(
      [],
    );
  });
});

describe('over a socket', () => {
  let close: (() => Promise<unknown>) | undefined;
  afterEach(() => close?.());
  const start = async () => {
    const scene = await startOAuthListener();
    close = () => scene.listener.drain(0);
    return scene;
  };

  test('it is JSON for every origin, by GET and by HEAD', async () => {
    const scene = await start();
    for (const path of [...everywhere('/bridge'), ...everywhere('/files/mcp'), ...everywhere('')]) {
      for (const method of ['GET', 'HEAD']) {
        const response = await scene.send(path, { method, headers: [['Origin', 'https://app.example.com']] });
        expect([path, response.status, response.header('content-type')]).toEqual([path, 200, 'application/json']);
        expect(response.header('access-control-allow-origin')).toBe('*');
        expect(response.body).toBe(method === 'GET' ? scene.bridge.metadata.toString() : '');
      }
    }
  });

  // The order of the requests is that of the SDKs for TypeScript, Python and Go (read in their
  // source): all of them stop at the first one that has a document.
  test('the first URL that the SDKs for TypeScript, Python and Go try has it; the others have JSON', async () => {
    const scene = await start();
    const [first, ...others] = [
      '/.well-known/oauth-authorization-server/bridge',
      '/.well-known/openid-configuration/bridge',
      '/bridge/.well-known/openid-configuration',
    ];
    expect((await scene.send(first ?? '')).status).toBe(200);
    for (const path of [...others, '/.well-known/openid-configuration']) {
      const response = await scene.send(path);
      expect([path, response.status, response.header('content-type')]).toEqual([path, 404, 'application/json']);
    }
  });
});
