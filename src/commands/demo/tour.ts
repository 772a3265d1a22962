// Runs the steps of the demo in order, prints each, and says whether all of them succeeded.
import type { Services } from './services.js';
import { type Knowledge, steps } from './tour-steps.js';

const INDENT = ' '.repeat(8);

/** `write` prints one line. Resolves to true if every step succeeded. */
export async function runTour(services: Services, write: (line: string) => void): Promise<boolean> {
  const known: Knowledge = { metadataUrl: '', authorizationServer: '', jwt: '' };
  let failed = 0;
  for (const [at, { title, run }] of steps.entries()) {
    const { succeeded, lines } = await run(services, known).catch((error: unknown) => ({
      succeeded: false,
      lines: [String(error)],
    }));
    if (!succeeded) failed += 1;
    write(`${succeeded ? 'ok    ' : 'FAILED'} ${at + 1}. ${title}`);
    for (const line of lines) write(`${INDENT}${line}`);
  }
  write(
    failed === 0
      ? `\nAll ${steps.length} steps succeeded.`
      : `\n${failed} of ${steps.length} steps failed.`,
  );
  return failed === 0;
}
