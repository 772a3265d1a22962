// The source of the configuration of an embedded gateway, while the program changes its folder.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import type { GatewayOptions } from '../../src/index.js';
import { sourceOf } from '../../src/launch/config-source.js';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-source-'));
writeFileSync(
  join(folder, 'a.yaml'),
  JSON.stringify({
    publicUrl: 'https://mcp.example.com',
    issuers: { main: { issuer: 'https://auth.example.com' } },
    endpoints: [{ path: '/mcp', issuers: ['main'], upstream: 'http://127.0.0.1:9/mcp' }],
  }),
);
afterEach(() => void vi.restoreAllMocks());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each<[string, GatewayOptions]>([
  ['file', { file: 'a.yaml', env: {} }],
  ['PORTCULLIS_CONFIG', { env: { PORTCULLIS_CONFIG: 'a.yaml' } }],
])('a relative path stays that of the start: %s', (_name, options) => {
  const cwd = vi.spyOn(process, 'cwd').mockReturnValue(folder);
  const source = sourceOf(options);
  cwd.mockReturnValue('/elsewhere');
  expect(source.read().publicUrl).toBe('https://mcp.example.com');
});
