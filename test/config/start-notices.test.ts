// The warnings of the start: few, each with a value to write, and none for the examples.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseYaml } from '../../src/config/load.js';
import { startNotices } from '../../src/config/start-notices.js';
import { DOC_ENVIRONMENT, withOwnHashes } from '../support/doc-environment.js';

const URL_OF = 'https://mcp.example.com/mcp';

const noticesOf = (fields: Record<string, unknown>) =>
  startNotices(
    parseYaml(
      JSON.stringify({
        publicUrl: 'https://mcp.example.com',
        issuers: { main: { issuer: 'https://auth.example.com' } },
        endpoints: [{ path: '/mcp', issuers: ['main'], upstream: 'http://10.0.0.5:3000/mcp', ...fields }],
      }),
      {},
    ),
  );

test.each<[string, Record<string, unknown>, string, string]>([
  ['an audience with a slash', { audience: [`${URL_OF}/`] }, 'config.audience_slash', `audience: ["${URL_OF}","${URL_OF}/"]`],
  [
    'an upstream without a path',
    { upstream: 'http://10.0.0.5:3000' },
    'config.upstream_path',
    'upstream: http://10.0.0.5:3000/mcp',
  ],
  ['an upstream map without a path', { upstream: { url: 'https://h' } }, 'config.upstream_path', 'upstream: https://h/mcp'],
  ['a resource with a slash', { resource: `${URL_OF}/` }, 'config.resource_slash', `resource: ${URL_OF}`],
])('%s is one warning', (_what, fields, event, write) => {
  expect(noticesOf(fields)).toEqual([{ event, level: 'warn', endpoint: '/mcp', detail: expect.stringContaining(write) }]);
});

test.each<[string, Record<string, unknown>]>([
  ['nothing written', {}],
  ['both audiences', { audience: [URL_OF, `${URL_OF}/`] }],
  ['another audience', { audience: ['api://mcp'] }],
  ['an upstream at the root', { upstream: 'http://10.0.0.5:3000/' }],
  ['an upstream over http', { upstream: 'http://mcp.internal:3000/mcp' }],
  ['a resource of another host', { resource: 'https://files.example.com/mcp' }],
  ['a resource that is a host', { resource: 'https://files.example.com/' }],
])('no warning for %s', (_what, fields) => expect(noticesOf(fields)).toEqual([]));

describe('no warning for the examples', () => {
  const root = new URL('../../', import.meta.url);
  const read = (name: string): string => readFileSync(new URL(name, root), 'utf8');
  const documents = ['README.md', ...readdirSync(new URL('docs/', root)).map((name) => `docs/${name}`)];
  const whole = documents
    .filter((name) => name.endsWith('.md'))
    .flatMap((name) =>
      [...read(name).matchAll(/^( *)```yaml\n([\s\S]*?)^ *```$/gm)].map(
        ([, indent = '', text = '']) => [name, text.replaceAll(new RegExp(`^${indent}`, 'gm'), '')] as const,
      ),
    )
    .filter(([, text]) => 'publicUrl' in (parse(text) as object) && 'endpoints' in (parse(text) as object));

  test('of the documents', () => {
    expect(whole.length).toBeGreaterThan(2);
    for (const [name, text] of whole)
      expect([name, startNotices(parseYaml(withOwnHashes(text), DOC_ENVIRONMENT))]).toEqual([name, []]);
  });

  test('of examples/portcullis.yaml and of the test with ten lines', () => {
    for (const name of ['examples/portcullis.yaml', 'test/config/golden/readme.yaml'])
      expect(startNotices(parseYaml(read(name), DOC_ENVIRONMENT))).toEqual([]);
  });
});
