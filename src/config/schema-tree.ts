// Reads the structure of a schema: which schema and which fields a path leads to, through defaults,
// unions, lists and maps.
import type { z } from 'zod';
import { isObject } from '../core/json.js';
import type { Path } from './problems.js';

interface Definition {
  readonly type: string;
  /** Behind `optional`, `default` and `prefault`. */
  readonly innerType?: z.ZodType;
  /** The schemas of a union. */
  readonly options?: readonly z.ZodType[];
  /** The fields of a map with fixed names. */
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  /** The values of a map with free names. */
  readonly valueType?: z.ZodType;
  /** The elements of a list. */
  readonly element?: z.ZodType;
}

export const definitionOf = (schema: z.ZodType): Definition => schema.def as unknown as Definition;

/** The schema itself, or each schema of a union, without the defaults around it. */
export function alternatives(schema: z.ZodType): z.ZodType[] {
  const { innerType, options } = definitionOf(schema);
  if (innerType !== undefined) return alternatives(innerType);
  return options === undefined ? [schema] : options.flatMap(alternatives);
}

/** The alternative for a value: of several maps the one whose literal fields have these values. */
export function alternativeFor(schema: z.ZodType, value: unknown): z.ZodType {
  const all = alternatives(schema);
  const maps = all.filter((one) => definitionOf(one).shape !== undefined);
  const fitting = maps.find((one) =>
    Object.entries(definitionOf(one).shape ?? {}).every(
      ([name, field]) =>
        definitionOf(field).type !== 'literal' ||
        (isObject(value) && field.safeParse(value[name]).success),
    ),
  );
  return fitting ?? maps[0] ?? (all[0] as z.ZodType);
}

/** The schema of a field, of a map's value or of a list's element. Null where there is none. */
export function memberSchema(schema: z.ZodType, part: string | number): z.ZodType | null {
  for (const alternative of alternatives(schema)) {
    const { shape, valueType, element } = definitionOf(alternative);
    if (typeof part === 'number' && element !== undefined) return element;
    if (typeof part === 'number') continue;
    if (shape !== undefined && Object.hasOwn(shape, part)) return shape[part] ?? null;
    if (valueType !== undefined) return valueType;
  }
  return null;
}

/** The schema at a path. Null where there is none. */
export function schemaAt(schema: z.ZodType, path: Path): z.ZodType | null {
  let here: z.ZodType | null = schema;
  for (const part of path) here = here === null ? null : memberSchema(here, part);
  return here;
}

/** The names of the fields of the map at a path. */
export function fieldsAt(schema: z.ZodType, path: Path): string[] {
  const here = schemaAt(schema, path);
  if (here === null) return [];
  return alternatives(here).flatMap((one) => Object.keys(definitionOf(one).shape ?? {}));
}

/**
 * The places whose schema passes a test, as patterns such as `endpoints[].upstream.url`. A list
 * whose elements pass is one place.
 */
export function placesOf(
  schema: z.ZodType,
  passes: (schema: z.ZodType) => boolean,
  place = '',
): string[] {
  const found = alternatives(schema).flatMap((alternative): string[] => {
    if (passes(alternative)) return [place];
    const { shape = {}, valueType, element } = definitionOf(alternative);
    const fields = Object.entries(shape).flatMap(([name, field]) =>
      placesOf(field, passes, place === '' ? name : `${place}.${name}`),
    );
    const values = valueType === undefined ? [] : placesOf(valueType, passes, `${place}.<name>`);
    const isList = element !== undefined && alternatives(element).some(passes);
    const elements =
      element === undefined ? [] : placesOf(element, passes, isList ? place : `${place}[]`);
    return [...fields, ...values, ...elements];
  });
  return [...new Set(found)];
}
