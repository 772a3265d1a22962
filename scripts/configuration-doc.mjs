// Writes the tables of docs/configuration.md from the schema of the configuration:
// `npm run build && node scripts/configuration-doc.mjs`. The other text of the page is
// hand-written. A default in it, as in "(default `600`)", follows the schema too.
import { readFileSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

/** A table is between these marks. The first names the settings that have their table here. */
const BLOCK = /^<!-- settings (.+?) -->\n[\s\S]*?^<!-- \/settings -->$/m;

/** Names the settings of the root. */
const ROOT = 'root';

/** A value as in a file: `[scope, scp]`. */
function yaml(value) {
  if (Array.isArray(value)) return `[${value.map(yaml).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const fields = Object.entries(value).map(([name, inner]) => `${name}: ${yaml(inner)}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

const code = (value) => `\`${yaml(value)}\``;

const or = (texts) =>
  texts.length < 2 ? texts.join('') : `${texts.slice(0, -1).join(', ')} or ${texts.at(-1)}`;

const alternatives = ({ anyOf, oneOf }) =>
  (anyOf ?? oneOf ?? []).filter(({ type }) => type !== 'null');

/** The type of several values, as in "list of texts". */
const plural = (type) => (/^(?:text|secret reference|map|number)$/.test(type) ? `${type}s` : type);

function typeOf(schema) {
  const { type, items, additionalProperties } = schema;
  if (schema.secret) return 'secret reference';
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum !== undefined) return or([...new Set(schema.enum.map(code))]);
  if (schema.properties !== undefined) return 'map';
  const several = alternatives(schema);
  if (several.length > 0) return or([...new Set(several.map(typeOf))]);
  if (Array.isArray(type)) return or(type.map((one) => typeOf({ type: one })));
  if (type === 'array') return `list of ${plural(typeOf(items))}`;
  if (type === 'object') return `map to ${plural(typeOf(additionalProperties))}`;
  if (type === 'integer') return rangeOf(schema);
  return { string: 'text', boolean: '`true` or `false`' }[type] ?? type;
}

const rangeOf = ({ minimum, maximum, unit }) =>
  `${minimum} to ${maximum}${unit === undefined ? '' : ` ${unit}`}`;

/** A description may say in words which default the gateway uses, or when a field is required. */
const WRITTEN_DEFAULT = / ?\b(?:Default: |(?=Required, ))((?:[^.]|\.(?=\S))+)\./;

function defaultOf(schema, isRequired) {
  const written = WRITTEN_DEFAULT.exec(schema.description)?.[1];
  if (written !== undefined) return written.replace(/^Required/, 'required');
  if (isRequired) return 'required';
  if (schema.default === undefined) return 'none';
  return schema.properties === undefined ? code(schema.default) : '';
}

const meaningOf = ({ description }) =>
  description.replace(WRITTEN_DEFAULT, '').trim().replaceAll('|', '\\|');

/** The path of a map of a union has its kind, as in `credential(static)`. */
const kindOf = ({ properties }) => properties?.kind?.const;

/** All fields of a schema by path, also those of maps in lists and of alternatives. */
function* fieldsOf(schema, path) {
  const { properties = {}, required = [] } = schema;
  for (const [name, field] of Object.entries(properties)) {
    // The section names the kind of its map.
    if (name === 'kind' && field.const !== undefined) continue;
    const isRequired = required.includes(name);
    yield { path: `${path}${name}`, name, field, isRequired };
    yield* innerFields(field, `${path}${name}`);
  }
}

function* innerFields(field, path) {
  yield* fieldsOf(field, `${path}.`);
  if (field.items !== undefined) yield* innerFields(field.items, `${path}[]`);
  if (typeof field.additionalProperties === 'object')
    yield* innerFields(field.additionalProperties, `${path}.<name>`);
  for (const one of alternatives(field)) {
    const kind = kindOf(one);
    yield* innerFields(one, kind === undefined ? path : `${path}(${kind})`);
  }
}

const isBelow = (path, owner) =>
  owner === ROOT || [`${owner}.`, `${owner}[`, `${owner}(`].some((start) => path.startsWith(start));

/** The settings of each block by its path: those of the longest path that has them below. */
function rowsByBlock(schema, paths) {
  const rows = new Map(paths.map((path) => [path, []]));
  const length = (path) => (path === ROOT ? 0 : path.length);
  const longestFirst = [...paths].sort((a, b) => length(b) - length(a));
  for (const one of fieldsOf(schema, '')) {
    const owner = longestFirst.find((path) => isBelow(one.path, path));
    if (owner === undefined) throw new Error(`${one.path} has no table in docs/configuration.md`);
    rows.get(owner).push(one);
  }
  for (const [path, own] of rows)
    if (own.length === 0) throw new Error(`docs/configuration.md: no setting is below ${path}`);
  return rows;
}

const nameIn = (path, owner) =>
  owner === ROOT ? path : path.slice(owner.length).replace(/^\./, '');

const HEAD = ['Field', 'Value', 'Default', 'Meaning'];

const cells = ({ path, field, isRequired }, owner) => [
  code(nameIn(path, owner)),
  typeOf(field),
  defaultOf(field, isRequired),
  meaningOf(field),
];

/** Cells have no padding, so that a new setting changes one line. */
const table = (rows) =>
  [HEAD, HEAD.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

/** A bullet of the hand-written text: **`name`** (default `value`. */
const BULLET = /^(- \*\*`([\w.]+)`\*\* \(default )`[^`]*`/gm;

/** The hand-written text of a section, with the defaults of the schema. */
const withDefaults = (text, rows, owner) =>
  text.replace(BULLET, (found, start, name) => {
    const row = rows.find(({ path }) => nameIn(path, owner) === name);
    const value = row?.field.default;
    return value === undefined ? found : `${start}${code(value)}`;
  });

/** `schema`: with the marks of secrets and units. */
export function render(page, schema) {
  const [before, ...parts] = page.split(BLOCK);
  const split = (paths) => paths.split(', ');
  const rows = rowsByBlock(schema, parts.filter((_, i) => i % 2 === 0).flatMap(split));
  const written = parts.map((part, i) => {
    // Settings that are alike have one table, with the names of the first.
    const [owner] = split(i % 2 === 0 ? part : parts[i - 1]);
    const own = rows.get(owner);
    if (i % 2 === 1) return withDefaults(part, own, owner);
    const shown = table(own.map((row) => cells(row, owner)));
    return `<!-- settings ${part} -->\n\n${shown}\n\n<!-- /settings -->`;
  });
  return before + written.join('');
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { jsonSchema } = await import('../compiled/config/schema/json-schema.js');
  const page = new URL('../docs/configuration.md', import.meta.url);
  writeFileSync(page, render(readFileSync(page, 'utf8'), jsonSchema({ marked: true })));
}
