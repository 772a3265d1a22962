// Runs the tasks of a check, a bounded number at once, and passes their findings on in the order of
// the tasks.
import type { CheckTask } from '../../app/check-config.js';
import { type CheckFinding, fail } from '../../app/check-finding.js';

/**
 * Each waits for servers. More would make answers late on a busy machine, and a late answer is a
 * problem.
 */
const AT_ONCE = 16;

export interface TaskReports {
  readonly onFinding: (finding: CheckFinding) => void;
  /** Called after each task. */
  readonly onDone: (done: number, all: number) => void;
}

/** An answer that no check foresaw fails one task, and does not end the run. */
async function findingsOf(task: CheckTask): Promise<readonly CheckFinding[]> {
  try {
    return await task();
  } catch (error) {
    const verdict = fail(`the answer cannot be evaluated: ${(error as Error).message}`);
    return [{ about: 'check', name: 'fault', ...verdict }];
  }
}

export async function runTasks(
  tasks: readonly CheckTask[],
  { onFinding, onDone }: TaskReports,
): Promise<void> {
  const results: (readonly CheckFinding[] | undefined)[] = tasks.map(() => undefined);
  let next = 0;
  let passed = 0;
  let done = 0;
  async function work(): Promise<void> {
    while (next < tasks.length) {
      const at = next++;
      results[at] = await findingsOf(tasks[at] as CheckTask);
      onDone(++done, tasks.length);
      for (let found = results[passed]; found !== undefined; found = results[++passed])
        found.forEach(onFinding);
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
