// Reads a configuration as the operator wrote it, with the names of the file, and merges a change
// into it. `explain` shows such changes.
import { readFileSync } from 'node:fs';
import type { Endpoint } from '../core/endpoint.js';
import { isObject } from '../core/json.js';
import { endpointName } from './endpoint-places.js';
import { readEnvironment } from './environment.js';
import { readConfig } from './load.js';
import type { Path } from './problems.js';
import type { Environment } from './secrets.js';
import { readDocument } from './yaml-document.js';

type Fields = Readonly<Record<string, unknown>>;

/** A part of a configuration: its values replace those of the configuration, field by field. */
export type ConfigChange = Fields;

export interface WrittenConfig {
  /** Null: the environment. */
  readonly file: string | null;
  readonly raw: Fields;
  /** The line of a field in the file, or of the part around it. */
  lineOf(path: Path): number | undefined;
}

/** Reads a configuration that was loaded already, so that it has no problem. */
export function readWritten(file: string | undefined, environment: Environment): WrittenConfig {
  const { value, lineOf } =
    file === undefined
      ? { value: readEnvironment(environment).raw, lineOf: () => undefined }
      : readDocument(readFileSync(file, 'utf8'));
  return { file: file ?? null, raw: isObject(value) ? value : {}, lineOf };
}

/** The name of an issuer in the file; null where the file does not have it. */
export function issuerName({ raw }: Pick<WrittenConfig, 'raw'>, issuer: string): string | null {
  const all = isObject(raw.issuers) ? Object.entries(raw.issuers) : [];
  return all.find(([, fields]) => isObject(fields) && fields.issuer === issuer)?.[0] ?? null;
}

/** The name of an endpoint as the operator wrote it; null for another value. */
function writtenName(one: unknown): string | null {
  if (!isObject(one) || typeof one.path !== 'string') return null;
  const [host] = [one.host].flat();
  return endpointName(typeof host === 'string' ? host.toLowerCase() : null, one.path);
}

/** The place of an endpoint in a list, by its name; -1 where the list does not have it. */
export const indexOfEndpoint = (all: readonly unknown[], one: unknown): number =>
  all.findIndex((other) => writtenName(other) === writtenName(one));

/** The fields of an endpoint, by its name. */
export function writtenEndpoint({ raw }: Pick<WrittenConfig, 'raw'>, name: string): Fields {
  const all: unknown[] = Array.isArray(raw.endpoints) ? raw.endpoints : [];
  const found = all.find((one) => writtenName(one) === name);
  return isObject(found) ? found : {};
}

/** A change of an endpoint. Its path, and its first host if it has one, tell which it is. */
export const endpointChange = (
  { name, path }: Pick<Endpoint, 'name' | 'path'>,
  fields: Fields,
): ConfigChange => {
  const host = name.slice(0, name.length - path.length);
  return { endpoints: [{ ...(host === '' ? {} : { host }), path, ...fields }] };
};

/** The fields that a change of an endpoint sets. */
export function changedFields(change: Fields): Fields {
  const { path: _path, host: _host, ...fields } = change;
  return fields;
}

/** Endpoints with the same name are merged, and every other list is replaced. */
export function withChange(raw: unknown, change: unknown): unknown {
  if (Array.isArray(raw) && Array.isArray(change) && raw.every((one) => writtenName(one) !== null))
    return raw.map((one: Fields) => {
      const own = change[indexOfEndpoint(change, one)];
      return own === undefined ? one : withChange(one, changedFields(own));
    });
  if (!isObject(raw) || !isObject(change)) return change;
  const changed = Object.entries(change).map(([name, value]) => [
    name,
    Object.hasOwn(raw, name) ? withChange(raw[name], value) : value,
  ]);
  return { ...raw, ...Object.fromEntries(changed) };
}

/** True if the start accepts the configuration with the change. A secret may still be missing. */
export function canLoad({ raw }: WrittenConfig, change: ConfigChange): boolean {
  const { problems } = readConfig(withChange(raw, change), {});
  return problems.every(({ message }) => /^the (variable|file) /.test(message));
}
