// Writes the plain manifests of deploy/kubernetes/ from the Helm chart.
//
// Usage: `node scripts/render-manifests.mjs [--helm PATH] [--check]`. `--check` writes nothing and
// ends with exit code 1 where a file differs.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { plainManifests } from './chart/render.mjs';

const { values } = parseArgs({
  options: {
    helm: { type: 'string', default: 'helm' },
    check: { type: 'boolean', default: false },
  },
});
const folder = new URL('../deploy/kubernetes/', import.meta.url);
const differing = [];
for (const [name, text] of plainManifests(values.helm)) {
  const file = new URL(name, folder);
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
  differing.push(name);
  if (!values.check) writeFileSync(file, text);
}
const what = values.check ? 'differ from the chart' : 'written';
console.log(differing.length === 0 ? 'no file differs' : `${differing.join(', ')}: ${what}`);
process.exitCode = values.check && differing.length > 0 ? 1 : 0;
