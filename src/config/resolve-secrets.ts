// Resolves every reference to a secret, wherever the schema allows one, to the secret itself.
import { isObject } from '../core/json.js';
import type { Secret } from '../core/secret.js';
import type { Partially } from './partial-parse.js';
import type { Problem } from './problems.js';
import type { SecretReference } from './schema/secret-reference.js';
import { memberSchema } from './schema-tree.js';
import { isReference, takesReference } from './secret-references.js';
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

/** Most parts of a large configuration hold none, and need no look into the schema. */
function holdsReference(part: unknown): boolean {
  if (typeof part === 'string') return isReference(part);
  if (Array.isArray(part)) return part.some(holdsReference);
  return isObject(part) && Object.values(part).some(holdsReference);
}

/** A reference that cannot be resolved becomes undefined and a problem. */
export function resolveSecrets<T>(
  schema: Schema,
  value: Partially<T>,
  environment: Environment,
): { value: WithSecrets<Partially<T>>; problems: Problem[] } {
  const problems: Problem[] = [];
  const path: (string | number)[] = [];

  function member(name: string | number, part: unknown, field: Schema | null): unknown {
    if (!holdsReference(part)) return part;
    path.push(name);
    const resolved = resolve(part, field && memberSchema(field, name));
    path.pop();
    return resolved;
  }

  function resolve(part: unknown, field: Schema | null): unknown {
    if (typeof part === 'string') {
      if (field === null || !isReference(part) || !takesReference(field)) return part;
      const secret = readSecret(part, environment);
      if (typeof secret !== 'string') return secret;
      problems.push({ path: [...path], message: secret });
      return undefined;
    }
    if (Array.isArray(part)) return part.map((one, i) => member(i, one, field));
    if (!isObject(part)) return part;
    return Object.fromEntries(
      Object.entries(part).map(([name, one]) => [name, member(name, one, field)]),
    );
  }

  return { value: resolve(value, schema) as WithSecrets<Partially<T>>, problems };
}
