// The schema of a reference to a secret. Every field with this schema takes a reference, and no
// other field does: src/config/resolve-secrets.ts finds these fields by their mark.
// Never the secret itself: so no configuration file holds one.
import { z } from 'zod';

/** `${env:NAME}` or `${file:/path}`. */
export const SECRET_REFERENCE = /^\$\{(env|file):([^}]+)\}$/;

export const SECRET_HINT =
  'write "${env:NAME}" or "${file:/path}"; never write a secret in the configuration file';

/** A text around a reference would be a part of the secret. */
const hintFor = (input: unknown): string =>
  typeof input === 'string' && /\$\{(env|file):[^}]+\}/.test(input)
    ? 'write the reference alone, and put a text beside it, such as Bearer, into the secret itself'
    : SECRET_HINT;

export const secretReference = z
  .string({ error: SECRET_HINT })
  .regex(SECRET_REFERENCE, { error: ({ input }) => hintFor(input) })
  .meta({ secret: true })
  .brand<'SecretReference'>();

export type SecretReference = z.output<typeof secretReference>;

/** True for `secretReference`, also with further checks, but not behind `optional` or `default`. */
export const isSecretReference = (schema: z.ZodType): boolean => schema.meta()?.secret === true;
