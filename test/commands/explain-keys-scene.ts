// A configuration with API keys and a bridge for `explain`, without a gateway.
import { generateKeyPairSync, hash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { resolveConfig } from '../../src/config/load.js';
import { BRIDGE_TYP, type BridgeClaims } from '../../src/core/bridge-token.js';
import { createSigningRing } from '../../src/oauth/signing-keys.js';
import { run } from './in-process.js';

export type Raw = Record<string, unknown>;

export interface Explained {
  code: number;
  text: string;
  credential: string;
  reason: string;
  status: number | null;
  failed?: string;
  detail?: string;
  steps: { name: string; state: string; observed: Raw; expected: Raw; detail?: string }[];
  fix?: { words: string; place?: string; write?: string[]; warning?: string };
}

export const sha256 = (text: string): string => hash('sha256', text);
export const newKey = (prefix = ''): string => prefix + randomBytes(32).toString('base64url');
export const now = (): number => Math.floor(Date.now() / 1000);

export const PUBLIC_URL = 'https://mcp.example.com';
export const BRIDGE = `${PUBLIC_URL}/bridge`;
const UPSTREAM = 'http://127.0.0.1:9/mcp';

export function startKeysScene() {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-keys-'));
  const file = join(folder, 'gateway.yaml');
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = join(folder, 'bridge.pem');
  writeFileSync(pem, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const keys = { a: newKey(), live: newKey('sk_live_'), old: newKey(), echo: newKey(), bare: newKey(), swap: newKey() };
  const secrets: string[] = [...Object.values(keys), 'Token upstream-secret-of-swap'];

  const raw: Raw = {
    publicUrl: PUBLIC_URL,
    issuers: { main: { issuer: 'https://auth.example.com' } },
    bridge: { keys: [`\${file:${pem}}`] },
    apiKeys: {
      'partner-a': { sha256: sha256(keys.a), scopes: ['files:read'], tenant: 'acme', endpoints: ['/mcp', '/keys'] },
      live: { sha256: sha256(keys.live), scopes: ['files:read', 'files:write'] },
      old: { sha256: sha256(keys.old), scopes: ['files:read'], sunset: '2026-01-31' },
      echoed: { sha256: sha256(`${keys.echo}\n`), scopes: ['files:read'] },
      prefixless: { sha256: sha256(`sk_live_${keys.bare}`) },
      swap: { sha256: sha256(keys.swap), upstreamAuthorization: '$' + '{env:UPSTREAM}' },
    },
    endpoints: [
      {
        path: '/mcp',
        apiKeys: [{ header: 'X-Api-Key' }, { scheme: 'Token' }, { bearerPrefix: 'sk_live_' }],
        scopes: ['files:read'],
        upstream: UPSTREAM,
        tools: { default: 'allow', rules: [{ tool: 'write', scopes: ['files:write'] }] },
      },
      { path: '/keys', apiKeys: [{ header: 'X-Api-Key' }], bridge: false, upstream: UPSTREAM },
      { path: '/live', apiKeys: [{ bearerPrefix: 'sk_live_' }], upstream: UPSTREAM },
      { path: '/idp', issuers: ['main'], upstream: UPSTREAM },
      { path: '/both', issuers: ['main'], apiKeys: [{ scheme: 'Token' }], bridge: false, upstream: UPSTREAM },
      { path: '/passed', issuers: ['main'], passThrough: [{ scheme: 'Token', upstreamVerifies: true }], upstream: UPSTREAM },
    ],
  };
  const env = { UPSTREAM: 'Token upstream-secret-of-swap' };
  const config = () => resolveConfig(raw, env);

  return {
    keys,
    raw,
    secrets,
    /** A token of the bridge for a key. `flaw` replaces claims. */
    async token(name: string, key: string, flaw: Partial<BridgeClaims> = {}): Promise<string> {
      const ring = createSigningRing<BridgeClaims>(config().bridge?.keys ?? [], BRIDGE_TYP);
      const claims = { iss: BRIDGE, sub: name, aud: [`${PUBLIC_URL}/mcp`], client_id: name, key: sha256(key).slice(0, 8) };
      const token = await ring.sign({ ...claims, iat: now(), exp: now() + 600, jti: 'j1', ...flaw });
      secrets.push(token);
      return token;
    },
    /** Checks also that no output has a secret, or a whole hash. */
    async explain(path: string, text: string, more: string[] = [], written: Raw = raw): Promise<Explained> {
      writeFileSync(file, JSON.stringify(written, null, 2));
      const args = ['explain', '--config', file, '--endpoint', path, ...more];
      const { output: text_, errors } = await run(args, { env: { ...env, PORTCULLIS_TOKEN: text } });
      const { code, output } = await run([...args, '--json'], { env: { ...env, PORTCULLIS_TOKEN: text } });
      expect(errors).toBe('');
      const hashes = Object.values(raw.apiKeys as Record<string, { sha256: string }>).map((one) => one.sha256);
      for (const secret of [
        ...secrets,
        ...secrets.flatMap((one) => one.split('.')).filter(({ length }) => length > 20),
        ...hashes,
      ])
        for (const one of [text_, output]) expect(one).not.toContain(secret);
      const report = JSON.parse(output) as Explained & {
        steps: (Explained['steps'][0] & { reason?: string; detail?: string })[];
      };
      const failed = report.steps.find(({ state }) => state === 'fail');
      const detail = failed?.detail;
      return { ...report, code, text: text_, ...(failed && { failed: failed.name }), ...(detail && { detail }) };
    },
    run: (args: string[], text: string) =>
      run(['explain', '--config', file, ...args], { env: { ...env, PORTCULLIS_TOKEN: text } }),
    stop: () => rmSync(folder, { recursive: true }),
  };
}
