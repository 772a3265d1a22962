// The arguments, the folders and the comparison that all checks in a browser share.
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exitOnSignals } from '../../../test/fixtures/child.js';
import { scratch } from '../steps.mjs';

/**
 * `name`: of the check. `cache`: holds the browser. `folder`: of this run. `pictures`: keeps its
 * pictures. `write`: they also replace those of docs/.
 */
export function startRun(name) {
  const { values } = parseArgs({
    options: { cache: { type: 'string' }, write: { type: 'boolean', default: false } },
  });
  exitOnSignals();
  const cache = values.cache ?? join(tmpdir(), 'portcullis-page');
  const pictures = join(scratch, name);
  for (const path of [cache, pictures]) mkdirSync(path, { recursive: true });
  const folder = mkdtempSync(join(scratch, `${name}-`));
  return { cache, folder, pictures, write: values.write };
}

export function equal(label, found, wanted) {
  const [some, other] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (some !== other) throw new Error(`${label}: ${some} in place of ${other}`);
}
