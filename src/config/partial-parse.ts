// Decides how much counts of a value that its schema does not take as a whole, and which part of a schema stands at a path. Never decides
// what a field may be.
import type { z } from 'zod';
import { isObject } from '../core/json.js';
import type { Path } from './problems.js';

/** What is left of a value once everything that is not good was taken out of it. */
export type Partially<T> = T extends readonly (infer E)[]
  ? readonly (Partially<E> | undefined)[]
  : T extends object
    ? { readonly [K in keyof T]?: Partially<T[K]> | undefined }
    : T;

interface Inside {
  readonly innerType?: z.ZodType;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly element?: z.ZodType;
  readonly options?: readonly z.ZodType[];
}

const inside = (schema: z.ZodType): Inside => schema.def as unknown as Inside;

/** Without default and optional around it; of several forms the one with fields. */
function bare(schema: z.ZodType): z.ZodType {
  const { innerType, options } = inside(schema);
  const fielded = options?.find((option) => inside(option).shape !== undefined);
  const next = innerType ?? fielded;
  return next === undefined ? schema : bare(next);
}

/** Null where the schema knows no such place. */
export function schemaAt(schema: z.ZodType, path: Path): z.ZodType | null {
  const here = bare(schema);
  const [part, ...rest] = path;
  if (part === undefined) return here;
  const { shape, element } = inside(here);
  const next =
    typeof part === 'number'
      ? element
      : shape && Object.hasOwn(shape, part)
        ? shape[part]
        : undefined;
  return next === undefined ? null : schemaAt(next, rest);
}

/** The fields that a map may have. */
export function fieldsAt(schema: z.ZodType, path: Path): string[] {
  const here = schemaAt(schema, path);
  return here === null ? [] : Object.keys(inside(here).shape ?? {});
}

/** One bad field must not hide what else is wrong: what is good by itself, with its defaults. Undefined where nothing is. */
export function partialParse<T>(schema: z.ZodType<T>, value: unknown): Partially<T> | undefined {
  const whole = schema.safeParse(value);
  if (whole.success) return whole.data as Partially<T>;
  const { shape, element } = inside(bare(schema));
  if (shape !== undefined && isObject(value)) {
    const parts = Object.entries(shape).map(
      ([name, field]) => [name, partialParse(field, value[name])] as const,
    );
    return Object.fromEntries(parts.filter(([, part]) => part !== undefined)) as Partially<T>;
  }
  if (element === undefined || !Array.isArray(value)) return undefined;
  return value.map((one) => partialParse(element, one)) as Partially<T>;
}
