// API keys, a ring and a configuration that holds secrets, and a search for them in any text.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MadeKey, makeKey, ringKey, sha256Of } from '../fixtures/bridged.js';
import { secret } from '../fixtures/ledger.js';
import type { GatewayProcess } from '../fixtures/process.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { startConfigured } from '../fixtures/scene.js';

export const UPSTREAM_TOKEN = 'Token upstream-credential-of-acme-8d2e';
const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

export const keys = {
  good: makeKey(),
  prefixed: makeKey('sk_live_'),
  old: makeKey(),
  ending: makeKey(),
  removed: makeKey(),
  elsewhere: makeKey(),
  unknown: makeKey(),
  unknownPrefixed: makeKey('sk_live_'),
};
/** A key that its holder writes as a tool, a method or a user agent: it reaches the upstream. */
export const misplaced = `sk_live_${sha256Of(String(Math.random())).slice(0, 40)}`;
export const ring = ringKey();

/** Each with a name for the report. */
const secrets = new Map<string, string>([
  [UPSTREAM_TOKEN.slice(6), 'the credential for the upstream'],
  [misplaced, 'a misplaced key'],
  [String(ring.privateKey.export({ format: 'jwk' }).d), 'the private member of the ring'],
]);
for (const line of ring.pem.split('\n').slice(1, -2)) secrets.set(line, 'a line of the private key');
for (const [name, { key, sha256 }] of Object.entries(keys)) {
  secrets.set(key, name).set(key.slice(-24), `the end of ${name}`);
  secrets.set(Buffer.from(key).toString('base64'), `${name} in base64`).set(sha256, `the hash of ${name}`);
}

/** The names of the secrets in a text. */
export const leaks = (text: string): string[] => [...secrets].filter(([value]) => text.includes(value)).map(([, name]) => name);

/** Adds the parts of a bridge token, which are secrets too. */
export function secretParts(token: string): string {
  for (const part of token.split('.').slice(1)) secrets.set(part, 'a part of a bridge token');
  return token;
}

// The upstream may see it, and no other output may have it.
secret('passed', UPSTREAM_TOKEN.slice(6));

export const ENV = { UPSTREAM_TOKEN: UPSTREAM_TOKEN, BRIDGE_KEY: ring.pem };

export interface KeyScene {
  readonly folder: string;
  readonly upstream: RawUpstream;
  readonly gateway: GatewayProcess;
  /** The configuration as a value. Its keys are in `apiKeys` and in the file. */
  configuration(): Record<string, unknown>;
  /** Replaces the file of keys. */
  keysFile(...lines: string[]): void;
  stop(): Promise<void>;
}

/** A line of the file of keys. */
export const lineOf = (name: string, { sha256 }: MadeKey, more: Record<string, unknown> = {}): string =>
  JSON.stringify({ name, sha256, scopes: ['files:read'], ...more });

export async function startKeyScene(): Promise<KeyScene> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-keys-'));
  const upstream = await startRawUpstream(answers.rpc());
  const apiKeys = [{ header: 'X-Api-Key' }, { scheme: 'Token' }, { bearerPrefix: 'sk_live_' }];
  const entry = ({ sha256 }: MadeKey, more = {}) => ({ sha256, scopes: ['files:read'], ...more });
  const configuration = () => ({
    trustedProxies: ['127.0.0.0/8'],
    apiKeysFile: join(folder, 'keys.jsonl'),
    apiKeys: {
      good: entry(keys.good, { tenant: 'acme', upstreamAuthorization: '${env:UPSTREAM_TOKEN}' }),
      prefixed: entry(keys.prefixed),
      old: entry(keys.old, { sunset: day(-1) }),
      ending: entry(keys.ending, { sunset: day(20) }),
      elsewhere: entry(keys.elsewhere, { endpoints: ['/other/mcp'] }),
    },
    bridge: { keys: ['${env:BRIDGE_KEY}'] },
    endpoints: ['/mcp', '/other/mcp'].map((path) => ({ path, apiKeys, scopes: ['files:read'], upstream: upstream.url })),
  });
  const keysFile = (...lines: string[]): void => writeFileSync(join(folder, 'keys.jsonl'), `${lines.join('\n')}\n`);
  keysFile(lineOf('removed', keys.removed));
  const gateway = await startConfigured(configuration(), { process: true, env: ENV });
  async function stop(): Promise<void> {
    await gateway.stop('SIGKILL');
    await upstream.stop();
    rmSync(folder, { recursive: true });
  }
  return { folder, upstream, gateway, configuration, keysFile, stop };
}
