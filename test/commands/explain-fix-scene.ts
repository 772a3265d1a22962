// A gateway and a configuration file for the fixes of `explain`.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Scene, startScene } from '../fixtures/scene.js';
import { run } from './in-process.js';

export type Raw = Record<string, unknown>;

const SECRETS = { INTROSPECTION_SECRET: 's3cret' };

export interface FixScene {
  scene: Scene;
  /** Endpoints /mcp and /other, and these fields of their issuer and of /mcp. */
  rawWith(issuer?: Raw, endpoint?: Raw, issuers?: Raw): Raw;
  introspection(): Raw;
  explain(
    raw: Raw,
    token: string,
  ): Promise<{
    code: number;
    text: string;
    reason: string;
    fix?: { words: string; place?: string; write?: string[]; warning?: string };
  }>;
  stop(): Promise<void>;
}

export const now = (): number => Math.floor(Date.now() / 1000);

/** Without the second endpoint, with which the first shares its issuer. */
export const alone = (raw: Raw): Raw => ({ ...raw, endpoints: (raw.endpoints as Raw[]).slice(0, 1) });

export async function startFixScene(): Promise<FixScene> {
  const scene = await startScene({});
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-fix-'));
  return {
    scene,
    rawWith: (issuer = {}, endpoint = {}, issuers = {}) => ({
      publicUrl: scene.gateway.url,
      issuers: { main: { issuer: scene.issuer.issuer, ...issuer }, ...issuers },
      endpoints: [
        { path: '/mcp', issuers: ['main'], upstream: 'http://127.0.0.1:9/mcp', ...endpoint },
        { path: '/other', issuers: ['main'], upstream: 'http://127.0.0.1:9/mcp' },
      ],
    }),
    introspection: () => ({
      url: `${scene.issuer.issuer}/introspect`,
      clientId: 'portcullis',
      clientSecret: '$' + '{env:INTROSPECTION_SECRET}',
    }),
    async explain(raw, token) {
      const file = join(folder, 'gateway.yaml');
      writeFileSync(file, JSON.stringify(raw, null, 2));
      const args = ['explain', '--config', file, '--endpoint', '/mcp', token];
      const { output: text } = await run(args, { env: SECRETS });
      const { code, output, errors } = await run([...args, '--json'], { env: SECRETS });
      expect(errors).toBe('');
      return { code, text, ...JSON.parse(output) };
    },
    async stop() {
      rmSync(folder, { recursive: true });
      await scene.stop();
    },
  };
}
