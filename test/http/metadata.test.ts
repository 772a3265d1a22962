// What the protected resource metadata says: the configuration, and nothing else.
import { expect, test } from 'vitest';
import { resourceMetadata } from '../../src/http/metadata.js';
import { endpoint, ISSUER, RESOURCE } from '../parts/endpoint.js';

test('is the resource, its issuers, its scopes and the header (A-01, A-04, A-10, A-11)', () => {
  expect(resourceMetadata(endpoint())).toEqual({
    resource: RESOURCE,
    authorization_servers: [ISSUER],
    scopes_supported: ['files:read'],
    bearer_methods_supported: ['header'],
  });
});

test('leaves out an empty list (A-09)', () => {
  expect(resourceMetadata(endpoint({ scopesSupported: [] }))).not.toHaveProperty('scopes_supported');
});

test('writes issuer and resource as they were written, slash for slash (A-12, A-04)', () => {
  const issuers = ['https://b.example.com/', 'https://a.example.com'];
  const document = resourceMetadata(endpoint({ issuers, resource: 'https://MCP.example.com:443/Files/mcp' }));
  expect(document.authorization_servers).toEqual(issuers);
  expect(document.resource).toBe('https://MCP.example.com:443/Files/mcp');
});

test('says nothing of legacy credentials (C-108)', () => {
  const legacy = [{ scheme: 'token', header: 'authorization', scopes: [], sunsetMs: null }];
  expect(resourceMetadata(endpoint({ legacy }))).toEqual(resourceMetadata(endpoint()));
});
