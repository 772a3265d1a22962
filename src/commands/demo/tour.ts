// Runs the steps of the demo in order, prints each, and says whether all of them succeeded.
import type { Services } from './services.js';
import { type Knowledge, type StepResult, steps } from './tour-steps.js';

const INDENT = ' '.repeat(8);

export interface Step {
  readonly title: string;
  readonly run: () => Promise<StepResult>;
}

/**
 * `write` prints one line. Resolves to true if every step succeeded. `needsAll`: each step needs
 * the one before, so a failed step is the last.
 */
export async function runSteps(
  steps: readonly Step[],
  write: (line: string) => void,
  needsAll = false,
): Promise<boolean> {
  let failed = 0;
  for (const [at, { title, run }] of steps.entries()) {
    const { succeeded, lines } = await run().catch((error: unknown) => ({
      succeeded: false,
      lines: [String(error)],
    }));
    if (!succeeded) failed += 1;
    write(`${succeeded ? 'ok    ' : 'FAILED'} ${at + 1}. ${title}`);
    for (const line of lines) write(`${INDENT}${line}`);
    if (!succeeded && needsAll) break;
  }
  write(
    failed === 0
      ? `\nAll ${steps.length} steps succeeded.`
      : `\n${failed} of ${steps.length} steps failed.`,
  );
  return failed === 0;
}

/** The whole tour, with the MCP server of the demo. */
export function runTour(services: Services, write: (line: string) => void): Promise<boolean> {
  const known: Knowledge = { metadataUrl: '', authorizationServer: '', jwt: '' };
  const bound = steps.map(({ title, run }) => ({ title, run: () => run(services, known) }));
  return runSteps(bound, write);
}
