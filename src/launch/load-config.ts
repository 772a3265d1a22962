// Loads a configuration and its API keys: from the file that a command names, or from the
// environment.
import { existsSync } from 'node:fs';
import { loadApiKeys, reloadApiKeys } from '../config/api-keys-file.js';
import { configFile } from '../config/config-file.js';
import { configFileHint, hasEnvironment } from '../config/environment.js';
import { fileInSlices, loadEnvironment } from '../config/load.js';
import { ConfigError } from '../config/problems.js';
import type { ResolvedConfig } from '../config/resolved-config.js';
import type { Environment } from '../config/secrets.js';
import type { ApiKey } from '../core/api-key.js';
import { atOnce } from '../core/slices.js';

const NOTHING_CONFIGURED = `There is no configuration yet.
  Give --config FILE or set PORTCULLIS_CONFIG=FILE. For a single server, a file is not necessary:
  set PORTCULLIS_UPSTREAM, PORTCULLIS_PUBLIC_URL and PORTCULLIS_ISSUER (see .env.example).`;

/** The usual names of the file. No command reads them unasked. */
const USUAL_FILES = ['portcullis.yaml', 'portcullis.yml'];

function nothingConfigured(): string {
  const here = USUAL_FILES.find((name) => existsSync(name));
  return here === undefined
    ? NOTHING_CONFIGURED
    : `There is no configuration yet: ${here} is here; write --config ${here}, ` +
        `or set PORTCULLIS_CONFIG=${here}`;
}

/** The message of a ConfigError. Any other error is a bug, and keeps its stack. */
function problemsOf(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  throw error;
}

/**
 * The configuration without the keys of `apiKeysFile`, or the text of its problems. `option`: the
 * file of --config.
 */
export function* configurationInSlices(
  option: string | undefined,
  env: Environment,
): Generator<void, ResolvedConfig | string> {
  const file = configFile(option, env);
  try {
    if (file !== null) return yield* fileInSlices(file.path, env, file.from);
    if (hasEnvironment(env)) return loadEnvironment(env);
    const hint = configFileHint(env);
    return hint === null ? nothingConfigured() : `There is no configuration yet: ${hint}.`;
  } catch (error) {
    return problemsOf(error);
  }
}

/** All keys of a configuration, read in slices; or the text of the problems. */
export async function readKeysInSlices(
  config: ResolvedConfig,
  env: Environment,
  known: (sha256: string) => ApiKey | undefined,
): Promise<readonly ApiKey[] | string> {
  return reloadApiKeys(config, env, known).catch(problemsOf);
}

export interface LoadedConfig {
  readonly config: ResolvedConfig;
  /** Those of the configuration, and those of its `apiKeysFile`. */
  readonly apiKeys: readonly ApiKey[];
}

/** The configuration and its keys, or the text of their problems. `option`: that of --config. */
export function loadConfig(option: string | undefined, env: Environment): LoadedConfig | string {
  const config = atOnce(configurationInSlices(option, env));
  if (typeof config === 'string') return config;
  try {
    return { config, apiKeys: loadApiKeys(config, env) };
  } catch (error) {
    return problemsOf(error);
  }
}
