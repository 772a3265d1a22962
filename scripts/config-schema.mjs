// Writes what others need of the package into dist/, beside the programs: the JSON Schema of the
// configuration for editors, and the declarations for programs that embed the gateway.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { configType } from './config-type.mjs';

const compiled = new URL('../compiled/', import.meta.url);
const dist = new URL('../dist/', import.meta.url);
const { jsonSchema } = await import(new URL('config/schema/json-schema.js', compiled).href);

const schema = jsonSchema();
writeFileSync(new URL('config.schema.json', dist), `${JSON.stringify(schema, null, 2)}\n`);
// The declaration of the compiler shows the types of zod, without the words of the schema.
writeFileSync(new URL('config/gateway-config.d.ts', compiled), configType(schema));

/** The declarations that a declaration needs, itself included, with their texts. */
function withImports(path, found = new Map()) {
  if (found.has(path)) return found;
  const text = readFileSync(new URL(path, compiled), 'utf8');
  found.set(path, text);
  for (const [, from] of text.matchAll(/\bfrom '(\.[^']+)\.js'/g))
    withImports(new URL(`${from}.d.ts`, `file:///${path}`).pathname.slice(1), found);
  return found;
}

for (const [path, text] of withImports('index.d.ts')) {
  const file = new URL(path, dist);
  mkdirSync(new URL('.', file), { recursive: true });
  writeFileSync(file, text);
}
