// A problem of a configuration, and the error that lists all of them: each with its line, its path
// and what to write instead.

export type Path = readonly (string | number)[];

export interface Problem {
  readonly path: Path;
  /** Says what is wrong and what to write instead. */
  readonly message: string;
  /** The line in the file, from 1. Absent: no file, or no line of it is nearer than another. */
  readonly line?: number | undefined;
}

/** `endpoints[0].path`; `(file)` where the problem concerns the whole file. */
export function pathText(path: Path): string {
  if (path.length === 0) return '(file)';
  return path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`))
    .join('');
}

function problemText({ path, message, line }: Problem): string {
  if (line === undefined) return `${pathText(path)}: ${message}`;
  return path.length === 0
    ? `line ${line}: ${message}`
    : `line ${line}: ${pathText(path)}: ${message}`;
}

/** A configuration that the gateway cannot run with. `serve` prints the message and exits 1. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[];

  /** `more`: the number of problems that are not in the list. */
  constructor(
    problems: readonly Problem[],
    format: (problem: Problem) => string = problemText,
    more = 0,
  ) {
    const total = problems.length + more;
    const count = total === 1 ? '1 problem' : `${total} problems`;
    const lines = problems.map((problem) => `  ${format(problem)}`);
    if (more > 0) lines.push(`  and ${more} more`);
    super(`${count} in the configuration\n${lines.join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}
