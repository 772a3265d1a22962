// Loads a configuration in three steps: reads a file or the environment, validates the raw value,
// resolves it. Throws one ConfigError with every problem.
import { readFileSync } from 'node:fs';
import { readEnvironment } from './environment.js';
import { variableOf, variableProblemText } from './environment-variables.js';
import { ConfigError, type Problem, pathText } from './problems.js';
import { resolve } from './resolve.js';
import type { ResolvedConfig } from './resolved-config.js';
import type { Environment } from './secrets.js';
import { validate, withoutConsequences } from './validate.js';
import { isYaml, readDocument } from './yaml-document.js';
import { findWrongIndent } from './yaml-indent.js';

/** The configuration from a raw value, or null and every problem. */
export function readConfig(
  raw: unknown,
  environment: Environment,
): { config: ResolvedConfig | null; problems: Problem[] } {
  const valid = validate(raw);
  const resolution = resolve(valid.value, environment);
  const problems = [...valid.problems, ...withoutConsequences(resolution.problems, valid.problems)];
  return { config: problems.length === 0 ? resolution.toConfig() : null, problems };
}

/** From a raw value. Throws ConfigError. */
export function resolveConfig(raw: unknown, environment: Environment): ResolvedConfig {
  const { config, problems } = readConfig(raw, environment);
  if (config === null) throw new ConfigError(problems);
  return config;
}

/** In the order of the file. A field that is missing at the top level has no line. */
const inOrder = (problems: readonly Problem[]): Problem[] =>
  [...problems].sort(({ line: some = Infinity }, { line: other = Infinity }) =>
    some === other ? 0 : some - other,
  );

const textOf = ({ path, message }: Problem): string => `${pathText(path)}: ${message}`;

/** The problems of a text without its secrets, or null for a text that is not YAML. */
function textProblems(text: string): string[] | null {
  if (!isYaml(text)) return null;
  const { value, isRead, problems } = readDocument(text);
  return isRead && problems.length === 0 ? validate(value).problems.map(textOf) : null;
}

const spaces = (count: number): string => (count === 1 ? '1 space' : `${count} spaces`);

/** One wrong indentation can cause many problems. Its own problem takes their place. */
function withIndentProblem(text: string, problems: Problem[], near: number[]): Problem[] {
  const found = findWrongIndent(text, [...new Set(near)], textProblems);
  if (found === null) return problems;
  const neighbours = spaces(found.neighbours);
  const message =
    `its indentation is ${spaces(found.spaces)}, and its neighbours have ${neighbours}; ` +
    `write ${neighbours}`;
  const before = textProblems(text);
  const caused = before?.filter((one) => !found.problems.includes(one));
  const others = problems.filter((one) => caused !== undefined && !caused.includes(textOf(one)));
  return inOrder([{ path: [], line: found.line, message }, ...others]);
}

/** From the text of a YAML file. Throws ConfigError. */
export function parseYaml(text: string, environment: Environment): ResolvedConfig {
  const document = readDocument(text);
  const read = document.isRead ? readConfig(document.value, environment) : null;
  const isWhole = document.problems.length === 0;
  if (isWhole && read !== null && read.config !== null) return read.config;
  const placed = inOrder(
    (read?.problems ?? []).map((problem) => ({ ...problem, line: document.lineOf(problem.path) })),
  );
  const near = isWhole ? placed.flatMap(({ line }) => line ?? []) : document.flawLines;
  throw new ConfigError(withIndentProblem(text, [...document.problems, ...placed], near));
}

/** From a YAML file. Throws ConfigError. */
export function loadFile(path: string, environment: Environment): ResolvedConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    const message = `${path} cannot be read; correct the path given to --config`;
    throw new ConfigError([{ path: [], message }]);
  }
  return parseYaml(text, environment);
}

/** From environment variables alone. Throws ConfigError; its problems name variables. */
export function loadEnvironment(environment: Environment): ResolvedConfig {
  const { raw, problems: own, misspelt } = readEnvironment(environment);
  const { config, problems } = readConfig(raw, environment);
  const reported = [...own.map(({ path: [name] }) => name), ...misspelt];
  const all = [...own, ...problems.filter(({ path }) => !reported.includes(variableOf(path)))];
  if (config === null || all.length > 0) throw new ConfigError(all, variableProblemText);
  return config;
}
