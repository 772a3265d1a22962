// Reads a configuration as the operator wrote it, with the names of the file, and merges a change
// into it. `explain` shows such changes.
import { readFileSync } from 'node:fs';
import { isObject } from '../core/json.js';
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

/** The fields of an endpoint, by its path. */
export function writtenEndpoint({ raw }: Pick<WrittenConfig, 'raw'>, path: string): Fields {
  const all: unknown[] = Array.isArray(raw.endpoints) ? raw.endpoints : [];
  const found = all.find((one) => isObject(one) && one.path === path);
  return isObject(found) ? found : {};
}

/** Endpoints with the same path are merged, and every other list is replaced. */
export function withChange(raw: unknown, change: unknown): unknown {
  if (Array.isArray(raw) && Array.isArray(change) && raw.every((one) => isObject(one) && one.path))
    return raw.map((one: Fields) => {
      const own = change.find((other) => isObject(other) && other.path === one.path);
      return own === undefined ? one : withChange(one, own);
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
