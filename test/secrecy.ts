// Checks after all tests that no secret of theirs is in the output of a gateway (C-153, no token in
// logs). Otherwise the run fails.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entriesOf, LEDGER } from './fixtures/ledger.js';
import { PAIRS } from './fixtures/rsa-pairs.js';
import { type Found, findLeaks } from './support/leaks.js';

const SHOWN = 10;

function flawOf({ secrets, outputs, gateways, leaks }: Found): string | null {
  // A scan that saw nothing proves nothing.
  if (gateways > 0 && (secrets === 0 || outputs === 0)) return 'C-153: gateways ran, and nothing was written down';
  if (leaks.length === 0) return null;
  const lines = leaks.slice(0, SHOWN).map(({ output, from, around }) => `  ${output} of ${from}: ${JSON.stringify(around)}`);
  return [`C-153: ${leaks.length} outputs of a gateway hold a secret:`, ...lines].join('\n');
}

/**
 * Vitest expects this name. Runs before the first worker starts, and returns the function that runs
 * after the last one has ended.
 */
export function setup(): () => void {
  const [folder = '', pairs = ''] = ['ledger', 'pairs'].map((name) => mkdtempSync(join(tmpdir(), `portcullis-${name}-`)));
  // Workers inherit these variables.
  process.env[LEDGER] = folder;
  process.env[PAIRS] = pairs;
  return () => {
    const found = findLeaks(entriesOf(folder));
    for (const one of [folder, pairs]) rmSync(one, { recursive: true });
    const flaw = flawOf(found);
    if (flaw === null) {
      const { secrets, outputs, gateways } = found;
      return console.log(`C-153: no secret found (${secrets} secrets, ${outputs} outputs of ${gateways} gateways)`);
    }
    console.error(flaw);
    // If this function throws, vitest prints the error and still reports success.
    process.exitCode = 1;
  };
}
