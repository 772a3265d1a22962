// Decides, when all tests have ended, whether a secret of theirs stands in anything that came out of a gateway, and fails the run if so.
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

/** Named as vitest wants it: runs before the first worker starts, and gives what runs after the last has ended. */
export function setup(): () => void {
  const [folder = '', pairs = ''] = ['ledger', 'pairs'].map((name) => mkdtempSync(join(tmpdir(), `portcullis-${name}-`)));
  // Workers inherit them.
  process.env[LEDGER] = folder;
  process.env[PAIRS] = pairs;
  return () => {
    const found = findLeaks(entriesOf(folder));
    for (const one of [folder, pairs]) rmSync(one, { recursive: true });
    const flaw = flawOf(found);
    if (flaw === null) {
      const { secrets, outputs, gateways } = found;
      return console.log(`C-153: ${secrets} secrets, ${outputs} outputs of ${gateways} gateways, none of them holds one`);
    }
    console.error(flaw);
    // An error that is thrown here is printed by vitest, and then it says that all is well.
    process.exitCode = 1;
  };
}
