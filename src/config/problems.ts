// Decides how what is wrong with a configuration is told: every problem at once, each with its path and what to write instead.
import type { z } from 'zod';

export type Path = readonly (string | number)[];

export interface Problem {
  readonly path: Path;
  /** What to write instead. */
  readonly message: string;
}

/** Thrown by load only; serve prints it and exits 1. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], where: (path: Path) => string = pathText) {
    const lines = problems.map(({ path, message }) => `  ${where(path)}: ${message}`);
    super(`${problems.length === 1 ? '1 problem' : `${problems.length} problems`} in the configuration\n${lines.join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** `endpoints[0].path`; `(file)` where the problem is with all of it. */
export function pathText(path: Path): string {
  if (path.length === 0) return '(file)';
  return path.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('');
}

/** What to write where the schema says no more than the type. */
const SHAPES: Readonly<Record<string, string>> = { object: 'a map of fields', record: 'a map', array: 'a list', string: 'text' };

function messageOf(issue: z.core.$ZodIssue): { path: Path; message: string }[] {
  const path = issue.path as (string | number)[];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], message: 'there is no such field; remove it or mend its spelling' }));
  }
  // A union tells of its branches: take the branch that came furthest, which is the one that was meant.
  if (issue.code === 'invalid_union') {
    const deepest = issue.errors.flat().filter((inner) => inner.path.length > 0 || inner.code === 'unrecognized_keys');
    const told =
      deepest.length > 0
        ? deepest
        : issue.errors
            .flat()
            .filter((inner) => inner.code !== 'invalid_type')
            .slice(0, 1);
    if (told.length > 0)
      return told.flatMap((inner) => messageOf({ ...inner, path: [...path, ...inner.path] } as z.core.$ZodIssue));
  }
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input')) {
    return [{ path, message: `write ${SHAPES[issue.expected] ?? issue.expected}` }];
  }
  return [{ path, message: issue.message }];
}

/** The problems that a schema found, under `base`. */
export function problemsOf(error: z.ZodError, base: Path): Problem[] {
  return error.issues.flatMap(messageOf).map(({ path, message }) => ({ path: [...base, ...path], message }));
}
