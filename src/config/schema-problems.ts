// Parses a value, and turns the issues of its schema into problems. Never shows a value. An unknown
// name is cut at the first special character: the rest may be a secret (C-153, no secret shown).
import type { z } from 'zod';
import { isObject } from '../core/json.js';
import { didYouMean } from './did-you-mean.js';
import { type Partially, partialParse } from './partial-parse.js';
import { type Path, type Problem, pathText } from './problems.js';
import { fieldsAt, literalsWith, mapsWith, ownFieldsAt } from './schema-tree.js';

/** The name of the pattern in a rule. Each kind of rule has one of them. */
const PATTERN_NAMES = ['tool', 'prompt', 'resource'];

/** The field that chooses one of several maps. */
const KIND = 'kind';

/** Names that RFCs and other gateways have for a field. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  tokenEndpoint: 'tokenUrl',
  token_endpoint: 'tokenUrl',
  grantType: 'grant',
  grant_type: 'grant',
  secret: 'clientSecret',
  token: 'authorization',
  extraParams: 'parameters',
  params: 'parameters',
};

function otherName(name: string, known: readonly string[]): string | undefined {
  const field = Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : undefined;
  return field !== undefined && known.includes(field) ? field : undefined;
}

/**
 * The places near a field of the wrong map: a map beside it, or the map around it. Undefined: the
 * name does not exist there.
 */
function nearbyPlaces(schema: z.ZodType, path: Path, name: string): string | undefined {
  // A field of several kinds of a map says nothing about which is meant.
  const isIn = (map: Path): boolean => mapsWith(schema, map, name) === 1;
  const inner = fieldsAt(schema, path).filter((one) => isIn([...path, one]));
  if (inner.length > 0) return inner.map((one) => `${one}.${name}`).join(' or ');
  const around = path.at(-1);
  if (typeof around !== 'string' || !isIn(path.slice(0, -1))) return undefined;
  return `${name} beside ${around}`;
}

/** `meant`: the field beside it whose name was probably misspelt. */
interface FieldProblem extends Problem {
  readonly meant?: Path;
}

/** The part of a name that cannot be a secret. */
const shownPart = (name: string): string => /^[\w-]{0,64}/.exec(name)?.[0] ?? '';

function shownName(name: string): string {
  const shown = shownPart(name);
  return shown === name ? name : `${shown}…`;
}

/** Without a space after the colon, YAML reads the value as a part of the name. */
function unknownField(path: Path, name: string, schema: z.ZodType, owner: unknown): FieldProblem {
  const kinds = literalsWith(schema, path, KIND, name);
  if (kinds.length > 0 && isObject(owner))
    return {
      path: [...path, name],
      message:
        `kind: ${String(owner[KIND])} has no such field; remove it, or write ` +
        `kind: ${kinds.join(' or ')}`,
    };
  const known = ownFieldsAt(schema, path, owner);
  const shown = shownPart(name);
  if (name === '<<')
    return {
      path: [...path, name],
      message: 'merge keys (<<) are not supported; write the fields themselves',
    };
  if (shown !== name) {
    const hint =
      name[shown.length] === ':'
        ? 'write a space after the colon'
        : 'write a name made of letters only';
    return {
      path: [...path, `${known.includes(shown) ? shown : ''}…`],
      message: `unknown field; ${hint}`,
      ...(known.includes(shown) ? { meant: [...path, shown] } : {}),
    };
  }
  const patternName = PATTERN_NAMES.includes(name)
    ? known.find((one) => PATTERN_NAMES.includes(one))
    : undefined;
  const beside = didYouMean(name, known) ?? otherName(name, known) ?? patternName;
  const meant = beside ?? nearbyPlaces(schema, path, name);
  const hint = meant === undefined ? 'remove it or correct its spelling' : `did you mean ${meant}?`;
  return {
    path: [...path, name],
    message: `unknown field; ${hint}`,
    ...(beside === undefined ? {} : { meant: [...path, beside] }),
  };
}

/** The value at a path; undefined where there is none. */
const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (here, part) =>
      typeof here === 'object' && here !== null && Object.hasOwn(here, part)
        ? (here as Readonly<Record<string | number, unknown>>)[part]
        : undefined,
    value,
  );

/** A union has issues for each of its schemas. The issues that lie deepest fit what was meant. */
function issuesOfUnion({ errors }: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue[] {
  const all = errors.flat();
  const deep = all.filter(({ path, code }) => path.length > 0 || code === 'unrecognized_keys');
  return deep.length > 0 ? deep : all.filter(({ code }) => code !== 'invalid_type').slice(0, 1);
}

function problemsOfIssue(
  issue: z.core.$ZodIssue,
  schema: z.ZodType,
  value: unknown,
): FieldProblem[] {
  const path = issue.path as (string | number)[];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => unknownField(path, key, schema, valueAt(value, path)));
  if (issue.code === 'invalid_key') {
    const place = [...path.slice(0, -1), shownName(String(path.at(-1)))];
    return [{ path: place, message: issue.issues[0]?.message ?? issue.message }];
  }
  if (issue.code === 'invalid_union') {
    const inner = issuesOfUnion(issue);
    if (inner.length > 0)
      return inner.flatMap((one) =>
        problemsOfIssue(
          { ...one, path: [...path, ...one.path] } as z.core.$ZodIssue,
          schema,
          value,
        ),
      );
  }
  return [{ path, message: issue.message }];
}

/**
 * The good parts of a value, and every problem that its schema finds. `misspelt`: the paths of
 * fields that the value has under a wrong name only. They are not reported as missing too.
 */
export function parseWithProblems<T>(
  schema: z.ZodType<T>,
  value: unknown,
): { value: Partially<T> | undefined; problems: Problem[]; misspelt: Path[] } {
  const { success, data, error } = schema.safeParse(value);
  if (success) return { value: data as Partially<T>, problems: [], misspelt: [] };
  const found = error.issues.flatMap((issue) => problemsOfIssue(issue, schema, value));
  const misspelt = found
    .flatMap(({ meant }) => (meant === undefined ? [] : [meant]))
    .filter((path) => valueAt(value, path) === undefined);
  const isMisspelt = new Set(misspelt.map(pathText));
  return {
    value: partialParse(schema, value),
    problems: found
      .filter(({ path }) => !isMisspelt.has(pathText(path)))
      .map(({ path, message }) => ({ path, message })),
    misspelt,
  };
}
