// The metadata of the bridge, and that the SDKs for TypeScript accept it.
import { OAuthMetadataSchema } from '@modelcontextprotocol/sdk/shared/auth.js';
import { expect, test } from 'vitest';
import { BRIDGE, bridgeScene, files } from '../../support/grants.js';

const read = (bytes: Buffer): Record<string, unknown> => JSON.parse(bytes.toString()) as Record<string, unknown>;

test('names the endpoints, one grant, two ways to authenticate, and the scopes of its endpoints (RFC 8414)', () => {
  const { bridge } = bridgeScene();
  expect(read(bridge.metadata)).toEqual({
    issuer: BRIDGE,
    authorization_endpoint: 'https://mcp.example.com/oauth/authorize',
    token_endpoint: 'https://mcp.example.com/oauth/token',
    jwks_uri: 'https://mcp.example.com/oauth/jwks',
    scopes_supported: ['files:read', 'notes:read'],
    response_types_supported: [],
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    code_challenge_methods_supported: ['S256'],
  });
  expect(bridge.issuer).toBe(BRIDGE);
});

test('leaves out an empty list of scopes, and scopes of endpoints without the bridge', () => {
  const other = { ...files, isBridged: false, scopesSupported: ['secret:scope'] };
  const none = { ...files, scopesSupported: [] };
  expect(read(bridgeScene({ endpoints: [none, other] }).bridge.metadata)).not.toHaveProperty('scopes_supported');
});

test('the issuer is exactly as the operator wrote it, the endpoints are at its origin', () => {
  const { bridge } = bridgeScene({ issuer: 'https://mcp.example.com/oauth/bridge/' });
  expect(read(bridge.metadata)).toMatchObject({
    issuer: 'https://mcp.example.com/oauth/bridge/',
    token_endpoint: 'https://mcp.example.com/oauth/token',
  });
});

test('the SDK for TypeScript reads it', () => {
  expect(OAuthMetadataSchema.parse(read(bridgeScene().bridge.metadata))).toMatchObject({ issuer: BRIDGE });
});
