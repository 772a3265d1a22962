// Writes the JSON Schema of the configuration as a TypeScript interface. Each field has the words
// of the schema, so that an editor shows them.

const pad = (depth) => '  '.repeat(depth);

const shown = (value) => (typeof value === 'string' ? value : JSON.stringify(value));

/** A comment of one field, in lines of at most 100 columns. */
function comment({ description, default: byDefault }, depth) {
  const isPlain = byDefault !== undefined && JSON.stringify(byDefault) !== '{}';
  const texts = [description, isPlain ? `Default: ${shown(byDefault)}.` : undefined];
  const words = texts.filter(Boolean).join(' ').replaceAll('*/', '*\\/').split(' ');
  const lines = [''];
  for (const word of words) {
    const longer = `${lines.at(-1)} ${word}`.trimStart();
    if (longer.length + 2 * depth > 96) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  const all = ['/**', ...lines.map((line) => ` * ${line}`), ' */'];
  return all.map((line) => `${pad(depth)}${line}\n`).join('');
}

/** The schemas of this version of zod have no other keywords for types. */
function typeOf(schema, depth) {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((one) => JSON.stringify(one)).join(' | ');
  const several = schema.anyOf ?? schema.oneOf;
  if (several !== undefined && schema.properties === undefined)
    return several.map((one) => typeOf(one, depth)).join(' | ');
  if (Array.isArray(schema.type))
    return schema.type.map((type) => typeOf({ type }, depth)).join(' | ');
  if (schema.type === 'array') return `readonly (${typeOf(schema.items, depth)})[]`;
  if (schema.type === 'integer') return 'number';
  if (schema.type !== 'object') return schema.type;
  if (schema.properties === undefined)
    return `{ readonly [name: string]: ${typeOf(schema.additionalProperties, depth)} }`;
  return `{\n${fields(schema, depth + 1)}${pad(depth)}}`;
}

function fields({ properties, required = [] }, depth) {
  return Object.entries(properties)
    .map(([name, schema]) => {
      const isNeeded = required.includes(name);
      const type = typeOf(schema, depth) + (isNeeded ? '' : ' | undefined');
      const field = `readonly ${name}${isNeeded ? '' : '?'}: ${type};`;
      return `${comment(schema, depth)}${pad(depth)}${field}\n`;
    })
    .join('');
}

export const configType = (schema) =>
  `/** ${schema.description} */\nexport interface GatewayConfig {\n${fields(schema, 1)}}\n`;
