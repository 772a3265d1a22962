// docs/configuration.md has what the schema says: each setting in a table, with default and unit.
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { jsonSchema } from '../../src/config/schema/json-schema.js';

type Schema = Record<string, unknown>;
type Render = (page: string, schema: Schema) => string;

const root = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/configuration.md', root), 'utf8');
const schema = jsonSchema({ marked: true });

let render: Render;
beforeAll(async () => {
  const script = new URL('scripts/configuration-doc.mjs', root).href;
  ({ render } = (await import(/* @vite-ignore */ script)) as { render: Render });
});

test('the page is what `npm run build && node scripts/configuration-doc.mjs` writes', () => {
  expect(render(page, schema)).toBe(page);
});

/** The rows of a table, each without its marks. */
const tableOf = (text: string, paths: string): string[] =>
  (text.split(`<!-- settings ${paths} -->\n`)[1]?.split('<!-- /settings -->')[0] ?? '')
    .trim()
    .split('\n')
    .slice(2)
    .map((row) => row.slice(2, -2));

describe('a row has the facts of the schema', () => {
  test.each([
    ['root', '`publicUrl` | text | required | The origin under which clients see the gateway, without a path.'],
    ['root', '`listen.port` | 0 to 65535 | `8080` | Its port. 0 takes a free one.'],
    ['issuers.<name>.jwks', '`timeoutMs` | 100 to 30000 milliseconds | `2000` | '],
    ['issuers.<name>', '`typ` | `lenient` or `at+jwt` | `lenient` | '],
    ['issuers.<name>', '`requiredClaims` | map to text or `true` | `{}` | '],
    ['issuers.<name>', '`authorizationServers` | list of texts | the issuer | '],
    ['endpoints[]', '`issuers` | list of texts | required, except for an endpoint with `apiKeys` | '],
    ['endpoints[].upstream.credential(static)', '`authorization` | secret reference | none | '],
    ['endpoints[].upstream.credential(exchange)', '`audience` | text or list of texts | none | '],
  ])('%s: %s', (paths, start) => {
    expect(tableOf(page, paths).filter((row) => row.startsWith(start))).toHaveLength(1);
  });
});

const field = (more: Schema): Schema => ({
  type: 'integer',
  minimum: 1,
  maximum: 9,
  unit: 'seconds',
  description: 'It.',
  ...more,
});
const object = (properties: Schema): Schema => ({ type: 'object', properties });
const block = (paths: string): string => `<!-- settings ${paths} -->\n<!-- /settings -->\n`;

describe('the script', () => {
  test('puts a setting into the table of the longest path that has it', () => {
    const text = render(block('root') + block('a'), object({ a: { ...object({ b: field({}) }), description: 'Map.' } }));
    expect(tableOf(text, 'root')).toEqual(['`a` | map | none | Map.']);
    expect(tableOf(text, 'a')).toEqual(['`b` | 1 to 9 seconds | none | It.']);
  });
  test('takes a new setting into a table that exists', () => {
    const text = render(page, { ...schema, properties: { ...(schema.properties as Schema), brandNew: field({ default: 3 }) } });
    expect(tableOf(text, 'root')).toContain('`brandNew` | 1 to 9 seconds | `3` | It.');
  });
  test('writes the default of the schema into the text', () => {
    const text = `${block('root')}- **\`a\`** (default \`1\`): how long.\n- **\`c\`** (default \`1\`): other.\n`;
    expect(render(text, object({ a: field({ default: 7 }) }))).toContain(
      '**`a`** (default `7`): how long.\n- **`c`** (default `1`)',
    );
  });
  test('leaves the hand-written text as it is', () => {
    const text = `# Title\n\n${block('root')}\nText.\n`;
    const written = render(text, object({ a: field({}) }));
    expect(written.startsWith('# Title\n\n<!-- settings root -->\n')).toBe(true);
    expect(written.endsWith('<!-- /settings -->\n\nText.\n')).toBe(true);
  });
  test('fails for a table without a setting, and for a setting without a table', () => {
    expect(() => render(block('root') + block('gone'), object({ a: field({}) }))).toThrow('no setting is below gone');
    expect(() => render(block('b'), object({ a: field({}) }))).toThrow('a has no table in docs/configuration.md');
  });
});
