// Parses a value, and turns the issues of its schema into problems. Never shows a value. An unknown
// name is cut at the first special character: the rest may be a secret (C-153, no secret shown).
import type { z } from 'zod';
import { didYouMean } from './did-you-mean.js';
import { type Partially, partialParse } from './partial-parse.js';
import type { Path, Problem } from './problems.js';
import { fieldsAt } from './schema-tree.js';

/** The name of the pattern in a rule. Each kind of rule has one of them. */
const PATTERN_NAMES = ['tool', 'prompt', 'resource'];

/**
 * The places near a field of the wrong map: a map beside it, or the map around it. Undefined: the
 * name does not exist there.
 */
function nearbyPlaces(schema: z.ZodType, path: Path, name: string): string | undefined {
  const isIn = (map: Path): boolean => fieldsAt(schema, map).includes(name);
  const inner = fieldsAt(schema, path).filter((one) => isIn([...path, one]));
  if (inner.length > 0) return inner.map((one) => `${one}.${name}`).join(' or ');
  const around = path.at(-1);
  if (typeof around !== 'string' || !isIn(path.slice(0, -1))) return undefined;
  return `${name} beside ${around}`;
}

/** Without a space after the colon, YAML reads the value as a part of the name. */
function unknownField(path: Path, name: string, schema: z.ZodType): Problem {
  const known = fieldsAt(schema, path);
  const shown = /^[\w-]{0,64}/.exec(name)?.[0] ?? '';
  if (shown !== name) {
    const hint =
      name[shown.length] === ':'
        ? 'write a space after the colon'
        : 'write a name made of letters only';
    return {
      path: [...path, `${known.includes(shown) ? shown : ''}…`],
      message: `unknown field; ${hint}`,
    };
  }
  const patternName = PATTERN_NAMES.includes(name)
    ? known.find((one) => PATTERN_NAMES.includes(one))
    : undefined;
  const meant = didYouMean(name, known) ?? patternName ?? nearbyPlaces(schema, path, name);
  const hint = meant === undefined ? 'remove it or correct its spelling' : `did you mean ${meant}?`;
  return { path: [...path, name], message: `unknown field; ${hint}` };
}

/** A union has issues for each of its schemas. The issues that lie deepest fit what was meant. */
function issuesOfUnion({ errors }: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue[] {
  const all = errors.flat();
  const deep = all.filter(({ path, code }) => path.length > 0 || code === 'unrecognized_keys');
  return deep.length > 0 ? deep : all.filter(({ code }) => code !== 'invalid_type').slice(0, 1);
}

function problemsOfIssue(issue: z.core.$ZodIssue, schema: z.ZodType): Problem[] {
  const path = issue.path as (string | number)[];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => unknownField(path, key, schema));
  if (issue.code === 'invalid_key')
    return [{ path, message: issue.issues[0]?.message ?? issue.message }];
  if (issue.code === 'invalid_union') {
    const inner = issuesOfUnion(issue);
    if (inner.length > 0)
      return inner.flatMap((one) =>
        problemsOfIssue({ ...one, path: [...path, ...one.path] } as z.core.$ZodIssue, schema),
      );
  }
  return [{ path, message: issue.message }];
}

/** The good parts of a value, and every problem that its schema finds. */
export function parseWithProblems<T>(
  schema: z.ZodType<T>,
  value: unknown,
): { value: Partially<T> | undefined; problems: Problem[] } {
  const { success, data, error } = schema.safeParse(value);
  if (success) return { value: data as Partially<T>, problems: [] };
  return {
    value: partialParse(schema, value),
    problems: error.issues.flatMap((issue) => problemsOfIssue(issue, schema)),
  };
}
