// Writes the findings of the doctor as text or as JSON.
import type { Printable } from '../printable.js';
import type { CheckResult, Finding } from './check.js';

const RESULTS = { ok: 'ok     ', warn: 'warn   ', fail: 'FAIL   ', skipped: 'skipped' } as const;
const INDENT = ' '.repeat(11);

const countOf = (findings: readonly Finding[], wanted: CheckResult): number =>
  findings.filter(({ result }) => result === wanted).length;

export const hasFailure = (findings: readonly Finding[]): boolean => countOf(findings, 'fail') > 0;

const isProblem = ({ result }: Finding): boolean => result === 'warn' || result === 'fail';

/** One line, and for a problem more: the expectation, the fix and the settings of proxies. */
export function findingText(finding: Finding, printable: Printable): string {
  const { check, result, observed, fix = check.fix, settings = [] } = finding;
  const line = `${RESULTS[result]}  ${check.name}: ${printable.text(observed)}`;
  if (!isProblem(finding)) return line;
  return [
    line,
    `${INDENT}expected: ${check.expected} (${check.requirement})`,
    `${INDENT}fix:      ${printable.text(fix)}`,
    ...settings.map((setting) => `${INDENT}          ${printable.text(setting)}`),
  ].join('\n');
}

/** One line for the checks that the run left out; null if there are none. */
export function skippedText(left: readonly Finding[]): string | null {
  const [first] = left;
  return first === undefined
    ? null
    : `${RESULTS.skipped}  ${numberOf(left.length, 'more check')}: ${first.observed}`;
}

const numberOf = (count: number, word: string): string =>
  `${count} ${word}${count === 1 ? '' : 's'}`;

export const summaryText = (findings: readonly Finding[]): string =>
  [
    `${countOf(findings, 'ok')} ok`,
    numberOf(countOf(findings, 'warn'), 'warning'),
    `${countOf(findings, 'fail')} failed`,
    `${countOf(findings, 'skipped')} skipped`,
  ].join(', ');

export function findingsJson(
  url: string,
  findings: readonly Finding[],
  printable: Printable,
): string {
  const checks = findings.map((finding) => {
    const { check, result, observed, fix = check.fix, settings } = finding;
    const { name, expected, requirement } = check;
    const ifProblem = isProblem(finding)
      ? { fix, ...(settings === undefined ? {} : { settings }) }
      : {};
    return { name, result, observed, expected, requirement, ...ifProblem };
  });
  return printable.json({ url, ok: !hasFailure(findings), checks });
}
