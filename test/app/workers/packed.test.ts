// The resolved configuration survives the way to a worker, secrets included, and each worker gets
// its share of the limits.
import { deserialize, serialize } from 'node:v8';
import { expect, test } from 'vitest';
import { fingerprintOf } from '../../../src/app/keep.js';
import { pack, unpack } from '../../../src/app/workers/packed.js';
import { shareOf } from '../../../src/app/workers/share.js';
import { parseYaml } from '../../../src/config/load.js';
import type { ResolvedConfig } from '../../../src/config/resolved-config.js';
import { secret } from '../../../src/core/secret.js';

const KEY = Buffer.from(Array.from({ length: 32 }, (_, i) => i * 7)).toString('base64');
const config = parseYaml(
  `
publicUrl: https://mcp.example.com
sessionKeys: ["\${env:KEY}"]
workers: auto
issuers:
  main:
    issuer: https://auth.example.com
    requiredClaims: { reveal: yes-it-is-text }
    verify: introspection
    introspection: { clientId: gateway, clientSecret: "\${env:SECRET}", maxConcurrentRequests: 7 }
endpoints:
  - path: /mcp
    issuers: [main]
    upstream:
      url: http://127.0.0.1:3000/mcp
      credential: { kind: static, authorization: "\${env:UPSTREAM}" }
      maxConcurrentRequests: 5
      maxStreams: 1
`,
  { KEY, SECRET: 'client-secret', UPSTREAM: 'Bearer upstream-secret' },
);
const overThere = (value: unknown): unknown => unpack(deserialize(serialize(pack(value))));

test('a configuration is the same on the other side, frozen, and its secrets are masked there', () => {
  const there = overThere(config) as ResolvedConfig;
  expect(fingerprintOf(there)).toBe(fingerprintOf(config));
  expect(there.sessionKeys[0]?.reveal()).toBe(KEY);
  expect(JSON.stringify(there)).not.toContain('secret"');
  expect(String(there.issuers[0]?.introspection?.client && there.sessionKeys[0])).toBe('[secret]');
  expect(Object.isFrozen(there.endpoints[0]?.upstream)).toBe(true);
  expect(there.endpoints[0]?.issuerAudience).toBeInstanceOf(Map);
});

test.each([[null], [undefined], [0], ['text'], [[1, [2]]], [new Map([['a', secret('b')]])], [{ a: { b: undefined } }]])(
  '%j survives',
  (value) => expect(fingerprintOf({ value: overThere(value) })).toBe(fingerprintOf({ value })),
);

test('a share is rounded up, at least 1, and nothing else changes', () => {
  const share = shareOf(config, 2);
  const { upstream } = share.endpoints[0] as ResolvedConfig['endpoints'][number];
  expect([upstream.maxConcurrentRequests, upstream.maxStreams]).toEqual([3, 1]);
  expect(share.issuers[0]?.introspection?.maxConcurrentRequests).toBe(4);
  expect(fingerprintOf(shareOf(config, 1))).toBe(fingerprintOf(config));
});
