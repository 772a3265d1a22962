// Where the issuer of the bridge may be.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/load.js';

const BRIDGE_KEY = String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));

const withIssuer = (issuer: string | undefined, publicUrl = 'https://mcp.example.com') =>
  readConfig(
    {
      publicUrl,
      apiKeys: { a: { sha256: 'ab'.repeat(32) } },
      bridge: { keys: ['$' + '{env:BRIDGE_KEY}'], ...(issuer === undefined ? {} : { issuer }) },
      endpoints: [{ path: '/mcp', apiKeys: [{ header: 'X-Api-Key' }], upstream: 'http://10.0.0.5:3000/mcp' }],
    },
    { BRIDGE_KEY },
  );

test.each([
  [undefined, 'https://mcp.example.com', 'https://mcp.example.com/bridge'],
  ['https://mcp.example.com/auth/keys', 'https://mcp.example.com', 'https://mcp.example.com/auth/keys'],
  ['http://127.0.0.1:8080/a', 'http://127.0.0.1:8080', 'http://127.0.0.1:8080/a'],
])('%s at %s', (issuer, publicUrl, resolved) => {
  const { config, problems } = withIssuer(issuer, publicUrl);
  expect(problems).toEqual([]);
  expect(config?.bridge?.issuer).toBe(resolved);
  expect(config?.endpoints[0]).toMatchObject({ isBridged: true, issuers: [], authorizationServers: [resolved] });
});

describe('not at', () => {
  test.each([
    'https://mcp.example.com',
    'https://mcp.example.com/',
    'https://mcp.example.com/bridge/',
    'https://mcp.example.com//bridge',
    'https://mcp.example.com/a/../bridge',
    'https://mcp.example.com/a%20b',
    'https://mcp.example.com/.well-known/bridge',
    'https://mcp.example.com/healthz',
    'https://mcp.example.com.evil.example/bridge',
    'https://mcp.example.com:443/bridge',
    'https://mcp.example.com:8443/bridge',
    'https://MCP.example.com/bridge',
    'https://auth.example.com/bridge',
  ])('%s', (issuer) => {
    expect(withIssuer(issuer).problems).toEqual([
      {
        path: ['bridge', 'issuer'],
        message:
          'write the public URL with a path of plain characters, such as https://mcp.example.com/bridge, or remove the field',
      },
    ]);
  });

  test.each(['https://mcp.example.com/bridge?a', 'https://mcp.example.com/bridge#a', 'https://a:b@mcp.example.com/bridge'])(
    '%s, which no issuer may be',
    (issuer) => expect(withIssuer(issuer).problems.map(({ path }) => path)).toEqual([['bridge', 'issuer']]),
  );
});
