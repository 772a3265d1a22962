// Reads the address of the admin listener, and nothing else. The rest of the configuration may have
// problems, because a running gateway has read a good one.
import { readFileSync } from 'node:fs';
import { isMap, parseDocument } from 'yaml';
import { isObject } from '../core/json.js';
import { configFile, type PathOrigin } from './config-file.js';
import { hostAndPort } from './environment.js';
import { PREFIX } from './environment-variables.js';
import type { Environment } from './secrets.js';
import { unreadableText } from './unreadable.js';

export interface AdminAddress {
  /** A loopback address where the gateway listens on all addresses. */
  readonly host: string;
  /** 0: the gateway takes a free port at each start. */
  readonly port: number;
  /** Why this is only the default. Null: it is that of the configuration. */
  readonly doubt: string | null;
}

function adminOfFile(path: string, from: PathOrigin) {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const doubt = unreadableText(path, (error as NodeJS.ErrnoException).code, from);
    return { admin: undefined, doubt };
  }
  // YAML reads what it can, also of a text with flaws.
  const document = parseDocument(text, { prettyErrors: false, logLevel: 'error' });
  if (!isMap(document.contents))
    return { admin: undefined, doubt: `${path} is not a configuration` };
  const part = (name: string) => document.getIn(['admin', name]);
  return {
    admin: isMap(document.get('admin')) ? { host: part('host'), port: part('port') } : undefined,
    doubt: null,
  };
}

/** As a destination, 0.0.0.0 and :: are not addresses on every system. */
function reachable(host: string): string {
  if (/^[0.]+$/.test(host)) return '127.0.0.1';
  return host.includes(':') && /^[0:]+$/.test(host) ? '::1' : host;
}

const isPort = (port: unknown): port is number =>
  Number.isInteger(port) && (port as number) >= 0 && (port as number) <= 65_535;

/**
 * `option`: the file of --config. A bad value has its default, that of config/schema/root.ts. This
 * module does not load the schema, because `health` runs every few seconds.
 */
export function adminAddress(option: string | undefined, environment: Environment): AdminAddress {
  const file = configFile(option, environment);
  const { admin, doubt } =
    file === null
      ? { admin: hostAndPort(environment[`${PREFIX}ADMIN`]?.trim() || undefined), doubt: null }
      : adminOfFile(file.path, file.from);
  const { host, port } = isObject(admin) ? admin : {};
  return {
    host: reachable(typeof host === 'string' && host !== '' ? host : '127.0.0.1'),
    port: isPort(port) ? port : 9090,
    doubt,
  };
}
