// Runs the command `doctor` in the process of the test, and reads its report.
import { type Run, run } from './in-process.js';

export type Report = {
  ok: boolean;
  url: string;
  checks: {
    name: string;
    result: string;
    observed: string;
    expected: string;
    requirement: string;
    fix?: string;
    settings?: string[];
  }[];
};

export const runDoctor = (args: string[], env: Record<string, string> = {}): Promise<Run> => run(['doctor', ...args], { env });

export async function runAsJson(args: string[], env: Record<string, string> = {}): Promise<{ code: number; report: Report }> {
  const { code, output } = await runDoctor([...args, '--json'], env);
  return { code, report: JSON.parse(output) as Report };
}

/** The checks with one of these results, one line each. */
export const linesOf = ({ checks }: Report, ...results: string[]): string[] =>
  checks.filter(({ result }) => results.includes(result)).map(({ name, observed }) => `${name}: ${observed}`);
