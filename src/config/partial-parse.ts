// Parses as much of a value as its schema accepts, so that one bad field does not hide the problems
// of the others.
import type { z } from 'zod';
import { isObject } from '../core/json.js';
import { alternativeFor, definitionOf } from './schema-tree.js';

/** A value without its bad parts: bad fields are absent, bad elements are undefined. */
export type Partially<T> = T extends string
  ? T
  : T extends readonly (infer E)[]
    ? readonly (Partially<E> | undefined)[]
    : T extends object
      ? { readonly [K in keyof T]?: Partially<T[K]> | undefined }
      : T;

/** The good parts of a value, with their defaults. Undefined where no part is good. */
export function partialParse<T>(schema: z.ZodType<T>, value: unknown): Partially<T> | undefined {
  const whole = schema.safeParse(value);
  if (whole.success) return whole.data as Partially<T>;
  const { shape, valueType, element } = definitionOf(alternativeFor(schema, value));
  if (element !== undefined && Array.isArray(value))
    return value.map((one) => partialParse(element, one)) as Partially<T>;
  if (!isObject(value)) return undefined;
  // A map with free names keeps each name, also where its value is bad.
  if (valueType !== undefined)
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, partialParse(valueType, one)]),
    ) as Partially<T>;
  if (shape === undefined) return undefined;
  const fields = Object.entries(shape).map(
    ([name, field]) => [name, partialParse(field, value[name])] as const,
  );
  return Object.fromEntries(fields.filter(([, field]) => field !== undefined)) as Partially<T>;
}
