// Reads the configuration and the API keys of `serve`: for the start, and again for each reload.
import type { ReloadSource } from '../app/reload.js';
import { configFile } from '../config/config-file.js';
import { type Environment, observed } from '../config/secrets.js';
import { inSlices } from '../core/slices.js';
import type { FilesRead } from './files-read.js';
import {
  configurationInSlices,
  type LoadedConfig,
  loadConfig,
  readKeysInSlices,
} from './load-config.js';

const ENVIRONMENT =
  'the environment of a running process cannot change; only the files of its secrets and its ' +
  'apiKeysFile were read again';

export interface ServedSource extends ReloadSource {
  /** For the start: the configuration and its keys, or the text of their problems. */
  load(): LoadedConfig | string;
}

/** `option`: the file of --config. `files` learns which files it reads. */
export function reloadSource(
  option: string | undefined,
  given: Environment,
  files?: FilesRead,
): ServedSource {
  const env = files === undefined ? given : observed(given, files.note);
  return {
    load() {
      files?.begin();
      return loadConfig(option, env);
    },
    readConfig() {
      files?.begin();
      return inSlices(configurationInSlices(option, env));
    },
    readKeys: (config, known) => readKeysInSlices(config, env, known),
    limits: configFile(option, env) === null ? ENVIRONMENT : null,
  };
}
