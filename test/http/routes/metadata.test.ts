// The protected resource metadata, which follows the configuration only, and its paths.
import { describe, expect, test } from 'vitest';
import { resourceMetadata, wellKnownDocuments } from '../../../src/http/routes/metadata.js';
import { endpoint, ISSUER, RESOURCE } from '../../support/endpoint.js';

test('the metadata has the resource, its issuers, its scopes and the header (A-01, A-04, A-10, A-11)', () => {
  expect(resourceMetadata(endpoint())).toEqual({
    resource: RESOURCE,
    authorization_servers: [ISSUER],
    scopes_supported: ['files:read'],
    bearer_methods_supported: ['header'],
  });
});

test('the metadata leaves out an empty list (A-09)', () => {
  expect(resourceMetadata(endpoint({ scopesSupported: [] }))).not.toHaveProperty('scopes_supported');
});

test('issuer and resource are exactly as the operator wrote them (A-12, A-04)', () => {
  const authorizationServers = ['https://b.example.com/', 'https://a.example.com'];
  const document = resourceMetadata(endpoint({ authorizationServers, resource: 'https://MCP.example.com:443/Files/mcp' }));
  expect(document.authorization_servers).toEqual(authorizationServers);
  expect(document.resource).toBe('https://MCP.example.com:443/Files/mcp');
});

test('the metadata does not mention pass-through credentials (C-108)', () => {
  const passThrough = [{ scheme: 'token', header: 'authorization', scopes: [], sunsetMs: null }];
  expect(resourceMetadata(endpoint({ passThrough }))).toEqual(resourceMetadata(endpoint()));
});

describe('the paths of the documents', () => {
  const A = 'https://a.example.com';
  const B = 'https://b.example.com';
  const at = (path: string, issuers = [A], origin = 'https://mcp.example.com') =>
    endpoint({ path, resource: origin + path, issuers });
  const show = (issuer: string): Buffer => Buffer.from(`metadata of ${issuer}`);
  /** Each path and its document: a resource, or the metadata of an issuer. */
  const pathsOf = (...endpoints: ReturnType<typeof at>[]): Record<string, string> =>
    Object.fromEntries(
      [...wellKnownDocuments(endpoints, show)].map(([path, document]) => {
        const text = String(document());
        return [path, text.startsWith('{') ? (JSON.parse(text) as { resource: string }).resource : text];
      }),
    );
  const keys = (name: string, path: string) => [`/.well-known/${name}${path}`, `/.well-known/${name}${path}/`];

  test('one endpoint: each document at three paths, and its issuer at the root (A-03, A-13, A-14, A-16)', () => {
    const found = pathsOf(at('/files/mcp'));
    const resource = 'https://mcp.example.com/files/mcp';
    const expected: [string, string][] = [
      ...keys('oauth-protected-resource', '/files/mcp').map((path): [string, string] => [path, resource]),
      ['/files/mcp/.well-known/oauth-protected-resource', resource],
    ];
    for (const name of ['oauth-authorization-server', 'openid-configuration'])
      for (const path of [...keys(name, '/files/mcp'), `/files/mcp/.well-known/${name}`, ...keys(name, '')])
        expected.push([path, `metadata of ${A}`]);
    expect(found).toEqual(Object.fromEntries(expected));
  });

  test('endpoints with different first issuers: the first of each, and none at the root', () => {
    const found = pathsOf(at('/a', [A, B]), at('/b', [B, A]));
    expect(found['/.well-known/oauth-authorization-server/a']).toBe(`metadata of ${A}`);
    expect(found['/b/.well-known/openid-configuration']).toBe(`metadata of ${B}`);
    for (const path of [...keys('oauth-authorization-server', ''), ...keys('openid-configuration', '')])
      expect(found).not.toHaveProperty(path);
    expect(pathsOf(at('/a', [A, B]), at('/b', [A]))['/.well-known/openid-configuration']).toBe(`metadata of ${A}`);
  });

  test('a resource that is the origin: at the root, before a shared issuer (A-13)', () => {
    const root = endpoint({ path: '/root', resource: 'https://tools.example.com', issuers: [A] });
    const found = pathsOf(root, at('/a', [A]));
    expect(found['/.well-known/oauth-protected-resource']).toBe('https://tools.example.com');
    expect(found['/.well-known/oauth-authorization-server']).toBe(`metadata of ${A}`);
    expect(pathsOf(root, at('/a', [B]))['/.well-known/oauth-authorization-server']).toBe(`metadata of ${A}`);
  });

  test('a resource with a slash at the end: with and without it, because clients drop it (A-04)', () => {
    const found = pathsOf(endpoint({ resource: 'https://mcp.example.com/a/' }));
    for (const path of keys('oauth-protected-resource', '/a')) expect(found[path]).toBe('https://mcp.example.com/a/');
  });

  test('a document of an issuer is null until the gateway has a copy', () => {
    let copy: Buffer | null = null;
    const document = wellKnownDocuments([at('/a')], () => copy).get('/.well-known/openid-configuration/a');
    expect(document?.()).toBeNull();
    copy = Buffer.from('{}');
    expect(document?.()).toBe(copy);
  });
});
