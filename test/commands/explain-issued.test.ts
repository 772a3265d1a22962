// `explain` of tokens that a facade issued: it verifies them as the gateway does, and never
// proposes to accept one elsewhere.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resolveConfig } from '../../src/config/load.js';
import { ISSUED_TYP } from '../../src/core/issued-token.js';
import { createSigningRing } from '../../src/oauth/signing-keys.js';
import { facadeRing } from '../fixtures/facade-scene.js';
import { run } from './in-process.js';

const env = { RING: facadeRing(), IDP_SECRET: 's3cret' };
const PUBLIC = 'http://127.0.0.1:9';
const facade = { clientId: 'gateway', clientSecret: '$' + '{env:IDP_SECRET}', keys: ['$' + '{env:RING}'], mode: 'issued' };
const upstream = 'http://127.0.0.1:8/mcp';
const raw = {
  publicUrl: PUBLIC,
  issuers: { main: { issuer: 'http://127.0.0.1:7', facade }, plain: { issuer: 'http://127.0.0.1:6' } },
  endpoints: [
    { path: '/mcp', issuers: ['main'], upstream },
    { path: '/other', issuers: ['main'], upstream },
    { path: '/plain', issuers: ['plain'], upstream },
  ],
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-issued-'));
  writeFileSync(join(folder, 'gateway.yaml'), JSON.stringify(raw));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function explain(path: string, changes: Record<string, unknown> = {}) {
  const keys = resolveConfig(raw, env).issuers[0]?.facade?.keys ?? [];
  const iat = Math.floor(Date.now() / 1000);
  const claims = {
    iss: `${PUBLIC}/oauth/main`,
    sub: 'idp|alice',
    aud: `${PUBLIC}/mcp`,
    client_id: 'c',
    iat,
    exp: iat + 60,
    jti: 'j',
  };
  const token = await createSigningRing<{ iss: string }>(keys, ISSUED_TYP).sign({ ...claims, ...changes });
  const args = ['explain', '--config', join(folder, 'gateway.yaml'), '--endpoint', path, token, '--json'];
  const { code, output } = await run(args, { env });
  return { code, ...(JSON.parse(output) as { reason: string; fix?: { words: string; write?: unknown } }) };
}

test('a good token, without a request to the identity provider', async () => {
  expect(await explain('/mcp')).toMatchObject({ code: 0 });
});

test.each([
  ['/other', 'audience.mismatch'],
  ['/plain', 'token.issuer'],
])('at %s there is no change that accepts it', async (path, reason) => {
  const { code, fix, ...explained } = await explain(path);
  expect([code, explained.reason, fix]).toEqual([1, reason, { words: expect.stringContaining(`log in for ${PUBLIC}${path}`) }]);
});
