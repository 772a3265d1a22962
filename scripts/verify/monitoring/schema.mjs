// Checks the dashboard with the schema of Grafana, which its SDK for Go has.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runToEnd } from '../../../test/fixtures/child.js';
import { cleanEnvironment } from '../../../test/fixtures/launch.js';
import { folderOf } from '../fronts/kit/machine.mjs';
import { obtain, Skipped } from '../idps/parts.mjs';
import { dashboardFile } from './expressions.mjs';

const CHECK_MS = 20_000;
const BUILD_MINUTES = 4;
const source = (name) => fileURLToPath(new URL(`schema/${name}`, import.meta.url));

/** Returns `{ isGood, text }`, or null where no Go builds it. */
export async function checkSchema(cache) {
  const cwd = folderOf(cache, 'schema');
  for (const name of ['go.mod', 'main.go']) copyFileSync(source(name), join(cwd, name));
  const options = { cwd, env: { CGO_ENABLED: '0' }, minutes: BUILD_MINUTES };
  try {
    await obtain('the SDK of Grafana', ['go', 'mod', 'tidy'], options);
    await obtain('the SDK of Grafana', ['go', 'build', '-o', 'check', '.'], options);
  } catch (error) {
    if (error instanceof Skipped) return null;
    throw error;
  }
  const lines = [];
  const check = { cwd, env: cleanEnvironment(), onLine: (line) => lines.push(line) };
  const code = await runToEnd(CHECK_MS, join(cwd, 'check'), [dashboardFile], check);
  return { isGood: code === 0, text: lines.join('\n') };
}
