// Writes what editors need of the configuration into dist/, after the compiler: the JSON Schema for
// files, and the declarations for programs that embed the gateway.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { configType } from './config-type.mjs';

const dist = new URL('../dist/', import.meta.url);
const { jsonSchema } = await import(new URL('config/schema/json-schema.js', dist).href);

const schema = jsonSchema();
writeFileSync(new URL('config.schema.json', dist), `${JSON.stringify(schema, null, 2)}\n`);
// The declaration of the compiler shows the types of zod, without the words of the schema.
writeFileSync(new URL('config/gateway-config.d.ts', dist), configType(schema));

/** The declarations that a declaration needs, itself included. Adds them to `found`. */
function withImports(path, found = new Set()) {
  if (found.has(path)) return found;
  found.add(path);
  const text = readFileSync(new URL(path, dist), 'utf8');
  for (const [, from] of text.matchAll(/\bfrom '(\.[^']+)\.js'/g))
    withImports(new URL(`${from}.d.ts`, `file:///${path}`).pathname.slice(1), found);
  return found;
}

const isPublic = withImports('index.d.ts');
for (const path of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
  const name = path.replaceAll('\\', '/');
  if (name.endsWith('.d.ts') && !isPublic.has(name)) rmSync(new URL(name, dist));
}
