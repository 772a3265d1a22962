// docs/idps.md: every example is a configuration that starts, and every preset has one.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseYaml } from '../../src/config/load.js';
import { presetNames } from '../../src/config/presets.js';

const text = readFileSync(new URL('../../docs/idps.md', import.meta.url), 'utf8');
const examples = [...text.matchAll(/^( *)```yaml\n([\s\S]*?)^ *```$/gm)].map(([, indent = '', body = '']) =>
  body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
);

test('each preset has an example', () => {
  expect(examples.length).toBeGreaterThan(15);
  const shown = presetNames.filter((name) => examples.some((example) => example.includes(`preset: ${name}`)));
  expect(shown).toEqual(presetNames);
});

test.each(examples)('%s', (example) => {
  const { issuers } = parse(example) as { issuers: Record<string, unknown> };
  const endpoints = [{ path: '/files/mcp', issuers: Object.keys(issuers), upstream: 'http://10.0.0.5:3000/mcp' }];
  const config = JSON.stringify({ publicUrl: 'https://mcp.example.com', issuers, endpoints });
  const plan = parseYaml(config, { INTROSPECTION_SECRET: 's3cret' });
  expect(plan.issuers).toHaveLength(Object.keys(issuers).length);
});

test.each(presetNames)('the table tells of %s', (name) => expect(text).toMatch(new RegExp(`^\\| \`${name}\``, 'm')));
