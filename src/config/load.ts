// Loads a configuration in three steps: reads a file or the environment, validates the raw value,
// resolves it. Throws one ConfigError with every problem.
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isObject } from '../core/json.js';
import { atOnce } from '../core/slices.js';
import { CONFIG_VARIABLE, type PathOrigin, variablesBesideFile } from './config-file.js';
import { readEnvironment } from './environment.js';
import { variableOf, variableProblemText } from './environment-variables.js';
import { ConfigError, type Problem, pathText } from './problems.js';
import { resolve } from './resolve.js';
import type { ResolvedConfig } from './resolved-config.js';
import { type Environment, noteFile } from './secrets.js';
import { unreadableText } from './unreadable.js';
import { validate, validateInSlices, withoutConsequences } from './validate.js';
import { documentInSlices, firstFlawLine, readDocument } from './yaml-document.js';
import { findWrongIndents, type Tried } from './yaml-indent.js';

/**
 * The configuration from a raw value, or null and every problem. `folder` is where relative paths
 * in it begin. Default: the folder in which the process started.
 */
function* configInSlices(
  raw: unknown,
  environment: Environment,
  folder = '',
): Generator<void, { config: ResolvedConfig | null; problems: Problem[] }> {
  const valid = yield* validateInSlices(raw);
  yield;
  const resolution = resolve(valid.value, environment, folder);
  yield;
  const problems = [...valid.problems, ...withoutConsequences(resolution.problems, valid.problems)];
  return { config: problems.length === 0 ? resolution.toConfig() : null, problems };
}

/** The same at once. */
export const readConfig = (...from: Parameters<typeof configInSlices>) =>
  atOnce(configInSlices(...from));

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

/** The problems of a text without its secrets. */
function tryText(text: string): Tried {
  const flawLine = firstFlawLine(text) ?? Infinity;
  if (flawLine !== Infinity) return { problems: null, flawLine };
  const { value, isRead, problems } = readDocument(text);
  // The other flaws have no line, so no indentation is tried for them.
  if (!isRead || problems.length > 0) return { problems: null, flawLine: 0 };
  return { problems: validate(value).problems.map(textOf), flawLine };
}

const spaces = (count: number): string => (count === 1 ? '1 space' : `${count} spaces`);

/** The search parses and validates the text many times. */
const MOST_SEARCHED = { characters: 256 * 1024, problems: 200 };

/** One wrong indentation can cause many problems. Its own problem takes their place. */
function withIndentProblems(text: string, problems: Problem[], near: number[]): Problem[] {
  if (text.length > MOST_SEARCHED.characters || problems.length > MOST_SEARCHED.problems)
    return problems;
  const found = findWrongIndents(text, [...new Set(near)], tryText);
  if (found === null) return problems;
  const wrong = found.wrong.map(({ line, ...counts }) => {
    const neighbours = spaces(counts.neighbours);
    const message =
      `its indentation is ${spaces(counts.spaces)}, and its neighbours have ${neighbours}; ` +
      `write ${neighbours}`;
    return { path: [], line, message };
  });
  const before = tryText(text).problems;
  const caused = before?.filter((one) => !found.problems.includes(one));
  const others = problems.filter((one) => caused !== undefined && !caused.includes(textOf(one)));
  return inOrder([...wrong, ...others]);
}

/** Where the path of the file is: a program that embeds the gateway writes it as an option. */
type FileOrigin = PathOrigin | 'createGateway({ file })';

function* yamlInSlices(
  text: string,
  environment: Environment,
  folder = '',
  from: FileOrigin = '--config',
): Generator<void, ResolvedConfig> {
  const document = yield* documentInSlices(text);
  yield;
  const read = document.isRead ? yield* configInSlices(document.value, environment, folder) : null;
  const isWhole = document.problems.length === 0;
  const hasListen = !isObject(document.value) || document.value.listen !== undefined;
  const beside = from === CONFIG_VARIABLE ? variablesBesideFile(text, hasListen, environment) : [];
  if (isWhole && read !== null && read.config !== null && beside.length === 0) return read.config;
  const placed = inOrder(
    (read?.problems ?? []).map((problem) => ({ ...problem, line: document.lineOf(problem.path) })),
  );
  const near = isWhole ? placed.flatMap(({ line }) => line ?? []) : document.flawLines;
  const ofFile = withIndentProblems(text, [...document.problems, ...placed], near);
  throw new ConfigError([...beside, ...ofFile]);
}

/** From the text of a YAML file in a folder. Throws ConfigError. */
export const parseYaml = (...from: Parameters<typeof yamlInSlices>): ResolvedConfig =>
  atOnce(yamlInSlices(...from));

/** From a YAML file, in slices: the file of many tenants is large. Throws ConfigError. */
export function* fileInSlices(
  path: string,
  environment: Environment,
  from: FileOrigin = '--config',
): Generator<void, ResolvedConfig> {
  noteFile(environment, path);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const message = unreadableText(path, (error as NodeJS.ErrnoException).code, from);
    throw new ConfigError([{ path: [], message }]);
  }
  return yield* yamlInSlices(text, environment, dirname(path), from);
}

export const loadFile = (...from: Parameters<typeof fileInSlices>): ResolvedConfig =>
  atOnce(fileInSlices(...from));

/** From environment variables alone. Throws ConfigError; its problems name variables. */
export function loadEnvironment(environment: Environment): ResolvedConfig {
  const { raw, problems: own, misspelt } = readEnvironment(environment);
  const { config, problems } = readConfig(raw, environment);
  const reported = [...own.map(({ path: [name] }) => name), ...misspelt];
  const all = [...own, ...problems.filter(({ path }) => !reported.includes(variableOf(path)))];
  if (config === null || all.length > 0) throw new ConfigError(all, variableProblemText);
  return config;
}
