// Resolves every reference to a secret, wherever the schema allows one, to the secret itself.
import { isObject } from '../core/json.js';
import type { Secret } from '../core/secret.js';
import type { Partially } from './partial-parse.js';
import type { Path, Problem } from './problems.js';
import { isSecretReference, type SecretReference } from './schema/secret-reference.js';
import { alternatives, memberSchema } from './schema-tree.js';
import { type Environment, readSecret } from './secrets.js';

type Schema = Parameters<typeof memberSchema>[0];

/** A value with a secret in place of each reference. */
export type WithSecrets<T> = T extends SecretReference
  ? Secret
  : T extends readonly (infer E)[]
    ? readonly WithSecrets<E>[]
    : T extends object
      ? { readonly [K in keyof T]: WithSecrets<T[K]> }
      : T;

/** A reference that cannot be resolved becomes undefined and a problem. */
export function resolveSecrets<T>(
  schema: Schema,
  value: Partially<T>,
  environment: Environment,
): { value: WithSecrets<Partially<T>>; problems: Problem[] } {
  const problems: Problem[] = [];

  function resolve(schema: Schema, value: unknown, path: Path): unknown {
    const member = (part: string | number, one: unknown): unknown => {
      const inner = memberSchema(schema, part);
      return inner === null ? one : resolve(inner, one, [...path, part]);
    };
    if (Array.isArray(value)) return value.map((one, i) => member(i, one));
    if (isObject(value))
      return Object.fromEntries(
        Object.entries(value).map(([name, one]) => [name, member(name, one)]),
      );
    if (typeof value !== 'string' || !alternatives(schema).some(isSecretReference)) return value;
    const secret = readSecret(value, environment);
    if (typeof secret !== 'string') return secret;
    problems.push({ path, message: secret });
    return undefined;
  }

  return { value: resolve(schema, value, []) as WithSecrets<Partially<T>>, problems };
}
