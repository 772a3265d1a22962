// Reads the configuration and the API keys of `serve`: for the start, and again for each reload.
import { type Stats, statSync } from 'node:fs';
import type { ReloadSource } from '../app/reload.js';
import { configFile } from '../config/config-file.js';
import { ConfigError } from '../config/problems.js';
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

/** A pipe without a writer would block the running gateway, and a device may have no end. */
function requireReadableAgain(path: string): void {
  let found: Stats;
  try {
    found = statSync(path);
  } catch {
    // The reader says why it cannot read this path.
    return;
  }
  if (found.isFile() || found.isDirectory()) return;
  const problem = 'is a pipe or a device, which cannot be read again; write the path of a file';
  throw new ConfigError([{ path: [], message: `${path} ${problem}` }]);
}

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
  const again = observed(given, (path) => {
    files?.note(path);
    requireReadableAgain(path);
  });
  return {
    load() {
      files?.begin();
      return loadConfig(option, env);
    },
    readConfig() {
      files?.begin();
      return inSlices(configurationInSlices(option, again));
    },
    readKeys: (config, known) => readKeysInSlices(config, again, known),
    limits: configFile(option, env) === null ? ENVIRONMENT : null,
  };
}
