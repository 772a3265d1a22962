// The schema of a value that fits one of several schemas.
import { z } from 'zod';

export const eitherOf = (schemas: readonly [z.ZodType, ...z.ZodType[]]): z.ZodType =>
  z.union(schemas);
