// Loads the configuration of a command: from the file that it names, or from the environment.
import { existsSync } from 'node:fs';
import { configFileHint, hasEnvironment } from '../config/environment.js';
import { loadEnvironment, loadFile } from '../config/load.js';
import { ConfigError } from '../config/problems.js';
import type { ResolvedConfig } from '../config/resolved-config.js';
import type { CommandIo } from './command-io.js';

const NOTHING_CONFIGURED = `There is no configuration yet.
  Give --config FILE, or set PORTCULLIS_UPSTREAM, PORTCULLIS_PUBLIC_URL and PORTCULLIS_ISSUER
  (see .env.example).`;

/** The usual names of the file. No command reads them unasked. */
const USUAL_FILES = ['portcullis.yaml', 'portcullis.yml'];

function nothingConfigured(): string {
  const here = USUAL_FILES.find((name) => existsSync(name));
  return here === undefined
    ? NOTHING_CONFIGURED
    : `There is no configuration yet: ${here} is here, write --config ${here}`;
}

/** The configuration, or the text of its problems. */
export function loadConfig(
  file: string | undefined,
  env: CommandIo['env'],
): ResolvedConfig | string {
  try {
    if (file !== undefined) return loadFile(file, env);
    if (hasEnvironment(env)) return loadEnvironment(env);
    const hint = configFileHint(env);
    return hint === null ? nothingConfigured() : `There is no configuration yet: ${hint}.`;
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}
