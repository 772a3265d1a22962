// Writes the findings of a check as lines, as a summary or as JSON.
import type { CheckFinding, CheckResult } from '../../app/check-finding.js';
import type { Printable } from '../printable.js';

const MARKS = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' } as const;
const INDENT = ' '.repeat(6);

export type Counts = Record<CheckResult, number>;

/** One line, and for a problem a second one with its fix. */
export function findingText(finding: CheckFinding, printable: Printable): string {
  const { about, name, result, observed, fix } = finding;
  const line = `${MARKS[result]}  ${printable.text(about)}: ${name}: ${printable.text(observed)}`;
  return fix === undefined || result === 'ok'
    ? line
    : `${line}\n${INDENT}fix: ${printable.text(fix)}`;
}

export const counted = (count: number, one: string, several = `${one}s`): string =>
  `${count.toLocaleString('en-US')} ${count === 1 ? one : several}`;

export const summaryText = ({ ok, warn, fail }: Counts): string =>
  `${counted(ok, 'check')} passed, ${counted(warn, 'warning')}, ${counted(fail, 'problem')}`;

export const findingsJson = (
  findings: readonly CheckFinding[],
  counts: Counts,
  printable: Printable,
): string => printable.json({ ...counts, findings });
