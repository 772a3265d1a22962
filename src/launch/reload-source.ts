// Reads the configuration and the API keys of `serve` again, for a reload.
import type { ReloadSource } from '../app/reload.js';
import type { Environment } from '../config/secrets.js';
import { readConfiguration, readKeysInSlices } from './load-config.js';

const ENVIRONMENT =
  'the environment of a running process cannot change; only the files of its secrets and its ' +
  'apiKeysFile were read again';

/** `file`: that of --config; undefined: the gateway runs with the environment. */
export const reloadSource = (file: string | undefined, env: Environment): ReloadSource => ({
  readConfig: () => readConfiguration(file, env),
  readKeys: (config, known) => readKeysInSlices(config, env, known),
  limits: file === undefined ? ENVIRONMENT : null,
});
