// A configuration whose upstream gets credentials and headers, for `explain`: an issuer, a token
// server and a file, without a gateway.
import { generateKeyPairSync, hash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { run } from './in-process.js';

export type Raw = Record<string, unknown>;

export interface ExplainedUpstream {
  code: number;
  text: string;
  reason: string;
  status: number | null;
  step: { state: string; reason?: string; detail?: string; unverified?: string; observed: Raw; expected: Raw };
  fix?: { words: string; place?: string; write?: string[]; warning?: string };
}

export const PUBLIC_URL = 'https://mcp.example.com';
export const RESOURCE = `${PUBLIC_URL}/mcp`;
export const fingerprint = (text: string): string => hash('sha256', text).slice(0, 8);
const long = (): string => randomBytes(32).toString('base64url');

const isIdentity = (credential: unknown): boolean => (credential as Raw | undefined)?.kind === 'identity';

export interface UpstreamScene {
  issuer: JwksIssuer;
  tokens: RawUpstream;
  /** Values that no output may have. */
  env: Record<string, string>;
  key: string;
  keyOfSwap: string;
  /** A file with `plain` alone. */
  keysFile: string;
  raw(upstream: Raw, endpoint?: Raw): Raw;
  token(claims?: Raw): string;
  /** Checks also that no output has a secret. */
  explain(raw: Raw, credential: string, more?: string[]): Promise<ExplainedUpstream>;
  hide(...secrets: string[]): void;
  stop(): Promise<void>;
}

export async function startUpstreamScene(): Promise<UpstreamScene> {
  const issuer = await startJwksIssuer();
  const tokens = await startRawUpstream(answers.json({}), 'issuer');
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-upstream-'));
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = join(folder, 'identity.pem');
  writeFileSync(pem, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const env: Record<string, string> = {
    STATIC: `Bearer ${long()}`,
    SHORT: 'Bearer hunter2-in-short',
    PASSWORD: `Basic ${Buffer.from(`portcullis:${long()}`).toString('base64')}`,
    HEADER: long(),
    SWAP: `Token ${long()}`,
    CLIENT_SECRET: long(),
  };
  const key = long();
  const keyOfSwap = long();
  const keysFile = join(folder, 'keys.jsonl');
  writeFileSync(keysFile, `${JSON.stringify({ name: 'plain', sha256: hash('sha256', key) })}\n`);
  const hidden: string[] = [...Object.values(env), key, keyOfSwap, String(privateKey.export({ format: 'jwk' }).d)];

  return {
    issuer,
    tokens,
    env,
    key,
    keyOfSwap,
    keysFile,
    hide: (...secrets) => void hidden.push(...secrets),
    raw: (upstream, endpoint = {}) => ({
      publicUrl: PUBLIC_URL,
      issuers: { main: { issuer: issuer.issuer } },
      ...(isIdentity(upstream.credential) ? { identity: { keys: [`\${file:${pem}}`] } } : {}),
      endpoints: [{ path: '/mcp', issuers: ['main'], upstream: { url: 'http://127.0.0.1:9/mcp', ...upstream }, ...endpoint }],
      ...('apiKeys' in endpoint
        ? {
            apiKeys: {
              plain: { sha256: hash('sha256', key) },
              swap: { sha256: hash('sha256', keyOfSwap), upstreamAuthorization: '$' + '{env:SWAP}' },
            },
          }
        : {}),
    }),
    token(claims = {}) {
      const token = issuer.token({ audience: RESOURCE, claims });
      hidden.push(token);
      return token;
    },
    async explain(raw, credential, more = []) {
      const file = join(folder, 'gateway.yaml');
      writeFileSync(file, JSON.stringify(raw, null, 2));
      const args = ['explain', '--config', file, ...more];
      const asText = await run(args, { env: { ...env, PORTCULLIS_TOKEN: credential } });
      const asJson = await run([...args, '--json'], { env: { ...env, PORTCULLIS_TOKEN: credential } });
      const all = [asText, asJson].flatMap(({ output, errors }) => [output, errors]);
      const parts = hidden.flatMap((one) => [one, ...one.split(/[. ]/)]).filter(({ length }) => length > 12);
      for (const one of all) for (const part of parts) expect(one).not.toContain(part);
      expect(asText.errors + asJson.errors).toBe('');
      expect(asText.code).toBe(asJson.code);
      const report = JSON.parse(asJson.output) as ExplainedUpstream & { steps: (ExplainedUpstream['step'] & { name: string })[] };
      const step = report.steps.at(-1);
      if (step?.name !== 'upstream') throw new Error(`the last step is ${step?.name}`);
      return { ...report, code: asJson.code, text: asText.output, step };
    },
    async stop() {
      rmSync(folder, { recursive: true });
      await Promise.all([issuer.stop(), tokens.stop()]);
    },
  };
}
