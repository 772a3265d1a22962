// Reads the structure of a schema: which schema and which fields a path leads to, through defaults,
// unions, lists and maps.
import type { z } from 'zod';
import { isObject } from '../core/json.js';
import type { Path } from './problems.js';
import { anyOf } from './schema/any-of.js';

interface Definition {
  readonly type: string;
  /** Behind `optional`, `default` and `prefault`. */
  readonly innerType?: z.ZodType;
  /** The input of a schema with a transformation. */
  readonly in?: z.ZodType;
  /** The schemas of a union. */
  readonly options?: readonly z.ZodType[];
  /** The fields of a map with fixed names. */
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  /** The values of a map with free names. */
  readonly valueType?: z.ZodType;
  /** The values of a literal. */
  readonly values?: readonly unknown[];
  /** The elements of a list. */
  readonly element?: z.ZodType;
}

export const definitionOf = (schema: z.ZodType): Definition => schema.def as unknown as Definition;

function findAlternatives(schema: z.ZodType): readonly z.ZodType[] {
  const { innerType, in: source, options } = definitionOf(schema);
  const inner = innerType ?? source;
  if (inner !== undefined) return alternatives(inner);
  return options === undefined ? [schema] : options.flatMap(alternatives);
}

/** By schema: a configuration with many endpoints asks for the same ones again and again. */
const alternativesOf = new WeakMap<z.ZodType, readonly z.ZodType[]>();

/**
 * The schema itself, or each schema of a union, without the defaults around it and the
 * transformations after it.
 */
export function alternatives(schema: z.ZodType): readonly z.ZodType[] {
  const known = alternativesOf.get(schema) ?? findAlternatives(schema);
  alternativesOf.set(schema, known);
  return known;
}

/**
 * The alternative for a value: a list for a list, and of several maps the one whose literal fields
 * have these values.
 */
export function alternativeFor(schema: z.ZodType, value: unknown): z.ZodType {
  const all = alternatives(schema);
  const list = all.find((one) => definitionOf(one).element !== undefined);
  if (Array.isArray(value) && list !== undefined) return list;
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

function memberOf(schema: z.ZodType, part: string | number): z.ZodType | null {
  const { shape, valueType, element } = definitionOf(schema);
  if (typeof part === 'number') return element ?? null;
  if (shape !== undefined && Object.hasOwn(shape, part)) return shape[part] ?? null;
  return valueType ?? null;
}

/**
 * The schema of a field, of a map's value or of a list's element. A union where several maps have
 * the field. Null where there is none.
 */
export function memberSchema(schema: z.ZodType, part: string | number): z.ZodType | null {
  const all = alternatives(schema);
  if (all.length === 1) return memberOf(all[0] as z.ZodType, part);
  const found = all.flatMap((one) => memberOf(one, part) ?? []);
  const different = [...new Set(found)];
  return different.length > 1 ? anyOf(different) : (different[0] ?? null);
}

/** The schema at a path. Null where there is none. */
export function schemaAt(schema: z.ZodType, path: Path): z.ZodType | null {
  let here: z.ZodType | null = schema;
  for (const part of path) here = here === null ? null : memberSchema(here, part);
  return here;
}

/** The maps that the schema at a path allows. */
const mapsAt = (schema: z.ZodType, path: Path): z.ZodType[] => {
  const here = schemaAt(schema, path);
  return here === null
    ? []
    : alternatives(here).filter((one) => definitionOf(one).shape !== undefined);
};

const fieldsOf = (map: z.ZodType): string[] => Object.keys(definitionOf(map).shape ?? {});

/** The names of the fields of the map at a path, of each map where there are several. */
export const fieldsAt = (schema: z.ZodType, path: Path): string[] => [
  ...new Set(mapsAt(schema, path).flatMap(fieldsOf)),
];

/** Those of the map that the value at the path chooses by its literal fields. */
export const ownFieldsAt = (schema: z.ZodType, path: Path, value: unknown): string[] => {
  const here = schemaAt(schema, path);
  return here === null ? [] : fieldsOf(alternativeFor(here, value));
};

/** How many of the maps at a path have a field. */
export const mapsWith = (schema: z.ZodType, path: Path, field: string): number =>
  mapsAt(schema, path).filter((one) => fieldsOf(one).includes(field)).length;

/** The values of a literal field, such as `kind`, in the maps at a path that have another field. */
export const literalsWith = (
  schema: z.ZodType,
  path: Path,
  literal: string,
  field: string,
): string[] =>
  mapsAt(schema, path).flatMap((one) => {
    const { shape = {} } = definitionOf(one);
    const of = shape[literal];
    return Object.hasOwn(shape, field) && of !== undefined
      ? (definitionOf(of).values ?? []).map(String)
      : [];
  });

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
