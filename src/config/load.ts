// Loads a configuration in three steps: reads a file or the environment, validates the raw value,
// resolves it. Throws one ConfigError with every problem.
import { readFileSync } from 'node:fs';
import { readEnvironment } from './environment.js';
import { variableOf, variableProblemText } from './environment-variables.js';
import { ConfigError, type Problem } from './problems.js';
import { resolve } from './resolve.js';
import type { ResolvedConfig } from './resolved-config.js';
import type { Environment } from './secrets.js';
import { validate, withoutConsequences } from './validate.js';
import { readDocument } from './yaml-document.js';

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

/** From the text of a YAML file. Throws ConfigError. */
export function parseYaml(text: string, environment: Environment): ResolvedConfig {
  const document = readDocument(text);
  if (!document.isRead) throw new ConfigError(document.problems);
  const { config, problems } = readConfig(document.value, environment);
  if (config === null || document.problems.length > 0)
    throw new ConfigError([...document.problems, ...problems]);
  return config;
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
  const { raw, problems: own } = readEnvironment(environment);
  const { config, problems } = readConfig(raw, environment);
  const reported = own.map(({ path: [name] }) => name);
  const all = [...own, ...problems.filter(({ path }) => !reported.includes(variableOf(path)))];
  if (config === null || all.length > 0) throw new ConfigError(all, variableProblemText);
  return config;
}
