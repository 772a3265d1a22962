// Resolves every reference to a secret, wherever the schema allows one, to the secret itself.
import type { Secret } from '../core/secret.js';
import type { Partially } from './partial-parse.js';
import type { Path, Problem } from './problems.js';
import type { SecretReference } from './schema/secret-reference.js';
import { schemaAt } from './schema-tree.js';
import { referencesIn, takesReference } from './secret-references.js';
import { type Environment, readSecret } from './secrets.js';

/** A value with a secret in place of each reference. */
export type WithSecrets<T> = T extends SecretReference
  ? Secret
  : T extends readonly (infer E)[]
    ? readonly WithSecrets<E>[]
    : T extends object
      ? { readonly [K in keyof T]: WithSecrets<T[K]> }
      : T;

/** A copy with another value at a path that exists. */
function replaced(value: unknown, [part, ...rest]: Path, by: unknown): unknown {
  if (part === undefined) return by;
  const copy = Array.isArray(value) ? [...value] : { ...(value as object) };
  const members = copy as Record<string | number, unknown>;
  members[part] = replaced(members[part], rest, by);
  return copy;
}

/** A reference that cannot be resolved becomes undefined and a problem. */
export function resolveSecrets<T>(
  schema: Parameters<typeof schemaAt>[0],
  value: Partially<T>,
  environment: Environment,
): { value: WithSecrets<Partially<T>>; problems: Problem[] } {
  const problems: Problem[] = [];
  let resolved: unknown = value;
  for (const { path, text } of referencesIn(value)) {
    const field = schemaAt(schema, path);
    if (field === null || !takesReference(field)) continue;
    const secret = readSecret(text, environment);
    const isRead = typeof secret !== 'string';
    if (!isRead) problems.push({ path, message: secret });
    resolved = replaced(resolved, path, isRead ? secret : undefined);
  }
  return { value: resolved as WithSecrets<Partially<T>>, problems };
}
