// Writes deploy/helm/portcullis/values.schema.json from scripts/chart/values-schema.mjs.
//
// Usage: `npm run build && node scripts/chart-schema.mjs`.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { valuesSchema } from './chart/values-schema.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const file = 'deploy/helm/portcullis/values.schema.json';
writeFileSync(new URL(`../${file}`, import.meta.url), JSON.stringify(valuesSchema()));
const biome = ['node_modules/@biomejs/biome/bin/biome', 'format', '--write', file];
execFileSync(process.execPath, biome, { cwd: root, stdio: 'inherit', timeout: 60_000 });
