// Reads the configuration and the API keys of `serve` again, for a reload.
import type { ReloadSource } from '../app/reload.js';
import { configFile } from '../config/config-file.js';
import type { Environment } from '../config/secrets.js';
import { readConfiguration, readKeysInSlices } from './load-config.js';

const ENVIRONMENT =
  'the environment of a running process cannot change; only the files of its secrets and its ' +
  'apiKeysFile were read again';

/** `option`: the file of --config. */
export const reloadSource = (option: string | undefined, env: Environment): ReloadSource => ({
  readConfig: () => readConfiguration(option, env),
  readKeys: (config, known) => readKeysInSlices(config, env, known),
  limits: configFile(option, env) === null ? ENVIRONMENT : null,
});
