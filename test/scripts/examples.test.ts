// Checks the files of the examples: their configurations are short, valid, and the very texts of
// docs/recipes.md. examples.slow.test.ts runs them.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, root), 'utf8');
const folders = readdirSync(new URL('examples/', root), { withFileTypes: true }).filter((entry) => entry.isDirectory());
/** `lib` has the parts that the scripts share. */
const names = folders.map(({ name }) => name).filter((name) => name !== 'lib');

test('the examples are found, and each of them runs in CI', () => {
  const keys = ['api-keys-two-tenants', 'bridge', 'shared-secret', 'token-pass-through', 'two-hosts'];
  expect(names.sort()).toEqual([...keys, 'whoami-exchange', 'whoami-headers', 'whoami-identity']);
  const runs = read('test/scripts/examples.slow.test.ts');
  expect(names.filter((name) => !new RegExp(`^  '?${name}'?: \\[$`, 'm').test(runs))).toEqual([]);
});

describe.each(names)('%s', (name) => {
  const configuration = read(`examples/${name}/portcullis.yaml`);

  test('has a configuration of at most 25 lines', () => {
    expect(configuration.trim().split('\n').length).toBeLessThanOrEqual(25);
  });

  test('has its configuration in docs/recipes.md, letter for letter', () => {
    expect(read('docs/recipes.md')).toContain(`\`\`\`yaml\n${configuration}\`\`\`\n`);
  });

  test('is named in docs/recipes.md and in examples/README.md', () => {
    expect(read('docs/recipes.md')).toContain(`\`sh examples/${name}/run.sh\``);
    expect(read('examples/README.md')).toContain(`](${name}/portcullis.yaml)`);
  });

  test('has no key and no hash in its files', () => {
    const files = readdirSync(new URL(`examples/${name}/`, root)).map((file) => read(`examples/${name}/${file}`));
    expect(files.length).toBeGreaterThan(1);
    // The place of the hash, which no key has.
    for (const text of files) expect(text.replace('0'.repeat(64), '')).not.toMatch(/[0-9a-f]{32}|[\w-]{40}|PRIVATE KEY/);
  });
});
