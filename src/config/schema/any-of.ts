// A schema that accepts what one of several schemas accepts.
import { z } from 'zod';

/** `schemas`: at least two. */
export const anyOf = (schemas: readonly z.ZodType[]): z.ZodType => z.union([...schemas]);
