// Finds the configuration file of a command: that of --config, else that of PORTCULLIS_CONFIG.
// Rejects variables that describe a server beside such a file.
import { PREFIX, VARIABLES } from './environment-variables.js';
import { RENAMED_VARIABLES } from './old-names.js';
import type { Problem } from './problems.js';
import type { Environment } from './secrets.js';

export const CONFIG_VARIABLE = `${PREFIX}CONFIG`;

/** Where the operator wrote the path of the file. */
export type PathOrigin = '--config' | typeof CONFIG_VARIABLE;

export interface ConfigFile {
  readonly path: string;
  readonly from: PathOrigin;
}

/** Null: no file, so that variables describe the server. An empty variable is not set. */
export function configFile(
  option: string | undefined,
  environment: Environment,
): ConfigFile | null {
  if (option !== undefined) return { path: option, from: '--config' };
  const path = environment[CONFIG_VARIABLE]?.trim() ?? '';
  return path === '' ? null : { path, from: CONFIG_VARIABLE };
}

/** The image sets it, for a gateway without a file. */
const OF_THE_IMAGE = 'LISTEN';

const isSet = (environment: Environment, variable: string): boolean =>
  (environment[variable]?.trim() ?? '') !== '';

/**
 * The problems of variables that the gateway does not read, because PORTCULLIS_CONFIG names a file.
 * Without them, an operator who sets both would learn too late which one counts. The file may refer
 * to any variable. `hasListen`: the file has the address that PORTCULLIS_LISTEN would set.
 */
export function variablesBesideFile(
  text: string,
  hasListen: boolean,
  environment: Environment,
): Problem[] {
  const known = [...Object.keys(VARIABLES), ...Object.keys(RENAMED_VARIABLES)];
  const unread = known
    .map((name) => PREFIX + name)
    .filter((name) => isSet(environment, name) && !text.includes(`\${env:${name}}`));
  return unread.flatMap((variable): Problem[] => {
    const name = variable.slice(PREFIX.length);
    if (name === OF_THE_IMAGE)
      return hasListen
        ? []
        : [
            {
              path: [variable],
              message:
                `is not read, because ${CONFIG_VARIABLE} names a file; write the address into ` +
                'the file, such as listen: { host: 0.0.0.0, port: 8080 }',
            },
          ];
    const field = VARIABLES[RENAMED_VARIABLES[name] ?? name];
    const message =
      `is set, and so is ${CONFIG_VARIABLE}, but the gateway reads only one of them; ` +
      `remove ${variable} and write ${field} into the file, or remove ${CONFIG_VARIABLE}`;
    return [{ path: [variable], message }];
  });
}
