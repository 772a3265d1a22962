// Decides how what is wrong with a configuration is told: every problem at once, each with its path and what to write instead.
import type { z } from 'zod';
import { didYouMean } from './did-you-mean.js';
import { fieldsAt } from './partial-parse.js';

export type Path = readonly (string | number)[];

export interface Problem {
  readonly path: Path;
  /** What to write instead. */
  readonly message: string;
}

/** Thrown by load only; serve prints it and exits 1. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], tell: (problem: Problem) => string = problemText) {
    const lines = problems.map((problem) => `  ${tell(problem)}`);
    super(
      `${problems.length === 1 ? '1 problem' : `${problems.length} problems`} in the configuration\n${lines.join('\n')}`,
    );
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** `endpoints[0].path`; `(file)` where the problem is with all of it. */
export function pathText(path: Path): string {
  if (path.length === 0) return '(file)';
  return path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`))
    .join('');
}

const problemText = ({ path, message }: Problem): string => `${pathText(path)}: ${message}`;

/** What a rule is about; each kind of rule has one of them. */
const SUBJECTS = ['tool', 'prompt', 'resource'];

/** Where the space behind a colon is missing, the value stands in the name, and it may be a secret (C-153). */
function unknownField(path: Path, name: string, known: readonly string[]): Problem {
  const shown = /^[\w-]{0,64}/.exec(name)?.[0] ?? '';
  if (shown !== name) {
    const hint =
      name[shown.length] === ':'
        ? 'write a space behind the colon'
        : 'write a name of letters alone';
    return {
      path: [...path, `${known.includes(shown) ? shown : ''}…`],
      message: `there is no such field; ${hint}`,
    };
  }
  const meant =
    didYouMean(name, known) ??
    (SUBJECTS.includes(name) ? known.find((one) => SUBJECTS.includes(one)) : null) ??
    null;
  const hint = meant === null ? 'remove it or mend its spelling' : `did you mean ${meant}?`;
  return { path: [...path, name], message: `there is no such field; ${hint}` };
}

function messageOf(issue: z.core.$ZodIssue, schema: z.ZodType): Problem[] {
  const path = issue.path as (string | number)[];
  if (issue.code === 'unrecognized_keys') {
    const known = fieldsAt(schema, path);
    return issue.keys.map((key) => unknownField(path, key, known));
  }
  // A union tells of its branches: take the branch that came furthest, which is the one that was meant.
  if (issue.code === 'invalid_union') {
    const deepest = issue.errors
      .flat()
      .filter((inner) => inner.path.length > 0 || inner.code === 'unrecognized_keys');
    const told =
      deepest.length > 0
        ? deepest
        : issue.errors
            .flat()
            .filter((inner) => inner.code !== 'invalid_type')
            .slice(0, 1);
    if (told.length > 0)
      return told.flatMap((inner) =>
        messageOf({ ...inner, path: [...path, ...inner.path] } as z.core.$ZodIssue, schema),
      );
  }
  return [{ path, message: issue.message }];
}

/** The problems that a schema finds in a value, under `base`. */
export function problemsOf(schema: z.ZodType, value: unknown, base: Path): Problem[] {
  const { error } = schema.safeParse(value);
  const found = error?.issues.flatMap((issue) => messageOf(issue, schema)) ?? [];
  return found.map(({ path, message }) => ({ path: [...base, ...path], message }));
}
