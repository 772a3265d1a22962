// The options of `createGateway`.
import type { GatewayConfig } from '../config/gateway-config.js';

/** At most one of `config` and `file`. Without both, variables of `env` describe one server. */
export interface GatewayOptions {
  /**
   * The configuration, with the fields of the file (docs/configuration.md). Secrets stay references
   * such as `${env:NAME}`. Relative paths begin in the working directory.
   */
  readonly config?: GatewayConfig | undefined;
  /** The path of a configuration file in YAML or JSON. Relative paths in it begin in its folder. */
  readonly file?: string | undefined;
  /**
   * The variables for `${env:NAME}`, and without `config` and `file` the PORTCULLIS_ variables.
   * Default: process.env.
   */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /**
   * Where the log goes. `stdout`: JSON lines on standard output, the default. A function gets each
   * line as JSON, without its line feed. `false`: nowhere.
   */
  readonly log?: 'stdout' | false | ((line: string) => void) | undefined;
}
