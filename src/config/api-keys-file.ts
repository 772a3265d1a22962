// Reads the keys of a configuration: its own, and those of `apiKeysFile` (JSON Lines). Reads the
// file in parts, so that the reload of a large one does not stop the process.
import type { ApiKey } from '../core/api-key.js';
import type { Notice } from '../core/notice.js';
import { atOnce, inSlices } from '../core/slices.js';
import {
  createLineReader,
  type KeySources,
  type KnownKey,
  type LineProblem,
} from './api-key-lines.js';
import { readFileParts } from './file-parts.js';
import { ConfigError, type Problem, pathText } from './problems.js';
import { type Environment, noteFile } from './secrets.js';

const MOST_SHOWN = 20;

/** Keeps the first problems of a file, and counts the others. */
function problemList(file: string) {
  const shown: Problem[] = [];
  let count = 0;
  const add = (message: string): void => {
    count++;
    if (shown.length < MOST_SHOWN) shown.push({ path: ['apiKeysFile'], message });
  };
  return {
    ofFile: add,
    ofLine({ path, message }: LineProblem, line: number): void {
      const field = path.length === 0 ? '' : `${pathText(path)}: `;
      add(`${file} line ${line}: ${field}${message}`);
    },
    /** Throws where there are problems. */
    check(): void {
      if (count > 0) throw new ConfigError(shown, undefined, count - shown.length);
    },
  };
}

/**
 * Reads the keys, and yields after each part of the file. Throws one ConfigError with the first
 * problems and the number of the others; each message has the path of the file and the line.
 */
function* readApiKeys(
  sources: KeySources,
  environment: Environment,
  known: KnownKey = () => undefined,
): Generator<void, readonly ApiKey[]> {
  const { apiKeys, apiKeysFile } = sources;
  if (apiKeysFile === null) return apiKeys;
  noteFile(environment, apiKeysFile);
  const problems = problemList(apiKeysFile);
  const reader = createLineReader(sources, environment, known);
  const fileProblem = yield* readFileParts(apiKeysFile, {
    line(text, number) {
      for (const problem of reader.read(text, number)) problems.ofLine(problem, number);
    },
    unreadable: (message, number) => problems.ofLine({ path: [], message }, number),
  });
  if (fileProblem !== null) problems.ofFile(fileProblem);
  problems.check();
  return [...apiKeys, ...reader.keys];
}

/** All keys at once, for the start. Throws ConfigError. */
export const loadApiKeys = (sources: KeySources, environment: Environment): readonly ApiKey[] =>
  atOnce(readApiKeys(sources, environment));

/** All keys; other work of the process runs between the parts. Rejects with ConfigError. */
export const reloadApiKeys = (
  sources: KeySources,
  environment: Environment,
  known?: KnownKey,
): Promise<readonly ApiKey[]> => inSlices(readApiKeys(sources, environment, known));

/**
 * Warns of a file without keys. It is valid, because the operator may have removed the last key. It
 * may also be a file that was cut.
 */
export function apiKeysFileNotices(
  { apiKeys, apiKeysFile }: KeySources,
  keys: readonly ApiKey[],
): Notice[] {
  if (apiKeysFile === null || keys.length > apiKeys.length) return [];
  const detail = `${apiKeysFile} has no keys, so the gateway rejects all keys that it had`;
  return [{ event: 'config.api_keys_empty', level: 'warn', detail }];
}
