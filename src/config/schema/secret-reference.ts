// The schema of a reference to a secret. Every field with this schema takes a reference, and no
// other field does: src/config/resolve-secrets.ts finds these fields by their mark.
// Never the secret itself: so no configuration file holds one.
import { z } from 'zod';

/** `${env:NAME}` or `${file:/path}`. */
export const SECRET_REFERENCE = /^\$\{(env|file):([^}]+)\}$/;

export const SECRET_HINT =
  'write "${env:NAME}" or "${file:/path}"; never write a secret in the configuration file';

export const secretReference = z
  .string({ error: SECRET_HINT })
  .regex(SECRET_REFERENCE, { error: SECRET_HINT })
  .meta({ secret: true })
  .brand<'SecretReference'>();

export type SecretReference = z.output<typeof secretReference>;

/** True for `secretReference`, also with further checks, but not behind `optional` or `default`. */
export const isSecretReference = (schema: z.ZodType): boolean => schema.meta()?.secret === true;
