// Decides where a command finds its configuration: the file it was given, or the environment.
import { hasEnvironment } from '../config/environment.js';
import { loadEnvironment, loadFile } from '../config/load.js';
import { ConfigError } from '../config/problems.js';
import type { ResolvedConfig } from '../config/resolved-config.js';

/** The plan, or the text of what is wrong with it. */
export function loadConfig(config: string | undefined): ResolvedConfig | string {
  try {
    if (config !== undefined) return loadFile(config, process.env);
    if (hasEnvironment(process.env)) return loadEnvironment(process.env);
    return 'There is nothing to protect yet.\n  Give --config FILE, or set PORTCULLIS_UPSTREAM, PORTCULLIS_PUBLIC_URL and PORTCULLIS_ISSUER (see .env.example).';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}
