// Finds the source of the configuration in the options of `createGateway`, and rejects a wrong
// option before anything starts.
import { resolve } from 'node:path';
import { configFile } from '../config/config-file.js';
import { hasEnvironment } from '../config/environment.js';
import { variableNotice } from '../config/environment-variables.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { loadEnvironment, loadFile, resolveConfig } from '../config/load.js';
import type { ResolvedConfig } from '../config/resolved-config.js';
import type { Environment } from '../config/secrets.js';
import type { Notice } from '../core/notice.js';
import type { GatewayOptions } from './gateway-options.js';

/** Where the configuration comes from. */
export interface Source {
  /** Reads it. Throws ConfigError. */
  read(): ResolvedConfig;
  /** The same kind of source with another configuration. Throws TypeError where it takes none. */
  with(config: GatewayConfig): Source;
  readonly env: Environment;
  /** Words a notice about fields of a file for a source that has variables. */
  readonly reword?: (notice: Notice) => Notice;
}

const NAMES = ['config', 'file', 'env', 'log'];

const NOTHING_CONFIGURED =
  'createGateway: write config or file, or set PORTCULLIS_CONFIG, or set PORTCULLIS_UPSTREAM, ' +
  'PORTCULLIS_PUBLIC_URL and PORTCULLIS_ISSUER';

const isMap = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A promise of the options or a URL has no options, and the environment would count instead. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** The problem of options that TypeScript would reject; null: none. */
function optionProblem(options: GatewayOptions): string | null {
  if (!isMap(options) || !isPlain(options))
    return 'createGateway: write a map of options, such as { file }';
  const { config, file, env, log } = options;
  const unknown = Object.keys(options).find((name) => !NAMES.includes(name));
  if (unknown !== undefined)
    return `createGateway: unknown option ${unknown}; the options are ${NAMES.join(', ')}`;
  if (config !== undefined && file !== undefined)
    return 'createGateway: write either config or file, not both';
  if (file !== undefined && (typeof file !== 'string' || file === ''))
    return 'createGateway: file: write the path of the file as text';
  if (env !== undefined && !isMap(env))
    return 'createGateway: env: write a map of variables, such as process.env';
  if (log !== undefined && log !== false && log !== 'stdout' && typeof log !== 'function')
    return 'createGateway: log: write stdout, false or a function that takes a line';
  return null;
}

/** Throws TypeError for wrong options. */
export function sourceOf(options: GatewayOptions): Source {
  const problem = optionProblem(options);
  if (problem !== null) throw new TypeError(problem);
  const { config, file, env = process.env } = options;
  const without = (): never => {
    throw new TypeError('reload: a configuration is only for a gateway that started with config');
  };
  // Absolute, because the program may change its folder before a reload.
  if (file !== undefined) {
    const path = resolve(file);
    return { env, read: () => loadFile(path, env, 'createGateway({ file })'), with: without };
  }
  if (config === undefined) {
    const named = configFile(undefined, env);
    if (named !== null) {
      const path = resolve(named.path);
      return { env, read: () => loadFile(path, env, named.from), with: without };
    }
    if (!hasEnvironment(env)) throw new TypeError(NOTHING_CONFIGURED);
    return { env, read: () => loadEnvironment(env), with: without, reword: variableNotice };
  }
  const ofConfig = (value: GatewayConfig): Source => ({
    env,
    read: () => resolveConfig(value, env),
    with: ofConfig,
  });
  return ofConfig(config);
}
